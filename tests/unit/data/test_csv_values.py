"""Series from CSV files: what is read, what is no observation, and what is refused with its line."""

from pathlib import Path

import pytest

from engine.core.errors import DataError
from engine.core.series import SeriesKind
from engine.data.csv_values import CsvValues
from engine.data.series_table import series_rule


@pytest.fixture
def provider(tmp_path: Path) -> CsvValues:
    return CsvValues(tmp_path, series_rule)


def write(folder: CsvValues, text: str, name: str = "WALCL") -> None:
    (folder.folder / f"{name}.csv").write_text(text, encoding="utf-8")


def refused(provider: CsvValues, text: str) -> str:
    write(provider, text)
    with pytest.raises(DataError) as caught:
        provider.load("WALCL")
    return str(caught.value).removeprefix(f"{provider.folder}/")


def test_a_file_is_read_and_published_by_its_series_rule(provider: CsvValues) -> None:
    write(provider, "date,value\n2024-11-20,6923000\n2024-11-27,6905000\n")

    loaded = provider.load("WALCL")

    assert (loaded.series.values.tolist(), loaded.series.kind) == ([6923000.0, 6905000.0], SeriesKind.WEEKLY)
    assert [str(at) for at in loaded.series.known_at] == ["2024-11-21T21:30:00", "2024-11-29T21:30:00"]
    assert (loaded.source, loaded.synthetic, loaded.fetched_at) == ("csv WALCL.csv", False, None)


def test_an_empty_value_is_no_observation(provider: CsvValues) -> None:
    write(provider, "date,value\n2024-11-20,\n2024-11-27,6905000\n2024-12-04,nan\n")

    assert provider.load("WALCL").series.values.tolist() == [6905000.0]


@pytest.mark.parametrize("head", ["observation_date,WALCL", "DATE,WALCL", "observation_date,value"])
def test_a_download_of_fred_is_read_as_it_is(provider: CsvValues, head: str) -> None:
    write(provider, f"{head}\n2024-11-20,6923000\n2024-11-27,.\n2024-12-04,\n2024-12-11,6905000\n")

    assert provider.load("WALCL").series.values.tolist() == [6923000.0, 6905000.0]


def test_a_download_under_the_id_that_it_has_there_is_read_too(provider: CsvValues) -> None:
    assert series_rule("HY_OAS").id == "BAMLH0A0HYM2"
    write(provider, "observation_date,BAMLH0A0HYM2\n2024-11-20,2.6\n", "HY_OAS")

    assert provider.load("HY_OAS").series.values.tolist() == [2.6]


def test_columns_may_stand_in_any_order_and_values_below_nothing(provider: CsvValues) -> None:
    write(provider, "note,value,date\nx,-0.6,2025-01-03\ny,-0.61,2025-01-10\n", "NFCI")

    loaded = provider.load("NFCI")

    assert (loaded.series.values.tolist(), loaded.remark) == ([-0.6, -0.61], "revised history")


def test_equal_values_have_the_same_digest_wherever_they_come_from(provider: CsvValues) -> None:
    write(provider, "date,value\n2024-11-20,1\n2024-11-27,2\n")
    one = provider.load("WALCL").sha256
    write(provider, "value,date\r\n1.0,2024-11-20\r\n2.00,2024-11-27\r\n")

    assert provider.load("WALCL").sha256 == one
    write(provider, "date,value\n2024-11-20,1\n2024-11-28,2\n")
    assert provider.load("WALCL").sha256 != one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,value\n2024-11-20,1\n2024-11-27,many\n", "WALCL.csv, line 3: value 'many' is not a plain number"),
        ("date,value\n2024-11-20,1\n27.11.2024,2\n", "WALCL.csv, line 3: date '27.11.2024' is not of the form"),
        ("date,value\n2024-11-31,1\n", "WALCL.csv, line 2: date '2024-11-31' is not in the calendar"),
        ("date,value\n2024-11-27,1\n2024-11-20,2\n", "WALCL.csv, line 3: date 2024-11-20 comes after 2024-11-27"),
        ("date,value\n2024-11-27,1\n2024-11-27,2\n", "WALCL.csv, line 3: date 2024-11-27 is given twice"),
        ("date,value\n2024-11-27,1,2\n", "WALCL.csv, line 2: has 3 columns where the header has 2"),
        ("date,value\n2024-11-27\n", "WALCL.csv, line 2: has 1 columns where the header has 2"),
        ("date,value\n2024-11-27,1\n\n2024-12-04,2\n", "WALCL.csv, line 3: is blank; each line after the header is"),
        ("date,close\n2024-11-27,1\n", "WALCL.csv, line 1: the header lacks the column value; it is 'date,close'"),
        ("date;value\n2024-11-27;1\n", "WALCL.csv, line 1: the header lacks the column date; columns are"),
        ("date,value\n", "WALCL.csv: holds a header and no row; a value a line is wanted"),
        ("", "WALCL.csv: is empty; a header date,value and a value a line are wanted"),
        ("date,value\n2024-11-27,1e400\n", "WALCL.csv, line 2 (2024-11-27): value inf is not a number"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(provider: CsvValues, text: str, said: str) -> None:
    assert refused(provider, text).startswith(said)


def test_a_file_that_is_not_there_is_named_with_its_key(provider: CsvValues, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"WALCL\.csv: no such file; .* holds no CSV file at all"):
        provider.load("WALCL")
    with pytest.raises(DataError, match=r"there is no folder .*nowhere; see data\.macro_dir"):
        CsvValues(tmp_path / "nowhere", series_rule).load("WALCL")


def test_a_file_of_another_name_is_what_its_series_says(tmp_path: Path) -> None:
    provider = CsvValues(tmp_path, lambda name: series_rule(name, source="csv:MINE"))
    write(provider, "date,value\n2024-11-20,1\n", "MINE")

    assert provider.load("WALCL").series.name == "WALCL"


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("WALCL", {}, ("weekly", "fred", "WALCL")),
        ("HY_OAS", {}, ("daily", "fred", "BAMLH0A0HYM2")),
        ("HY_OAS", {"source": "fred"}, ("daily", "fred", "BAMLH0A0HYM2")),
        ("HY_OAS", {"source": "fred:BAMLH0A0HYM2@2024-01-31"}, ("daily", "fred", "BAMLH0A0HYM2@2024-01-31")),
        ("HY_OAS", {"source": "csv"}, ("daily", "csv", "")),
        ("UNRATE", {}, ("daily", "csv", "")),
        ("UNRATE", {"source": "fred", "kind": SeriesKind.MONTHLY}, ("monthly", "fred", "UNRATE")),
        ("DOLLAR", {"source": "yahoo:DX-Y.NYB"}, ("daily", "yahoo", "DX-Y.NYB")),
        ("WALCL", {"kind": SeriesKind.DAILY}, ("daily", "fred", "WALCL")),
    ],
)
def test_the_configuration_lies_over_what_is_known(name: str, settings: dict[str, str], expected: object) -> None:
    rule = series_rule(name, **settings)  # type: ignore[arg-type] # each is of its own type

    assert (rule.kind, rule.source, rule.id) == expected


def test_a_lag_takes_the_place_of_the_rule_of_publication_and_nothing_else() -> None:
    rule, known = series_rule("NFCI", lag_days=10), series_rule("NFCI")

    assert (rule.kind, rule.source, rule.id, rule.remark) == (known.kind, known.source, known.id, known.remark)
    assert rule.publication is not known.publication
