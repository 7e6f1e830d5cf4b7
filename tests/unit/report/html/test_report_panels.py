"""What the days' panel is made of."""

from hypothesis import given
from hypothesis import strategies as st

from engine.record.review.holdings import holdings_by_day
from engine.report.html.day_panel import changes, day_panel
from tests.support.run_records import day_number, decision, record

VALUES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.none(), max_size=3)


@given(st.lists(VALUES, max_size=30))
def test_what_stands_for_days_unfolds_to_what_it_was(values: list[dict[str, int | None]]) -> None:
    kept = changes(values)

    rows = [dict(zip(kept["names"][place], row, strict=True)) for place, *row in kept["rows"]]
    unfolded = [row for row, days in zip(rows, kept["days"], strict=True) for _ in range(days)]
    assert unfolded == values


def test_the_day_panel_has_the_day_of_a_close_that_is_older() -> None:
    days = [decision(1, closes={"ADA": 1.0}), decision(2, closes={"ADA": 1.0}, marked_on={"ADA": day_number(1)})]

    panel = day_panel(record(days), holdings_by_day(record(days)))

    assert panel["marked"] == {"names": [(), ("ADA",)], "rows": [[0], [1, "2024-01-01"]], "days": [1, 1]}
