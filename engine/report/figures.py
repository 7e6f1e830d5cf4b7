"""The figures of a run as every report names and writes them."""

from collections.abc import Iterable

from engine.core.performance import DAYS_A_YEAR, LEAST_DAYS, withheld

BASKET = "basket"
NOT_AVAILABLE = "–"
LARGE, HUGE = 100, 10_000
"""Fractions from which on a percentage has no decimals, and from which on three digits and a power of ten."""
FIGURES = (
    ("return", "total_return", "percent"),
    ("CAGR", "cagr", "percent"),
    ("volatility", "volatility", "percent"),
    ("max. drawdown", "max_drawdown", "percent"),
    ("Sharpe", "sharpe", "ratio"),
    ("Sortino", "sortino", "ratio"),
    ("Calmar", "calmar", "ratio"),
)
"""Title, name in `summary.json`, kind; benchmarks are compared by the same."""
PERCENT = frozenset(key for _, key, kind in FIGURES if kind == "percent")


def benchmark_title(name: str) -> str:
    """Name a benchmark."""
    return f"hold {name}"


def benchmark_titles(names: Iterable[str], *, rotates: bool, core: str) -> dict[str, str]:
    """Name the benchmarks that are worth showing: a basket that is the core alone is one of the others, or the core."""
    known = list(names)
    titles = {name: benchmark_title(name) for name in known if rotates or name != BASKET}
    if not rotates and BASKET in known and core not in known:
        titles[BASKET] = benchmark_title(core)
    return titles


def benchmark_key(name: str) -> str:
    """Give the name that a figure of `summary.json` has among those of a benchmark."""
    return "return" if name == "total_return" else name


def few_days_words(decision_days: int) -> str:
    """Say which figures are left out because there are too few days; empty where none is."""
    left_out = withheld(decision_days)
    by_least: dict[int, list[str]] = {}
    for title, key, _ in FIGURES:
        if key in left_out:
            by_least.setdefault(LEAST_DAYS[key], []).append(title)
    needed = " and ".join(f"{', '.join(titles)} ({least} are needed)" for least, titles in sorted(by_least.items()))
    days = "1 decision day is" if decision_days == 1 else f"{decision_days} decision days are"
    return f"{days} too few for {needed}" if needed else ""


def turnover_words(turnover: float | None, *, decision_days: int, elapsed: int) -> str:
    """Write the turnover: a year, or, where there are too few days to speak of years, over the days there were.

    Args:
        turnover: as `summary.json` has it, a year; elapsed: calendar days from the first decision day to the last.
    """
    if turnover is None:
        return NOT_AVAILABLE
    if "cagr" in withheld(decision_days):
        return f"{turnover * elapsed / DAYS_A_YEAR:.2f} in {elapsed} day{'' if elapsed == 1 else 's'}"
    return f"{turnover:.2f} a year"


def figure_words(name: str, value: float | None) -> str:
    """Write a figure of `FIGURES`."""
    if value is None:
        return NOT_AVAILABLE
    return f"{value:,.1%}" if name in PERCENT else f"{value:.2f}"


def huge_percent(value: float, *, decimals: int = 2) -> str:
    """Give a fraction as percent by its first digits and a power of ten: +5.79e6%."""
    return f"{100 * value:+.{decimals}e}%".replace("e+0", "e").replace("e+", "e")


def signed_percent(value: float | None) -> str:
    """Give a fraction as percent with its sign, to one decimal, a huge one shorter; nothing has none.

    What prices that jump make of a return must leave the dates beside it their room.
    """
    if value is None:
        return NOT_AVAILABLE
    if abs(value) >= HUGE:
        return huge_percent(value)
    # Adding zero takes the sign from a zero.
    return f"{round(value, 3) + 0:+,.{0 if abs(value) >= LARGE else 1}%}"
