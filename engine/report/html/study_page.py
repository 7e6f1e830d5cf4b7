"""`study.html`: the study on one page that opens without a network and asks for no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.record.run_files import STUDY_PAGE
from engine.report.caveats import NOT_ADVICE
from engine.report.html.aligned import aligned_part
from engine.report.html.palette import DARK, LIGHT
from engine.report.html.script import POLICY
from engine.report.html.templates import own_text, render

WIDTH, MIDDLE, MARGIN = 320.0, 30.0, 12.0
TONES: Mapping[str, str] = {
    "supported": "gain",
    "came true": "gain",
    "contradicted": "loss",
    "did not come true": "loss",
}
RESERVATIONS = (
    "The typical alt is made of today's survivors: every absolute figure is flattered, differences against the base "
    "period less so.",
    "Coins have traded for little more than ten years, in which the Russell 2000 made a handful of separate highs: "
    "what hangs on events cannot be settled by events. Too few means cannot know, not no.",
    "A result that is not supported beside a large detectable effect (mde) means: this sample cannot know.",
    "NFCI and M2 are revised history: they were known in another shape. Association is not lead.",
    "All tests are judged as one family; the more are asked, the harder each has it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something on the axis of a small plot, in its units; `words` are shown where it is pointed at."""

    x: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """The small plot of a claim: an axis with zero, the interval, the effect, and what each event gave."""

    zero: float
    effect: Mark
    interval: tuple[float, float] | None
    events: tuple[Mark, ...]
    low: str
    high: str


def write_study_page(folder: Path, study: Mapping[str, Any]) -> Path:
    """Write `study.html` into a study's folder.

    Args:
        study: as `study.json` has it.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / STUDY_PAGE
    path.write_text(study_html(study), encoding="utf-8")
    return path


def study_html(study: Mapping[str, Any]) -> str:
    """Make the page."""
    results: Sequence[Mapping[str, Any]] = study["results"]
    strategy = study["strategy"]
    aligned = strategy.get("aligned")
    return render(
        "study.html.j2",
        policy=POLICY,
        style="".join(map(own_text, ("report.css", "study.css", "aligned.css"))),
        light=LIGHT,
        dark=DARK,
        study=study,
        cards=[(result, plot_of(result), TONES.get(result["verdict"], "muted")) for result in results],
        strategy=strategy,
        aligned=aligned_part(aligned, core="Bitcoin", draws=strategy["random_entries"]["draws"]) if aligned else "",
        reservations=RESERVATIONS,
        not_advice=NOT_ADVICE,
        width=WIDTH,
        middle=MIDDLE,
    )


def plot_of(result: Mapping[str, Any]) -> Plot | None:
    """Lay out the small plot of a result; None where it has no effect."""
    effect = result["effect"]
    if effect is None:
        return None
    interval, points = result["interval"], result["points"]
    dated = list(zip(result["events"], points, strict=False)) if len(points) == len(result["events"]) else []
    shown = [0.0, effect, *(interval or ()), *(value for _, value in dated if value is not None)]
    low, high = min(shown), max(shown)
    span = high - low or 1.0

    def at(value: float) -> float:
        return round(float(MARGIN + (WIDTH - 2 * MARGIN) * (value - low) / span), 2)

    return Plot(
        zero=at(0.0),
        effect=Mark(x=at(effect), words=f"effect {effect:.4g}"),
        interval=None if interval is None else (at(interval[0]), at(interval[1])),
        events=tuple(Mark(x=at(value), words=f"{day}: {value:.4g}") for day, value in dated if value is not None),
        low=f"{low:.3g}",
        high=f"{high:.3g}",
    )
