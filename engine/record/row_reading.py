"""How the rows of a record are read and checked, out of files as out of events."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from engine.core.order import Fill, Side
from engine.core.reading import Reading, Readings
from engine.record.forms import (
    Amount,
    Day,
    Instant,
    NotNegative,
    Number,
    Positive,
    PositiveAmount,
    Return,
    Truth,
    Word,
    checked,
    keys,
)
from engine.record.record_rows import EVIDENCE_SECTIONS, HOLD_COLUMN, DecisionRow, RotationRow
from engine.record.strict_json import shown

KNOWN_KEYS = {"day", "state", "next_state", "reason", "targets", "closes", "equity", "cash", "marked_on", "rules"} | {
    *EVIDENCE_SECTIONS
}
_SIGNAL = keys(
    "Signal",
    {
        **dict.fromkeys(("session", "breakout_session", "loss_session", "week", "cross_week"), Day | None),
        **dict.fromkeys(("close", "support", "ceiling", "run_level", "macd", "signal"), Number | None),
    },
)
"""What reports draw and compare of the sections `index` and `macd`."""
_EVIDENCE = keys("Evidence", dict.fromkeys(EVIDENCE_SECTIONS, _SIGNAL | None))
_READING = keys(
    "Reading",
    {
        "holds": Truth | None,
        **dict.fromkeys(("value", "threshold", "distance"), Number | None),
        "since": Day | None,
        "reason": Word | None,
    },
)
_EXACT = {
    "at": Annotated[Instant, Field(validation_alias=AliasChoices("time", "at"))],
    "decision_day": Day,
    "symbol": Word,
    "side": Side,
    **dict.fromkeys(("quantity", "price", "notional"), PositiveAmount),
    "fee": Amount,
}
_WORDS = dict.fromkeys(("fee_asset", "order_id", "client_order_id", "reason"), Word)
_FILL = keys(
    "Fill",
    {**_EXACT, **_WORDS, "market_price": PositiveAmount | None, "basis": Return | None},
    required=_EXACT,
)


def decision_row(content: Mapping[str, Any]) -> DecisionRow:
    """Read a decision.

    Args:
        content: as `decision_content` gives it, or as a line of `decisions.jsonl` holds it.

    Raises:
        ValueError: a value is missing, or cannot be what it stands for; the sentence begins with its key.
    """
    checked(_EVIDENCE, content)
    own = {key: content[key] for key in content if key not in KNOWN_KEYS}
    # Of another form: a key that came later, which is no evidence.
    own = {key: section for key, section in own.items() if section is None or isinstance(section, Mapping)}
    sections = {**{key: content.get(key) for key in EVIDENCE_SECTIONS}, **own}
    evidence = {name: section and _plain(section) for name, section in sections.items()}
    if "rules" in content:
        content = {**content, "rules": _readings(content["rules"])}
    row: DecisionRow = checked(DecisionRow, {**content, "evidence": evidence})
    return row


def fill_of_row(cells: Mapping[str, str]) -> Fill:
    """Read a row of `fills.csv`, given by its columns, without cells that are empty.

    Raises:
        ValueError: as for a decision.
    """
    values = checked(_FILL, {**dict.fromkeys(_WORDS, ""), **cells}, texts=True).model_dump(exclude={"basis"})
    return Fill(asset=values["symbol"].partition("/")[0], **values)


def checked_fill(fill: Fill) -> Fill:
    """Check a fill that an event holds.

    Raises:
        ValueError: as for a decision.
    """
    checked(_FILL, fill)
    return fill


def equity_reader(columns: Sequence[str]) -> Callable[[Mapping[str, str]], Mapping[str, Any]]:
    """Give what reads a row of an `equity.csv` with these columns, likewise; a benchmark may have an empty cell."""
    own = {"day": Day, "equity": NotNegative, "cash": NotNegative}
    held = [column for column in columns if column.startswith(HOLD_COLUMN)]
    form = keys("Equity", {**own, **dict.fromkeys(held, Positive | None)}, required=own)
    return lambda cells: dict(checked(form, cells, texts=True))


def rotation_row(cells: Mapping[str, str]) -> RotationRow:
    """Read a row of `rotations.csv`, likewise.

    Raises:
        ValueError: as for a decision.
    """
    row: RotationRow = checked(RotationRow, cells, texts=True)
    return row


def _readings(rules: object) -> Readings:
    if not isinstance(rules, Mapping):
        raise ValueError(f"'rules': {shown(rules)} holds no readings by name")
    return {name: each if isinstance(each, Reading) else _reading(each) for name, each in rules.items()}


def _reading(plain: object) -> Reading:
    said = checked(_READING, plain).model_dump()
    return Reading(**{**said, "reason": said["reason"] or ""})


def _plain(section: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in section.items()}
