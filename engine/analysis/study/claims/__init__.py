"""The registry: every claim of the thesis that is marked as one to test, an article of it a file.

Adding a claim is adding an entry: it is run, joins the family, and is shown by itself.
"""

from engine.analysis.study import forecasts
from engine.analysis.study.claim import Claim, Kind, forecast_claim, single, untestable
from engine.analysis.study.claims import article_000, article_001, article_002, article_003, article_004
from engine.analysis.study.special import money

CLAIMS: tuple[Claim, ...] = (
    *article_000.CLAIMS,
    *article_001.CLAIMS,
    *article_002.CLAIMS,
    *article_003.CLAIMS,
    *article_004.CLAIMS,
    *map(forecast_claim, forecasts.ledger()),
    untestable(
        "004-15",
        "Regulation, funds and custody make a supercycle",
        "it states nothing measurable; flows are judged in 000-18",
    ),
)


def bills_claim(*, has_file: bool) -> Claim:
    """Give the claim of row 001-14, which wants a series that is free and not among those at hand."""
    says = "Reserve management buys 40 bn a month"
    if not has_file:
        return untestable(
            "001-14",
            says,
            "WSHOBL and TREAST are not in the data; both are free at FRED: put WSHOBL.csv into data.macro_dir",
        )
    return single(
        "001-14a", says, "change of WSHOBL over the last four weeks is at least 40 bn", money.bills_bought,
        least=1, kind=Kind.FACT, needs=("WSHOBL",),
    )  # fmt: skip
