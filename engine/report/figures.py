"""The figures of a run as every report names and writes them."""

from collections.abc import Iterable

BASKET = "basket"
NOT_AVAILABLE = "–"
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


def signed_percent(value: float | None) -> str:
    """Give a fraction as percent with its sign, to one decimal; nothing has none."""
    # Adding zero takes the sign from a zero.
    return NOT_AVAILABLE if value is None else f"{round(value, 3) + 0:+,.1%}"
