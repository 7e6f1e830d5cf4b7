"""The configuration: frozen types, one place, every key with its default and what is allowed.

The `strategy` section is validated by the parameters of the strategy that its `name` chooses. Reading files and
assignments, and putting mistakes into words, is `config_reading`.
"""

import hashlib
import json
import math
import pkgutil
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    StrictFloat,
    StrictInt,
    WithJsonSchema,
    model_validator,
)

from engine.core.money import decimal_of, plain
from engine.core.strategy import MarketName, StrategyParams
from engine.settings.risk import RiskSettings

Values: TypeAlias = dict[str, Any]
"""Plain values as YAML gives them; validated before anything reads them."""


def _exact(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is wanted")
    if isinstance(value, str) and not WRITTEN_NUMBER.fullmatch(value):
        # Decimal would also take 1_000.
        raise ValueError("a number is wanted")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a finite number is wanted")
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(plain(decimal_of(value))) if isinstance(value, float) else value


def _countable(value: Decimal) -> Decimal:
    """Hold an amount within what exact arithmetic carries through prices, rates and steps (`core/money.py`)."""
    if abs(value) > LARGEST_AMOUNT:
        raise ValueError(f"at most {LARGEST_AMOUNT:,} is allowed")
    if value and (value.adjusted() < -MOST_PLACES or len(plain(value).partition(".")[2]) > MOST_PLACES):
        raise ValueError(f"at most {MOST_PLACES} digits after the point are allowed")
    return value


def _day(value: object) -> object:
    # pydantic would read a text of digits as seconds since 1970.
    written = isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip())
    if isinstance(value, datetime) or not (written or isinstance(value, date | None)):
        raise ValueError("a date like 2018-01-31 is wanted")
    return value


def _folder(value: object) -> object:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("no path holds a zero byte")
    return value


ExactNumber = Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False), AfterValidator(_countable)]
Day = Annotated[date, BeforeValidator(_day)]
Folder = Annotated[Path, BeforeValidator(_folder)]
LONGEST_WAIT_SECONDS = 31_536_000
LARGEST_AMOUNT, MOST_PLACES = 10**15, 18
WRITTEN_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
QUOTE_PATTERN = r"^[A-Z0-9]{2,12}$"
FILES = Path(__file__).parents[1] / "wiring"
"""Holds a folder of files for each kind of provider and for venues: the name of a file, with - for _, is its name in
the configuration."""


def names_of(kind: str) -> tuple[str, ...]:
    """List the files of a kind, without importing any."""
    return tuple(sorted(each.name.replace("_", "-") for each in pkgutil.iter_modules([str(FILES / kind)])))


def module_of(kind: str, name: str) -> str:
    """Give the module of a file."""
    return f"engine.wiring.{kind}.{name.replace('-', '_')}"


if TYPE_CHECKING:
    CryptoProvider: TypeAlias = str
    IndexProvider: TypeAlias = str
    MacroProvider: TypeAlias = str
    VenueName: TypeAlias = str
else:
    CryptoProvider = Literal[names_of("crypto")]
    IndexProvider = Literal[names_of("index")]
    MacroProvider = Literal[names_of("macro")]
    # From the end: the one that needs nothing is said first.
    VenueName = Literal[names_of("venue")[::-1]]
SOURCE_PATTERN = rf"^({'|'.join(names_of('values'))})(:[^\s/\\:]{{1,64}})?$"
ADDRESS_PATTERN = r"^https?://[^/]+/?$"
NAME_PATTERN = r"^[^/\\\x00-\x1f]*[^/\\\x00-\x1f\s][^/\\\x00-\x1f]*$"
LONGEST_NAME = 64
Name = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_NAME, pattern=NAME_PATTERN),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": NAME_PATTERN},
                {"type": "null"},
            ],
            "default": None,
        }
    ),
]
"""A name as it is in force; in a file it may be null."""


class _Section(BaseModel):
    # What stands within another, or is only extended, is validated by that: it needs no validator of its own.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True)


class OwnSettings(_Section):
    """What a provider's or venue's file adds to the section that names it (`config_sections.py`)."""

    model_config = ConfigDict(from_attributes=True)


class Window(_Section):
    """The decision days that are wanted."""

    from_: Day = Field(
        date(2018, 1, 1), alias="from", description="First decision day wanted; moved to the end of the warm-up."
    )
    to: Day | None = Field(None, description="Last decision day wanted; null: as far as the data reach.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.to is not None and self.to < self.from_:
            raise ValueError(f"window.to {self.to} is before window.from {self.from_}; dates must ascend")
        return self


class InstrumentRules(_Section):
    """Trading rules of an asset that override the built-in ones."""

    lot_step: ExactNumber = Field(gt=0, description="Smallest step of quantity, in base units.")
    minimum_notional: ExactNumber = Field(
        Decimal(5), ge=0, description="Least quantity times price, in quote currency."
    )
    maximum_quantity: ExactNumber | None = Field(None, gt=0, description="Largest quantity of one market order.")

    @model_validator(mode="after")
    def _one_lot_fits(self) -> Self:
        if self.maximum_quantity is not None and self.maximum_quantity < self.lot_step:
            raise ValueError(f"maximum_quantity {self.maximum_quantity} is below lot_step {self.lot_step}")
        return self


class Account(_Section):
    """The virtual account."""

    cash: ExactNumber = Field(Decimal(100000), gt=0, description="Quote currency at the start.")
    quote: str = Field("USDT", pattern=QUOTE_PATTERN, description="Quote currency.")
    instruments: dict[str, InstrumentRules] = Field(
        default_factory=dict, description="Lot step and minimum notional by asset, over the built-in table."
    )
    sell_wait_days: int = Field(
        2, ge=0, description="Calendar days for which buys wait for a sell that was tried and not wholly executed."
    )


class CostRates(_Section):
    """Trading costs as fractions."""

    commission: ExactNumber = Field(Decimal("0.001"), ge=0, lt=1, description="Fraction of the notional, each side.")
    slippage: ExactNumber = Field(
        Decimal("0.0005"), ge=0, le=Decimal("0.99"), description="Fraction by which a fill is worse than the open."
    )


class SeriesSource(_Section):
    """Where a series that is no bars comes from, and how it is published."""

    source: str | None = Field(
        None,
        pattern=SOURCE_PATTERN,
        description="csv, fred or yahoo, with its name there where that is another: fred:UNRATE, csv:MY_FILE, "
        "yahoo:DX-Y.NYB; fred:M2SL@2024-01-31 is a vintage. null: by data.macro.",
    )
    kind: Literal["daily", "weekly", "monthly"] | None = Field(
        None, description="daily, weekly or monthly; null: as is known of it, else daily."
    )
    lag_days: StrictInt | None = Field(
        None,
        ge=0,
        le=3650,
        description="Days after its date at whose end a value is known; null: as is known of it, else 1, 7 or 45.",
    )


class Data(_Section):
    """Where bars come from."""

    late_keys: ClassVar[tuple[str, ...]] = ("macro", "macro_dir", "series")

    crypto: CryptoProvider = Field("auto", description="Provider of coin bars.")
    index: IndexProvider = Field("auto", description="Provider of index bars.")
    macro: MacroProvider = Field(
        "auto", description="Provider of series that are no bars; fred: each from its source over the network."
    )
    csv_dir: Folder | None = Field(None, description="Folder of BTC.csv, RUT.csv, …: date,open,high,low,close,volume.")
    macro_dir: Folder | None = Field(None, description="Folder of WALCL.csv, …: date,value, or as FRED gives them.")
    series: dict[MarketName, SeriesSource] = Field(
        default_factory=dict, description="Further series, or other sources of known ones, by name."
    )
    cache_dir: Folder | None = Field(None, description="Folder of the data cache; null: the user's cache folder.")
    max_stale_sessions: StrictInt = Field(3, ge=0, description="Sessions by which the index may lag.")
    jumps: Literal["note", "error"] = Field(
        "note", description="What a close that jumps beyond what a market does is: a loud note, or an error."
    )

    @model_validator(mode="after")
    def _folder_given(self) -> Self:
        if "csv" in (self.crypto, self.index) and self.csv_dir is None:
            raise ValueError("data.csv_dir null is not allowed with a csv provider; name the folder of the CSV files")
        if self.macro == "csv" and self.macro_dir is None:
            raise ValueError("data.macro_dir null is not allowed with data.macro csv; name the folder of the CSV files")
        return self


class VenueSettings(_Section):
    """Where orders go in live runs."""

    name: VenueName = Field("simulated", description="The venue.")
    base_url: str | None = Field(
        None, pattern=ADDRESS_PATTERN, description="Replaces scheme://host[:port] of every exchange REST address."
    )
    max_retries: StrictInt = Field(8, ge=0, le=100, description="Tries after the first before giving up.")
    timeout_seconds: StrictFloat = Field(10, gt=0, le=600, description="Longest wait for one whole answer.")
    settle_seconds: StrictFloat = Field(
        60,
        ge=0,
        le=3600,
        description="For so long at least an order that is not there is asked for before it is taken as never placed, "
        "and the first orders of a start with a past wait; never less than the exchange's receive window and the "
        "longest answer.",
    )


class Live(_Section):
    """Timing of live runs."""

    poll_seconds: StrictFloat = Field(
        20,
        gt=0,
        le=LONGEST_WAIT_SECONDS,
        allow_inf_nan=False,
        description="Pause between looks at the exchange's clock.",
    )
    index_wait_seconds: StrictFloat = Field(
        21600,
        ge=0,
        le=LONGEST_WAIT_SECONDS,
        allow_inf_nan=False,
        description="How long a late index session, or a series that cannot be had, is waited for after the day's end.",
    )
    grace_seconds: StrictFloat = Field(
        60,
        ge=0,
        le=LONGEST_WAIT_SECONDS,
        allow_inf_nan=False,
        description="Wait after the day's end, before the decision.",
    )


class StudySettings(_Section):
    """How the claims of the thesis are judged."""

    alpha: StrictFloat = Field(0.1, gt=0, lt=1, description="Rate of false discoveries that is accepted.")
    draws: StrictInt = Field(
        9999, ge=1, le=1_000_000, description="Draws of each resampling; fewer than 9,999 cannot support anything."
    )


class Config(_Section):
    """The whole configuration of one bot."""

    name: Name = Field(
        "", description="Name of the run folders; null: the strategy's.", json_schema_extra={"default": None}
    )
    strategy: SerializeAsAny[StrategyParams]
    window: Window = Window()
    account: Account = Account()
    costs: CostRates = CostRates()
    risk: RiskSettings = RiskSettings()
    data: SerializeAsAny[Data] = Data()
    venue: SerializeAsAny[VenueSettings] = VenueSettings()
    live: Live = Live()
    study: StudySettings = StudySettings()
    notify: tuple[str, ...] = Field((), description="Addresses that alerts go to; nothing is sent yet.")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Values) -> Values:
        # Resolved here, so that a run that was begun under its strategy's name, written out, is the same run.
        strategy = values.get("strategy")
        if values.get("name") is None and isinstance(strategy, StrategyParams):
            return {**values, "name": strategy.name}
        return values

    def effective(self) -> Values:
        """Give every key with the value in force, as plain JSON values."""
        return self.model_dump(mode="json", by_alias=True)

    def sha256(self) -> str:
        """Digest the effective configuration."""
        values = self.effective()
        # How claims are judged changes no run.
        del values["study"]
        # What came later counts where it is set: a run that sets none of it keeps the digest that it always had.
        for section, model in (("data", self.data), ("strategy", self.strategy), ("risk", self.risk)):
            for key in model.late_keys:
                if getattr(model, key) == type(model).model_fields[key].get_default(call_default_factory=True):
                    del values[section][key]
            if not values[section]:
                del values[section]
        # Keys are not sorted: the order of a basket is the order of its trades.
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()
