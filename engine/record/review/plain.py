"""Reviews, lists and comparisons as plain values for JSON; `logs/README.md` documents the keys."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.record.record_rows import RotationRow
from engine.record.review.comparison import Comparison
from engine.record.review.costs import PricedFill
from engine.record.review.facts import Review
from engine.record.review.holdings import HeldAtEnd
from engine.record.review.round_trips import RoundTrip
from engine.record.review.side_by_side import ComparedRun
from engine.record.run_outline import RunOutline
from engine.record.run_record import RunRecord


def plain_review(review: Review, *, writer: int | None) -> dict[str, Any]:
    """Give a review; writer: the process of the bot that runs in the folder now."""
    last_of = review.selection.last_of
    lately = review.lately
    return {
        **_run(review.record),
        "name": review.name,
        "running": writer is not None,
        "synthetic": review.synthetic,
        "quote": review.quote,
        "core": review.core,
        "first_day": _text(review.first_day),
        "last_day": _text(review.last_day),
        "decision_days": len(review.record.decisions),
        "start_equity": review.start_equity,
        "final_equity": review.final_equity,
        "days_rotated": review.days_rotated,
        "days": len(review.record.decisions),
        "figures": dict(review.figures),
        "benchmarks": dict(review.benchmarks),
        "standing": _held_at_end(review.held_at_end),
        "lately": lately
        and {
            "since": _text(lately.since),
            "return": lately.equity_return,
            "fills": lately.fills,
            "incidents": lately.incidents,
            "entries": lately.entries,
            "exits": lately.exits,
            "quiet_days": lately.quiet_days,
        },
        "selection": {
            "from": _text(review.selection.first_day),
            "to": _text(review.selection.last_day),
            "symbol": review.selection.asset,
            "reason": review.selection.reason,
            "last": review.selection.most,
        },
        "pending": list(review.pending),
        "out_of_position": [
            {"asset": each.asset, "since": _text(each.since), "weight": each.weight, "reason": each.reason}
            for each in review.out_of_position
        ],
        "killed": review.killed or None,
        "doubts": list(review.doubts),
        "study": review.study,
        "rotations": [_rotation(rotation) for rotation in last_of(review.rotations)],
        "round_trips": [_round_trip(trip) for trip in last_of(review.round_trips)],
        "fills": [_fill(priced) for priced in last_of(review.fills)],
        "held": [
            {
                "since": _text(stretch.since),
                "until": _text(stretch.until),
                "reason": stretch.reason,
                "state": stretch.state,
                "weights": dict(stretch.weights),
                "return": stretch.total_return,
            }
            for stretch in last_of(review.stretches)
        ],
        "costs": _costs(review),
        "warnings": [{"at": _text(warned.at), "text": warned.text} for warned in last_of(review.warnings)],
        "incidents": [
            {
                "at": _text(incident.at),
                "kind": incident.kind.value,
                "order": incident.order,
                "client_order_id": incident.client_order_id,
                "decision_day": _text(incident.decision_day),
                "reason": incident.reason,
                "message": incident.message,
                "outcome": incident.outcome,
            }
            for incident in last_of(review.incidents)
        ],
    }


def plain_list(entries: Sequence[RunOutline]) -> list[dict[str, Any]]:
    """Give the list of runs."""
    return [
        {
            "run": entry.folder.name,
            "folder": str(entry.folder),
            "at": _text(entry.at),
            "mode": entry.mode,
            "name": entry.name,
            "first_day": _text(entry.first_day),
            "last_day": _text(entry.last_day),
            "return": entry.total_return,
            "excess": entry.excess,
            "rotations": entry.rotations,
            "strategy": entry.strategy or None,
            "label": entry.label or None,
            "settings": dict(entry.settings),
            "synthetic": entry.synthetic,
            "running": entry.writer is not None,
            "problem": entry.problem or None,
        }
        for entry in entries
    ]


def plain_runs(runs: Sequence[ComparedRun]) -> list[dict[str, Any]]:
    """Give several runs side by side."""
    return [
        {
            "label": run.label,
            "settings": None if run.settings is None else dict(run.settings),
            "summary": dict(run.summary),
            "rotations": [_rotation(rotation) for rotation in run.rotations],
            "left": run.left,
            "excess": run.excess,
            "exposure": run.exposure,
        }
        for run in runs
    ]


def plain_comparison(comparison: Comparison) -> dict[str, Any]:
    """Give a comparison."""
    configuration = comparison.configuration
    return {
        "first": _span(comparison.first),
        "second": _span(comparison.second),
        "figures": {
            pair.name: {"first": pair.first, "second": pair.second, "difference": pair.difference}
            for pair in comparison.figures
        },
        "same_configuration": comparison.same_configuration,
        "configuration": configuration
        and {difference.key: {"first": difference.first, "second": difference.second} for difference in configuration},
        "common_days": comparison.common_days,
        "only_first": comparison.only_first,
        "only_second": comparison.only_second,
        "rotations": [
            {
                "entry_day": _text(pair.entry_day),
                "first": pair.first and _rotation(pair.first),
                "second": pair.second and _rotation(pair.second),
            }
            for pair in comparison.rotations
        ],
        "states": [
            {
                "since": _text(stretch.since),
                "until": _text(stretch.until),
                "days": stretch.days,
                "first": stretch.first,
                "second": stretch.second,
            }
            for stretch in comparison.states
        ],
    }


def _run(record: RunRecord) -> dict[str, Any]:
    return {"run": record.name, "folder": str(record.folder), "mode": record.mode}


def _span(record: RunRecord) -> dict[str, Any]:
    days = record.decisions
    return {
        **_run(record),
        "first_day": _text(days[0].day) if days else None,
        "last_day": _text(days[-1].day) if days else None,
        "synthetic": record.synthetic,
    }


def _held_at_end(held: HeldAtEnd | None) -> Mapping[str, Any] | None:
    return (
        None
        if held is None
        else {
            "day": _text(held.day),
            "state": held.state,
            "since": _text(held.since),
            "reason": held.reason,
            "cash": _number(held.cash),
            "equity": _number(held.equity),
            "positions": [
                {
                    "asset": position.asset,
                    "quantity": _number(position.quantity),
                    "price": _number(position.price),
                    "value": _number(position.value),
                    "weight": position.weight,
                    "marked_on": _text(held.marked_on.get(position.asset, held.day)),
                }
                for position in held.positions
            ],
        }
    )


def _rotation(rotation: RotationRow) -> dict[str, Any]:
    return {
        "rotation": rotation.rotation,
        "entry_day": _text(rotation.entry_day),
        "exit_day": _text(rotation.exit_day),
        "exit_reason": rotation.exit_reason,
        "breakout_session": _text(rotation.breakout_session),
        "cross_week": _text(rotation.cross_week),
        "weeks_held": rotation.weeks_held,
        "start_equity": rotation.start_equity,
        "end_equity": rotation.end_equity,
        "return": rotation.total_return,
        "core_return": rotation.core_return,
        "excess": rotation.excess,
    }


def _round_trip(trip: RoundTrip) -> dict[str, Any]:
    return {
        "round_trip": trip.number,
        "asset": trip.asset,
        "entry_day": _text(trip.entry_day),
        "exit_day": _text(trip.exit_day),
        "exit_reason": trip.exit_reason,
        "weeks_held": trip.weeks_held,
        "return": trip.total_return,
        "core_return": trip.core_return,
        "excess": trip.excess,
    }


def _fill(priced: PricedFill) -> dict[str, Any]:
    fill = priced.fill
    return {
        "time": _text(fill.at),
        "decision_day": _text(fill.decision_day),
        "symbol": fill.symbol,
        "side": fill.side.value,
        "quantity": _number(fill.quantity),
        "price": _number(fill.price),
        "notional": _number(fill.notional),
        "fee": _number(fill.fee),
        "fee_asset": fill.fee_asset,
        "order_id": fill.order_id,
        "client_order_id": fill.client_order_id,
        "reason": fill.reason,
        "market_price": _number(fill.market_price),
        "basis": priced.basis,
        "attempt": priced.attempt,
        "decision_close": priced.close,
        "slippage": priced.slippage,
        "slippage_quote": priced.slippage_quote,
    }


def _costs(review: Review) -> dict[str, Any]:
    costs = review.costs
    return {
        "fills": costs.fills,
        "buys": costs.buys,
        "sells": costs.sells,
        "traded": _number(costs.traded),
        "fees": {asset: _number(fee) for asset, fee in costs.fees.items()},
        "fees_quote": _number(costs.fees_quote),
        "fee_share": costs.fee_share,
        "slippage_quote": costs.slippage_quote,
        "slippage_share": costs.slippage_share,
        "unpriced_fills": costs.unpriced,
    }


def _text(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
