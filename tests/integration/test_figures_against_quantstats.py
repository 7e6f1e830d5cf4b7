"""The figures of a run, worked out by quantstats from its exported returns.

Both count 365 days a year and no risk-free rate. What quantstats does was read in its source, and this follows:

- Sharpe, volatility: sample deviation (n - 1). Sortino: root mean square of the negative returns over all days.
  Drawdown: from the running peak, which begins at 1, the equity before the first return. All the same as here.
- CAGR: years are returns / 365. The same wherever every day is decided, as in every backtest. Where days are missing,
  the calendar counts here, and only the growth is checked.
- A ratio over a deviation of zero is nan or infinite there, and None here.
- A series without a negative return, whose largest is over 1, is taken for prices: no such series is drawn.
"""

import contextlib
import csv
import io
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.core.performance import measure, performance_of
from engine.record.exports.daily_returns import returns_of
from engine.record.run_record import read_run
from engine.wiring.analysis.export import export_run
from tests.support.booked import record_with_equity
from tests.support.command import Outcome, call_command, only_run_folder
from tests.support.fakes import DAY

ROOT = Path(__file__).resolve().parents[2]
PRICES = Path(os.environ.get("PRICES_DIR") or ROOT.parent / "shared" / "data" / "prices")
DAYS_A_YEAR = 365
EXACT = 1e-9
MARKETS: Mapping[str, Sequence[str]] = {
    "sample": ("data.crypto=sample", "data.index=sample"),
    "real": ("data.crypto=csv", "data.index=csv", f"data.csv_dir={PRICES}"),
}
RATIOS = ("total_return", "cagr", "volatility", "max_drawdown", "sharpe", "sortino", "calmar")


@pytest.fixture(scope="module")
def stats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Give the module `quantstats.stats`; it imports matplotlib, which writes a cache of the system's fonts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "agg")
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        import quantstats.stats

        yield quantstats.stats


def measured_by(stats: ModuleType, returns: "pd.Series[float]") -> dict[str, float]:
    # It divides by a drawdown or deviation of zero, and numpy warns.
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "total_return": float(stats.comp(returns)),
            "cagr": float(stats.cagr(returns, periods=DAYS_A_YEAR)),
            "volatility": float(stats.volatility(returns, periods=DAYS_A_YEAR)),
            "max_drawdown": float(stats.max_drawdown(returns)),
            "sharpe": float(stats.sharpe(returns, periods=DAYS_A_YEAR)),
            "sortino": float(stats.sortino(returns, periods=DAYS_A_YEAR)),
            "calmar": float(stats.calmar(returns, periods=DAYS_A_YEAR)),
        }


@pytest.fixture(scope="module", params=MARKETS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    if request.param == "real" and not (PRICES / "RUT.csv").exists():
        pytest.skip("the real prices are not at hand")
    out = tmp_path_factory.mktemp("out")
    data = [part for each in MARKETS[request.param] for part in ("--set", each)]
    done = call_command("backtest", "config/rotation.yaml", *data, "--out", out)
    assert done.exit_code == 0, done
    return done, only_run_folder(out)


def summary_of_run(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return content


# ---- the summary


def test_quantstats_finds_the_figures_of_the_summary_in_the_exported_returns(
    stats: ModuleType, run: tuple[Outcome, Path]
) -> None:
    text = io.StringIO()
    export_run(run[1], "returns", to=text)
    text.seek(0)
    returns = pd.read_csv(text, index_col=0, parse_dates=True).squeeze("columns")

    assert isinstance(returns, pd.Series)
    summary = summary_of_run(run[1])
    assert measured_by(stats, returns) == pytest.approx({key: summary[key] for key in RATIOS}, rel=EXACT)


def test_quantstats_finds_the_benchmarks_figures_in_their_equity(stats: ModuleType, run: tuple[Outcome, Path]) -> None:
    summary, record = summary_of_run(run[1]), read_run(run[1])

    for name, curve in record.benchmarks.items():
        assert curve is not None
        figures = dict(summary["benchmarks"][name])
        figures["total_return"] = figures.pop("return")
        returns = returns_of(record_with_equity(curve))
        assert measured_by(stats, returns) == pytest.approx({key: figures[key] for key in RATIOS}, rel=EXACT)


def test_the_summarys_figures_are_those_of_the_one_function_that_measures(run: tuple[Outcome, Path]) -> None:
    summary = summary_of_run(run[1])
    with (run[1] / "equity.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    equity = np.array([float(row["equity"]) for row in rows])
    days = (date.fromisoformat(rows[-1]["day"]) - date.fromisoformat(rows[0]["day"])).days

    measured = performance_of(equity, days=days)

    assert {key: getattr(measured, key) for key in RATIOS} == pytest.approx(
        {key: summary[key] for key in RATIOS}, rel=EXACT
    )


def test_the_terminal_shows_the_summarys_figures(run: tuple[Outcome, Path]) -> None:
    outcome, folder = run
    for title, shown in shown_figures(summary_of_run(folder)).items():
        (line,) = re.findall(rf"^ {re.escape(title)} (.*)$", outcome.stdout, flags=re.MULTILINE)
        assert line.split() == shown


def test_the_report_shows_the_summarys_figures(run: tuple[Outcome, Path]) -> None:
    _, folder = run
    page = (folder / "report.html").read_text(encoding="utf-8").replace("\N{MINUS SIGN}", "-")
    (section,) = re.findall(r'<section id="figures".*?</section>', page, flags=re.DOTALL)
    rows = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>.*?</tr>", section, flags=re.DOTALL)
    ]
    for title, shown in shown_figures(summary_of_run(folder)).items():
        assert [cells[1:] for cells in rows if cells and cells[0] == title] == [shown]


def test_review_gives_the_summarys_figures(run: tuple[Outcome, Path]) -> None:
    summary = summary_of_run(run[1])

    reviewed = json.loads(call_command("review", run[1], "--json").stdout)

    assert {key: reviewed["figures"][key] for key in RATIOS} == pytest.approx(
        {key: summary[key] for key in RATIOS}, rel=EXACT
    )
    assert reviewed["benchmarks"] == summary["benchmarks"]


def shown_figures(summary: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the cells of each row as a person is shown them: the run's figure, then those of the benchmarks."""
    titles = {"return": "return", "CAGR": "cagr", "volatility": "volatility", "max. drawdown": "max_drawdown"}
    ratios = {"Sharpe": "sharpe", "Sortino": "sortino", "Calmar": "calmar"}
    own = {**summary, "return": summary["total_return"]}
    columns = [own, *summary["benchmarks"].values()]
    percents = {title: [f"{column[key]:,.1%}" for column in columns] for title, key in titles.items()}
    return percents | {title: [f"{column[key]:.2f}" for column in columns] for title, key in ratios.items()}


def test_the_example_in_the_readme_finds_the_summarys_figures(
    run: tuple[Outcome, Path], stats: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "quantstats" in block)
    with (tmp_path / "returns.csv").open("w", encoding="utf-8") as file:
        export_run(run[1], "returns", to=file)
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        exec(example, {})

    summary = summary_of_run(run[1])
    wanted = [summary[key] for key in ("sharpe", "sortino", "max_drawdown")]
    assert [float(figure) for figure in printed.getvalue().split()] == pytest.approx(wanted, rel=EXACT)


# ---- any curve

RETURNS = st.lists(st.floats(-0.5, 0.9), min_size=2, max_size=80)


@given(RETURNS)
def test_quantstats_agrees_on_any_curve(stats: ModuleType, drawn: list[float]) -> None:
    equity = list(np.round(1e5 * np.cumprod([1.0, *(1 + value for value in drawn)]), 8))
    record = record_with_equity({DAY + timedelta(days=n): float(value) for n, value in enumerate(equity)})
    returns = returns_of(record)
    # Where all returns are the same but for the last bit, the deviation is nothing but that bit.
    assume(returns.std() > 1e-7)
    wanted = measured_by(stats, returns)

    measured = measure(np.array(equity), days=len(drawn))

    # A drawdown of the last bits of equity is not known to better than itself, and neither is what is divided by it.
    assume(measured.max_drawdown == 0 or measured.max_drawdown < -1e-7)
    for key, value in wanted.items():
        figure = getattr(measured, key)
        if figure is None:
            assert math.isnan(value) or math.isinf(value), key
        else:
            # A sum that cancels is known to the last bits of its parts, not of itself.
            assert figure == pytest.approx(value, rel=EXACT, abs=EXACT), key


def test_growth_over_missing_days_is_that_of_the_calendar(stats: ModuleType) -> None:
    # Decided on three days within two years.
    days = {DAY: 100.0, DAY + timedelta(days=500): 130.0, DAY + timedelta(days=730): 144.0}
    returns = returns_of(record_with_equity(days))

    measured = measure(np.array(list(days.values())), days=730)

    assert measured.cagr == pytest.approx((1 + float(stats.comp(returns))) ** (1 / 2) - 1, rel=EXACT)
    assert float(stats.cagr(returns, periods=DAYS_A_YEAR)) == pytest.approx(1.44 ** (365 / 2) - 1, rel=EXACT)


def test_a_curve_that_ends_with_nothing_has_lost_all_a_year(stats: ModuleType) -> None:
    equity = [100.0, 50.0, 0.0]
    returns = returns_of(record_with_equity({DAY + timedelta(days=n): value for n, value in enumerate(equity)}))

    measured = measure(np.array(equity), days=2)

    assert (measured.total_return, measured.cagr, measured.max_drawdown, measured.calmar) == (-1.0, -1.0, -1.0, -1.0)
    assert {key: getattr(measured, key) for key in RATIOS} == pytest.approx(measured_by(stats, returns), rel=EXACT)
