"""The charts of a strategy's rules: each rule draws itself, out of the record."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.core.chart import NOTHING, Chart, OnRecord, RotationDays
from engine.core.errors import ConfigError
from engine.core.explaining import DrawsRules
from engine.record.run_record import RunRecord
from engine.settings.reading import build_config
from engine.settings.registry import params_of, strategy_factory


def rule_charts(record: RunRecord) -> tuple[Mapping[str, Chart], str]:
    """Give the charts by their rules' names, and why there are none, where that has to be said.

    The strategy is built again of the configuration on record; one that is not here any more draws nothing.
    """
    section = strategy_section(record)
    if not section or not record.decisions:
        return {}, ""
    try:
        params = build_config({"strategy": section}, params_of).strategy
        strategy = strategy_factory(params.name)(params)
    except ConfigError as error:
        return {}, f"no charts of the strategy's rules: {error}"
    if not isinstance(strategy, DrawsRules):
        return {}, ""
    decisions = record.decisions
    rotations = [
        RotationDays(each.rotation, each.entry_day, each.exit_day, each.cross_week) for each in record.rotations
    ]
    drawn, missing = {}, []
    for name, rule in strategy.drawn().items():
        past = OnRecord(
            name=name,
            days=[each.day for each in decisions],
            evidence=[each.evidence for each in decisions],
            read=[each.rules.get(name, NOTHING) for each in decisions],
            rotations=rotations,
        )
        try:
            chart = rule.chart(past)
            if chart is not None:
                drawn[name] = _sound(chart)
        except Exception as error:  # noqa: BLE001 - a user's rule may raise whatever it likes, and the run is done
            missing.append(f"no chart of {name}: {type(error).__name__}: {_in_a_line(error)}")
    return drawn, "; ".join(missing)


def _sound(chart: Chart) -> Chart:
    """Give a chart as it is, if its values are of the kinds that the page can draw, numbers finite, one for each day.

    Raises:
        ValueError: it is none; pydantic's names the value.
    """
    sound = TypeAdapter(Chart).validate_python(asdict(chart))
    for curve in sound.curves:
        if len(curve.values) != len(sound.days):
            raise ValueError(f"{curve.name} has {len(curve.values)} values for {len(sound.days)} days")
        if not all(value is None or isfinite(value) for value in curve.values):
            raise ValueError(f"{curve.name} has a value that is no number; None is a day without one")
    if sound != chart:
        raise ValueError("has values of other kinds than those of a chart")
    return chart


def _in_a_line(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def strategy_section(record: RunRecord) -> Mapping[str, Any]:
    """Give the parameters of the run's strategy; of a folder without a configuration, its name."""
    section = (record.config or {}).get("strategy")
    if isinstance(section, Mapping):
        return section
    name = record.summary.get("strategy")
    return {} if name is None else {"name": name}
