"""The figures of a run as every report names and writes them."""

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


def benchmark_key(name: str) -> str:
    """Give the name that a figure of `summary.json` has among those of a benchmark."""
    return "return" if name == "total_return" else name


def signed_percent(value: float | None) -> str:
    """Give a fraction as percent with its sign, to one decimal; nothing has none."""
    # Adding zero takes the sign from a zero.
    return NOT_AVAILABLE if value is None else f"{round(value, 3) + 0:+,.1%}"
