"""Whether a run folder is what the oracle demands: decisions, fills, rotations, equity, benchmarks."""

import csv
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.oracle import OracleRun

RELATIVE = 1e-6
ROUNDING = 1e-8
"""The files give cash with eight decimals."""


def assert_agrees(run_folder: Path, oracle: OracleRun) -> None:
    lines = (run_folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    decisions = [json.loads(line) for line in lines]
    _assert_same("decision", [_judgement(d) for d in decisions], [_judgement(d) for d in oracle.decisions])
    _assert_close("decision", [_measures(d) for d in decisions], [_measures(d) for d in oracle.decisions])
    found = _whole_orders([_fill(row) for row in _rows(run_folder / "fills.csv")])
    _assert_same("fill", found, _whole_orders([_oracle_fill(fill) for fill in oracle.fills]))

    rotations = _rows(run_folder / "rotations.csv")
    wanted = [{key: "" if value is None else str(value) for key, value in row.items()} for row in oracle.rotations]
    _assert_same("rotation", [_spell(row) for row in rotations], [_spell(row) for row in wanted])
    _assert_close("rotation", [_gains(row) for row in rotations], [_gains(row) for row in wanted])

    equity = _rows(run_folder / "equity.csv")
    _assert_same("equity", [(row["day"], row["state"]) for row in equity], [(str(r[0]), r[3]) for r in oracle.equity])
    _assert_close(
        "equity",
        [{"day": row["day"], "equity": row["equity"], "cash": row["cash"]} for row in equity],
        [{"day": str(row[0]), "equity": row[1], "cash": row[2]} for row in oracle.equity],
    )
    summary = json.loads((run_folder / "summary.json").read_text(encoding="utf-8"))
    assert (summary["first_day"], summary["last_day"]) == (str(oracle.first_day), str(oracle.last_day))
    for name, measured in oracle.benchmarks.items():
        found = summary["benchmarks"][name]
        assert (found is None) == (measured is None), f"benchmark {name}: {found} instead of {measured}"
        if measured is not None:
            for key, value in measured.items():
                expected = value if value is None else pytest.approx(value, rel=RELATIVE, abs=ROUNDING)
                assert found[key] == expected, f"benchmark {name}: {key}"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _judgement(decision: Mapping[str, Any]) -> dict[str, Any]:
    index, macd = decision["index"], decision["macd"]
    judgement = {
        **{key: decision[key] for key in ("day", "state", "next_state", "reason")},
        **{key: index[key] for key in ("session", "close", "in_breakout", "support")},
        **{key: macd[key] for key in ("week", "cross_week", "in_force")},
        "assets": [symbol.partition("/")[0] for symbol in decision["targets"]],
    }
    if decision["state"] == "ROTATED":
        # Whether the cross that a rotation uses is spent at its entry or at its exit, the specification leaves open;
        # no decision depends on it.
        del judgement["in_force"]
    return judgement


def _measures(decision: Mapping[str, Any]) -> dict[str, Any]:
    macd = decision["macd"]
    weights = {symbol.partition("/")[0]: weight for symbol, weight in decision["targets"].items()}
    return {
        "day": decision["day"],
        **weights,
        **{key: macd[key] for key in ("macd", "signal")},
        "equity": decision["equity"],
    }


def _fill(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "day": row["time"][:10],
        "asset": row["symbol"].partition("/")[0],
        **{key: row[key] for key in ("decision_day", "side", "reason")},
        **{key: Decimal(row[key]) for key in ("quantity", "price", "notional", "fee")},
    }


def _oracle_fill(fill: Mapping[str, Any]) -> dict[str, Any]:
    return {**fill, "day": str(fill["day"]), "decision_day": str(fill["decision_day"])}


def _whole_orders(fills: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add up the parts of an order: the specification says that large ones are split, not how."""
    orders: list[dict[str, Any]] = []
    for fill in fills:
        if orders and all(orders[-1][key] == fill[key] for key in ("day", "decision_day", "asset", "side")):
            orders[-1] |= {key: orders[-1][key] + fill[key] for key in ("quantity", "notional", "fee")}
        else:
            orders.append(dict(fill))
    return orders


def _spell(row: Mapping[str, str]) -> dict[str, str]:
    return {
        key: row[key] for key in ("rotation", "entry_day", "exit_day", "exit_reason", "breakout_session", "cross_week")
    }


def _gains(row: Mapping[str, str]) -> dict[str, str]:
    columns = ("weeks_held", "start_equity", "end_equity", "return", "core_return", "excess")
    return {"entry_day": row["entry_day"], **{key: row[key] for key in columns}}


def _assert_same(what: str, found: Sequence[object], wanted: Sequence[object]) -> None:
    for mine, theirs in zip(found, wanted, strict=False):
        assert mine == theirs, f"first {what} that differs"
    assert len(found) == len(wanted), f"number of {what} rows"


def _assert_close(what: str, found: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> None:
    for mine, theirs in zip(found, wanted, strict=True):
        (name, place), *numbers = theirs.items()
        for key, value in numbers:
            assert float(mine[key]) == pytest.approx(float(value), rel=RELATIVE, abs=ROUNDING), (
                f"{what} {name} {place}: {key}"
            )
