"""What an HTTP status of 400 to 499 says: this host serves this place nothing at all, or it refuses this one series.

The first is as good as a host that is not there; after the second other series may well be had.
"""

import json

NOT_SERVED = (401, 403, 407, 451)
"""Wants a login, forbidden, wants a login at the proxy, unavailable for legal reasons: whatever the series."""

PASSING = (408, 418, 425, 429)
"""Timeout, limits of the rate, too early: refusals that waiting may mend."""

FIRST_REFUSAL, FIRST_SERVER_ERROR = 400, 500


def serves_nothing(status: int, *, in_own_form: bool) -> bool:
    """Tell whether a refusal is of everything: by its status, or because it is not in the service's own form.

    Both services refuse a series in JSON; a page of HTML comes from something in between.
    """
    if status in PASSING or not FIRST_REFUSAL <= status < FIRST_SERVER_ERROR:
        return False
    return status in NOT_SERVED or not in_own_form


def is_json_object(body: str) -> bool:
    """Tell whether an answer is a JSON object."""
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
