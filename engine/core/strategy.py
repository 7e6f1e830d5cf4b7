"""What a strategy is: a universe, observations made of history, and a pure decision.

A strategy never sees a clock, a file, an exchange or an order. Its `observe` is vectorised over the whole history it is
given; that row D uses nothing later than D is the strategy's promise, and the engine checks it in every backtest.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, model_validator
from pydantic.fields import FieldInfo

from engine.core.events import Evidence
from engine.core.market import History
from engine.core.reading import Readings
from engine.core.rotation_equity import RotationEquity

OWN_PACKAGE = "altfuse_own_strategies"
"""The private package whose modules are a user's own strategies and rules, as far as they are loaded."""


def _market_name(name: str) -> str:
    if not re.fullmatch(r"[^\s/\\.:][^\s/\\:]{0,31}", name):
        raise ValueError("a short name like BTC is wanted, without spaces, slashes and colons")
    return name


MarketName: TypeAlias = Annotated[str, AfterValidator(_market_name)]
"""Name of an asset or index, `BTC`, `RUT`; it becomes a file name, so it holds no separators."""


_WANTED: Mapping[Any, str] = {int: "a whole number", float: "a number", bool: "true or false"}


def _wanted_of(field: FieldInfo | None) -> str | None:
    is_strict = field is not None and any(isinstance(mark, Strict) for mark in field.metadata)
    return None if field is None or is_strict else _WANTED.get(field.annotation)


class Parameters(BaseModel):
    """Base of what stands in the configuration for a strategy or a rule: frozen, no unknown keys.

    Attributes:
        section: begins the keys in errors; empty where whoever reads them says it.
        late_keys: keys that configurations of before do not have; they count in its digest only where they are set.
    """

    # A validator is made when it is asked: those of what is only extended, or not named, never are.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    section: ClassVar[str] = ""
    late_keys: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _no_number_is_text(cls, values: Any) -> Any:
        # Where one says int, float or bool, pydantic would also take 1_000 and yes.
        for key, value in values.items() if isinstance(values, Mapping) else ():
            wanted = _wanted_of(cls.model_fields.get(key))
            if wanted and isinstance(value, str):
                raise ValueError(f"{cls.section}{key}: {value!r} is not allowed: {wanted} is wanted")
        return values


class StrategyParams(Parameters):
    """Base of a strategy's parameters: the `strategy` section of the configuration."""

    section: ClassVar[str] = "strategy."

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelistingRule:
    """When a held asset counts as delisted, and what it still brings.

    Attributes:
        after_days: at D it does when none of its bars is dated later than D less these days.
        penalty: the fraction of its last close that is lost.
    """

    after_days: int
    penalty: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """The markets that a strategy needs.

    Attributes:
        core: the asset whose daily bars make the decision days.
        assets: every asset that may be traded, in trading order, the core first.
        indices: markets that are looked at and never traded.
        series: names of further series that it cannot decide without: US symbols, and series that are no bars.
        shown_series: names of series that it shows and decides nothing by; one that cannot be had is said to be absent.
        basket: what the "hold the basket" benchmark buys: weight by asset, adding up to 1 over all of them.
        basket_on: gives what it buys on its first day, adding up to 1 or empty, where that depends on the day.
        cash_reserve: fraction of equity that is never invested.
        min_history_days: daily bars after which an asset is tradable.
        delisting: when a held asset counts as delisted; None: never.
    """

    core: str
    assets: tuple[str, ...]
    indices: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    shown_series: tuple[str, ...] = ()
    basket: Mapping[str, float] = field(default_factory=dict)
    cash_reserve: float = 0.0
    min_history_days: int = 1
    basket_on: Callable[[History, date], Mapping[str, float]] | None = None
    delisting: DelistingRule | None = None

    @property
    def rotates(self) -> bool:
        """Whether there is a basket to rotate into, beside the core."""
        return any(asset != self.core for asset in self.basket)

    @property
    def further_series(self) -> tuple[str, ...]:
        """The names of what is looked at beside assets and indices, each once."""
        names = dict.fromkeys((*self.series, *self.shown_series))
        return tuple(name for name in names if name not in (*self.assets, *self.indices))


class Holdings(Protocol):
    """What is held when a decision is taken."""

    @property
    def orders_waiting(self) -> bool:
        """Whether orders of an earlier decision have not been settled."""
        ...

    @property
    def entries_allowed(self) -> bool:
        """Whether new positions may be opened; False while what is known of an index is too old to act on."""
        ...

    @property
    def stuck(self) -> Collection[str]:
        """The coins that cannot be sold now, and have not been for some days; they hold nothing back."""
        ...

    @property
    def delisted(self) -> Collection[str]:
        """The assets that were sold as delisted and not targeted again since: their targets are 0 from then on."""
        ...

    @property
    def rotation(self) -> RotationEquity | None:
        """The equity of the rotation in being: at its entry, the highest since, and at the day's closes."""
        ...

    def weights(self) -> Mapping[str, float]:
        """Give held value / equity by asset, at the day's closes."""
        ...

    def sized(self, targets: Mapping[str, float]) -> Mapping[str, float]:
        """Give the targets of a change scaled to the limits on the whole account; as they are where there are none."""
        ...


LATE: Mapping[str, bool] = {"late": True}
"""Metadata of a field of a state that older records lack: it is on record only where it is not its default."""


class StrategyState(Protocol):
    """A strategy's memory between days: a frozen dataclass of plain values."""

    @property
    def name(self) -> str:
        """The state's name in the record: `CORE`, `ROTATED`."""
        ...


StateT = TypeVar("StateT", bound=StrategyState)
FactsT = TypeVar("FactsT")
FactsT_co = TypeVar("FactsT_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Generic[StateT]):
    """What is decided for a day, and why.

    Attributes:
        state: the state after the decision.
        reason: one of the record's reasons: `start`, `hold`, `entry`, …
        targets: the weights that stand after the decision, by asset, in trading order; empty is all cash.
        trade: whether the difference to the targets is traded now.
        evidence: what the decision rests on, as the record shows it; rules: what those say that the state asks.
        is_sized: whether the strategy had `Holdings.sized` scale the targets when they changed, and has kept them; else
            the session does so.
    """

    state: StateT
    reason: str
    targets: Mapping[str, float]
    trade: bool
    evidence: Evidence
    rules: Readings = field(default_factory=dict)
    is_sized: bool = False


class Observations(Protocol[FactsT_co]):
    """Facts by day, made once from a history and revealed day by day."""

    @property
    def first_day(self) -> date:
        """The first day whose facts are complete: the end of the warm-up."""
        ...

    def at(self, day: date) -> FactsT_co:
        """Give what is known at the end of `day`, a day with a bar of the core."""
        ...


class Strategy(Protocol[StateT, FactsT]):
    """A strategy: what to hold and why.

    `StateT` is a frozen dataclass, `FactsT` whatever `decide` needs of one day.
    """

    @property
    def universe(self) -> Universe:
        """The markets it needs."""
        ...

    def observe(self, history: History) -> Observations[FactsT]:
        """Compute the facts of every day in `history`; those of day D use rows known at D's end only.

        Raises:
            DataError: the history cannot carry the signals (too short, a week without bars).
        """
        ...

    def start(self) -> StateT:
        """Give the state before the first decision."""
        ...

    def decide(self, state: StateT, facts: FactsT, holdings: Holdings) -> Decision[StateT]:
        """Decide one day: a function of its arguments alone."""
        ...


@runtime_checkable
class LeavesForCash(Protocol):
    """What a strategy offers that remembers something when the kill switch has sold all; others start anew."""

    def left_for_cash(self, state: Any, day: date) -> Any:
        """Give the state after all was sold on `day`: whatever is decided from it next is decided as on a first day."""
        ...


@runtime_checkable
class Verified(Protocol):
    """What a strategy offers whose indicators another library computes too; asked by whoever wants a second opinion."""

    def verify(self, history: History) -> None:
        """Compute them by that library, and compare.

        Raises:
            CheckError: they differ.
        """
        ...


CASH = "CASH"
"""The state's name on record while the kill switch holds, in any strategy."""
AnyStrategy: TypeAlias = Strategy[Any, Any]
"""A strategy found by name; its state and facts pass through the engine unread, hence `Any`."""


class StrategyFactory(Protocol):
    """What a module in `strategies/` offers under the name `Strategy`."""

    Params: ClassVar[type[StrategyParams]]

    def __call__(self, params: Any) -> AnyStrategy:
        """Build the strategy from its validated parameters."""
        ...
