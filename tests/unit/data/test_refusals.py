"""What a refusal by HTTP status is of: everything, or one series."""

import pytest

from engine.data.refusals import is_json_object, serves_nothing

OWN = '{"code":-1121,"msg":"Invalid symbol."}'
PAGE = "<html><body>Please log in</body></html>"


@pytest.mark.parametrize("status", [401, 403, 407, 451])
@pytest.mark.parametrize("body", [OWN, PAGE, ""])
def test_some_refusals_are_of_everything_whatever_they_say(status: int, body: str) -> None:
    assert serves_nothing(status, in_own_form=is_json_object(body))


@pytest.mark.parametrize("status", [400, 404, 409, 410, 422])
def test_others_are_of_one_series_where_they_are_in_the_services_own_form(status: int) -> None:
    assert not serves_nothing(status, in_own_form=is_json_object(OWN))
    assert serves_nothing(status, in_own_form=is_json_object(PAGE))
    assert serves_nothing(status, in_own_form=is_json_object(""))
    assert serves_nothing(status, in_own_form=is_json_object("[]"))


@pytest.mark.parametrize("status", [0, 200, 302, 408, 418, 425, 429, 500, 503, 511])
def test_answers_and_what_may_pass_are_no_refusals(status: int) -> None:
    assert not serves_nothing(status, in_own_form=is_json_object(PAGE))
