"""CSV files as users have them: read to the last bit, or refused in one sentence with the line."""

import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.data.csv_files import CsvBars, read_csv_bars
from engine.data.sessions import NewYorkSessions

HEADER = "date,open,high,low,close,volume"
ROWS = ("2024-01-01,10,12,9,11,100", "2024-01-02,11,13,10,12,200", "2024-01-03,12,14,11,13,300")


def written(folder: Path, *rows: str, header: str = HEADER, name: str = "BTC.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> BarSeries:
    return read_csv_bars(path, "BTC", index=False)


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as refused:
        read(path)
    message = str(refused.value)
    assert "\n" not in message
    return message.removeprefix(str(path))


def prices_folder() -> Path:
    folder = Path(os.environ.get("PRICES_DIR", Path(__file__).parents[3] / "shared" / "data" / "prices"))
    if not folder.is_dir():
        pytest.skip("the folder of real prices is not here")
    return folder


def test_columns_and_days_are_read_as_written(tmp_path: Path) -> None:
    bars = read(written(tmp_path, *ROWS))

    assert bars.symbol == "BTC"
    assert [str(day) for day in bars.days] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert bars.open.tolist() == [10, 11, 12]
    assert bars.high.tolist() == [12, 13, 14]
    assert bars.low.tolist() == [9, 10, 11]
    assert bars.close.tolist() == [11, 12, 13]
    assert bars.volume.tolist() == [100, 200, 300]
    assert str(bars.known_at[0]) == "2024-01-02T00:00:00"


def test_a_bar_of_an_index_is_known_at_the_closing_bell(tmp_path: Path) -> None:
    bars = read_csv_bars(written(tmp_path, "2024-01-02,1,1,1,1,1", "2024-07-02,1,1,1,1,1"), "RUT", index=True)

    # 16:00 New York is 21:00 UTC in winter and 20:00 UTC in summer.
    assert [str(instant) for instant in bars.known_at] == ["2024-01-02T21:00:00", "2024-07-02T20:00:00"]


@pytest.mark.parametrize("text", ["0.1", "134.4440002", "1e-8", "12345.678901234567", "2.5E+3", ".5", "5.", "+7"])
def test_prices_are_the_nearest_float_to_their_text(tmp_path: Path, text: str) -> None:
    bars = read(written(tmp_path, f"2024-01-01,{text},{text},{text},{text},1"))

    assert bars.close[0] == float(text)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + "\n".join([HEADER, *ROWS]) + "\n",
        "\r\n".join([HEADER, *ROWS]) + "\r\n",
        "\r".join([HEADER, *ROWS]),
        "\n".join([HEADER, *ROWS]),
        "\n".join([HEADER, *ROWS]) + "\n\n \n",
        "\n".join([HEADER.upper(), *ROWS]),
        "\n".join(["Date, Open, High, Low, Close, Volume", *ROWS]),
        "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in (HEADER, *ROWS)),
        "\n".join(["close,volume,date,low,high,open,Adj Close"])
        + "\n11,100,2024-01-01,9,12,10,x\n12,200,2024-01-02,10,13,11,\n13,300,2024-01-03,11,14,12,z",
        "\n".join(["date,note,open,high,low,close,volume"])
        + '\n2024-01-01,"a, b",10,12,9,11,100\n2024-01-02,"c\nd",11,13,10,12,200\n2024-01-03,,12,14,11,13,300',
    ],
    ids=["bom", "crlf", "cr", "no last line end", "blank end", "capitals", "spaces", "quotes", "order", "quoted cells"],
)
def test_other_spellings_of_the_same_bars_give_the_same_digest(tmp_path: Path, content: str) -> None:
    plain = CsvBars(written(tmp_path, *ROWS).parent, index=False).load("BTC")
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "BTC.csv").write_bytes(content.encode())

    other = CsvBars(folder, index=False).load("BTC")

    assert other.sha256 == plain.sha256
    assert np.array_equal(other.bars.close, plain.bars.close)


def test_other_bars_have_another_digest(tmp_path: Path) -> None:
    folder = written(tmp_path, *ROWS).parent
    written(tmp_path, *ROWS[:2], "2024-01-03,12,14,11,13.000000000000002,300", name="ETH.csv")

    provider = CsvBars(folder, index=False)

    assert provider.load("BTC").sha256 != provider.load("ETH").sha256


def test_a_missing_volume_column_and_empty_volumes_are_allowed(tmp_path: Path) -> None:
    without = read(written(tmp_path, "2024-01-01,10,12,9,11", header="date,open,high,low,close"))
    empty = read(written(tmp_path, "2024-01-01,10,12,9,11,", "2024-01-02,10,12,9,11,NaN", "2024-01-03,10,12,9,11,5"))

    assert np.isnan(without.volume).all()
    assert np.isnan(empty.volume).tolist() == [True, True, False]


def test_gaps_of_a_coin_are_counted_and_told(tmp_path: Path) -> None:
    loaded = CsvBars(written(tmp_path, ROWS[0], ROWS[2]).parent, index=False).load("BTC")

    assert loaded.missing == 1
    assert loaded.gaps == ("BTC: no bar on 2024-01-02 (1 day)",)
    assert (loaded.source, loaded.synthetic, loaded.fetched_at) == ("csv BTC.csv", False, None)


def test_gaps_of_an_index_are_sessions_of_new_york(tmp_path: Path) -> None:
    # Between Friday 5 and Thursday 18 January 2024: six weekdays, of which Monday 15 is Martin Luther King's.
    days = ["2024-01-05", "2024-01-08", "2024-01-11", "2024-01-12", "2024-01-16", "2024-01-17", "2024-01-18"]
    path = written(tmp_path, *(f"{day},1,1,1,1,1" for day in days), name="RUT.csv")

    loaded = CsvBars(path.parent, index=True).load("RUT")

    assert loaded.gaps == ("RUT: no bar on 2024-01-09 to 2024-01-10 (2 sessions)",)
    assert loaded.missing == 2


def index_refusal(folder: Path, days: Sequence[str]) -> str:
    path = written(folder, *(f"{day},10,12,9,11,100" for day in days), name="RUT.csv")
    with pytest.raises(DataError) as refused:
        CsvBars(folder, index=True).load("RUT")
    assert "\n" not in str(refused.value)
    return str(refused.value).removeprefix(str(path))


def test_a_bar_of_the_index_on_a_closed_day_is_refused_with_its_line(tmp_path: Path) -> None:
    # Christmas 2024 is a Wednesday; a flat row is no better in a file.
    days = ["2024-12-23", "2024-12-24", "2024-12-25", "2024-12-26", "2024-12-28"]

    assert index_refusal(tmp_path, days) == (
        ", line 4 (2024-12-25): New York was closed on that Wednesday; 2 bars are of such days"
    )


@pytest.mark.parametrize(("offset", "span"), [(-1, "a day"), (1, "a day"), (-7, "a week"), (7, "a week")])
def test_an_index_file_that_is_shifted_is_named_as_such(tmp_path: Path, offset: int, span: str) -> None:
    sessions = NewYorkSessions().between(date(2023, 1, 3), date(2024, 12, 31))
    late = timedelta(days=offset)

    # The first session of 2023 is Tuesday 3 January.
    assert index_refusal(tmp_path, [str(day + late) for day in sessions.tolist()]).startswith(
        f", line 2: the whole series is shifted by {span}: the session of 2023-01-03 is dated {date(2023, 1, 3) + late}"
    )
    # The 250 sessions of 2023 and the 124 of the first half of 2024 stand in the lines before.
    from_july = [str(day + late) if day >= date(2024, 7, 1) else str(day) for day in sessions.tolist()]
    assert index_refusal(tmp_path, from_july).startswith(
        f", line 376: from {date(2024, 7, 1) + late} on the series is shifted by {span}: the session of 2024-07-01 is"
    )


def test_a_session_of_the_index_that_is_given_twice_stays_refused(tmp_path: Path) -> None:
    assert index_refusal(tmp_path, ["2024-12-23", "2024-12-24", "2024-12-24", "2024-12-26"]) == (
        ", line 4: date 2024-12-24 is given twice; dates must ascend and be unique"
    )


def test_rows_of_the_index_before_the_calendar_is_certain_are_read(tmp_path: Path) -> None:
    # 7 January 1950 is a Saturday, and was a session.
    path = written(tmp_path, "1950-01-06,10,12,9,11,100", "1950-01-07,10,12,9,11,100", name="SPX.csv")

    assert len(read_csv_bars(path, "SPX", index=True)) == 2


def test_sessions_of_the_future_are_read_and_holidays_of_the_future_refused(tmp_path: Path) -> None:
    # By the rules of today; 4 July 2031 is a Friday.
    assert len(read_csv_bars(written(tmp_path, "2031-07-03,10,12,9,11,100"), "RUT", index=True)) == 1
    assert index_refusal(tmp_path, ["2031-07-03", "2031-07-04"]) == (
        ", line 3 (2031-07-04): New York was closed on that Friday"
    )


BAD_ROWS = {
    "text": ("2024-01-02,abc,13,10,12,200", "line 3: open 'abc' is not a plain number like 1234.5"),
    "thousands": ('2024-01-02,"1,234.5",13,10,12,200', "line 3: open '1,234.5' is not a plain number like 1234.5"),
    "currency": ("2024-01-02,$3,13,10,12,200", "line 3: open '$3' is not a plain number like 1234.5"),
    "hexadecimal": ("2024-01-02,0x10,13,10,12,200", "line 3: open '0x10' is not a plain number like 1234.5"),
    "underscore": ("2024-01-02,11,1_3,10,12,200", "line 3: high '1_3' is not a plain number like 1234.5"),
    "boolean": ("2024-01-02,11,13,True,12,200", "line 3: low 'True' is not a plain number like 1234.5"),
    "other digits": ("2024-01-02,11,13,10,١٢,200", "line 3: close '١٢' is not a plain number like 1234.5"),
    "text volume": ("2024-01-02,11,13,10,12,many", "line 3: volume 'many' is not a plain number like 1234.5"),
    "empty": ("2024-01-02,11,13,10,,200", "line 3: close is empty"),
    "nan": ("2024-01-02,11,13,nan,12,200", "line 3: low is nan"),
    "NaN": ("2024-01-02,NaN,13,10,12,200", "line 3: open is NaN"),
    "infinite": ("2024-01-02,11,inf,10,12,200", "line 3 (2024-01-02): high inf is not a positive number"),
    "too large": ("2024-01-02,11,1e400,10,12,200", "line 3 (2024-01-02): high inf is not a positive number"),
    "negative": ("2024-01-02,11,13,-10,12,200", "line 3 (2024-01-02): low -10.0 is not a positive number"),
    "zero": ("2024-01-02,0,13,10,12,200", "line 3 (2024-01-02): open 0.0 is not a positive number"),
    "high below low": ("2024-01-02,11,9,10,12,200", "line 3 (2024-01-02): high 9.0 is below low 10.0"),
    "close above high": (
        "2024-01-02,11,13,10,14,200",
        "line 3 (2024-01-02): close 14.0 lies outside low 10.0 and high 13.0",
    ),
    "negative volume": ("2024-01-02,11,13,10,12,-1", "line 3 (2024-01-02): volume -1.0 is negative"),
    "duplicate": (
        "2024-01-01,11,13,10,12,200",
        "line 3: date 2024-01-01 is given twice; dates must ascend and be unique",
    ),
    "out of order": (
        "2023-12-31,11,13,10,12,200",
        "line 3: date 2023-12-31 comes after 2024-01-01; dates must ascend and be unique",
    ),
    "short": ("2024-01-02,11,13,10,12", "line 3: has 5 columns where the header has 6"),
    "long": ("2024-01-02,11,13,10,12,200,7", "line 3: has 7 columns where the header has 6"),
    "blank": ("", "line 3: is blank; each line after the header is one bar"),
    "no such month": (
        "2024-13-01,11,13,10,12,200",
        "line 3: date '2024-13-01' is not in the calendar; dates like 2024-01-31 are wanted",
    ),
    "no such day": (
        "2023-02-29,11,13,10,12,200",
        "line 3: date '2023-02-29' is not in the calendar; dates like 2024-01-31 are wanted",
    ),
    "year 0": (
        "0000-01-01,11,13,10,12,200",
        "line 3: date '0000-01-01' is not in the calendar; dates like 2024-01-31 are wanted",
    ),
    "American date": ("01/02/2024,11,13,10,12,200", "line 3: date '01/02/2024' is not of the form 2024-01-31"),
    "with time": (
        "2024-01-02T00:00:00,11,13,10,12,200",
        "line 3: date '2024-01-02T00:00:00' is not of the form 2024-01-31",
    ),
    "compact date": ("20240102,11,13,10,12,200", "line 3: date '20240102' is not of the form 2024-01-31"),
    "month alone": ("2024-01,11,13,10,12,200", "line 3: date '2024-01' is not of the form 2024-01-31"),
    "seven digits": ("0002024-01,11,13,10,12,200", "line 3: date '0002024-01' is not of the form 2024-01-31"),
    "minus": ("-024-01-02,11,13,10,12,200", "line 3: date '-024-01-02' is not of the form 2024-01-31"),
    "space": (" 024-01-02,11,13,10,12,200", "line 3: date ' 024-01-02' is not of the form 2024-01-31"),
    "quoted short": ('"2024-01-02","11","13","10","12"', "line 3: has 5 columns where the header has 6"),
    "today": ("today,11,13,10,12,200", "line 3: date 'today' is not of the form 2024-01-31"),
    "empty date": (",11,13,10,12,200", "line 3: date '' is not of the form 2024-01-31"),
    "NaT": ("NaT,11,13,10,12,200", "line 3: date 'NaT' is not of the form 2024-01-31"),
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.values(), ids=list(BAD_ROWS))
def test_a_bad_row_is_named_with_its_line_and_reason(tmp_path: Path, row: str, reason: str) -> None:
    path = written(tmp_path, ROWS[0], row, "2024-01-05,12,14,11,13,300")

    assert refusal(path) == f", {reason}"


@pytest.mark.parametrize("row", ["2024-01-02,11,13,10,12", "2024-01-02,11,13,10,12,200,7"])
def test_rows_all_longer_or_shorter_than_the_header_are_refused(tmp_path: Path, row: str) -> None:
    # pandas would take the first column of rows that are all too long for an index, in silence.
    assert refusal(written(tmp_path, row)).startswith(", line 2: has ")


def test_a_short_and_a_long_row_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS[0], "2024-01-02,11,13,10,12", "2024-01-03,12,14,11,13,300,1")

    assert refusal(path) == ", line 3: has 5 columns where the header has 6"


def test_the_line_of_a_row_after_a_cell_of_two_lines_is_right(tmp_path: Path) -> None:
    path = written(
        tmp_path, '2024-01-01,10,12,9,11,"a\nb"', "2024-01-02,11,9,10,12,c", header="date,open,high,low,close,note"
    )

    assert refusal(path) == ", line 4 (2024-01-02): high 9.0 is below low 10.0"


def test_a_quotation_mark_that_is_never_closed_is_refused(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, ROWS[0], '2024-01-02,"11,13,10,12,200')).startswith(", after line 2: not readable")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "BTC.csv"
    for content in ("", "\n\n", "\ufeff"):
        path.write_text(content, encoding="utf-8")
        assert refusal(path).startswith(": is empty; a header date,open,")


def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    assert refusal(written(tmp_path)) == ": holds a header and no row; a bar a line is wanted"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("date,open,high,low,volume,x", ", line 1: the header lacks the column close; it is "),
        ("2024-01-01,10,12,9,11,100", ", line 1: the header lacks the column date; it is '2024-01-01,10"),
        ("date;open;high;low;close;volume", ", line 1: the header lacks the column date; columns are separated by ';'"),
        ("date,open,high,low,close,Close", ", line 1: the header has the column close twice"),
    ],
)
def test_a_wrong_header_is_told_with_what_it_lacks(tmp_path: Path, header: str, reason: str) -> None:
    assert refusal(written(tmp_path, *ROWS, header=header)).startswith(reason)


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "BTC.csv"
    path.write_bytes(f"{HEADER}\n{ROWS[0]}\n2024-01-02,1\xa01,13,10,12,200\n".encode("latin-1"))
    assert refusal(path).startswith(", line 3: is not UTF-8 text")

    path.write_bytes("\n".join([HEADER, *ROWS]).encode("utf-16"))
    assert refusal(path).startswith(", line 1: is not UTF-8 text")

    path.write_bytes("\n".join([HEADER, *ROWS]).encode("utf-16-le"))
    assert refusal(path).startswith(", line 1: holds a zero byte")


def test_a_missing_file_is_told_with_the_files_that_are_there(tmp_path: Path) -> None:
    written(tmp_path, *ROWS, name="ETH.csv")
    written(tmp_path, *ROWS, name="BTC.csv")

    with pytest.raises(DataError) as refused:
        CsvBars(tmp_path, index=False).load("SOL")

    assert str(refused.value) == f"{tmp_path / 'SOL.csv'}: no such file; {tmp_path} holds BTC.csv, ETH.csv"


def test_a_long_list_of_files_is_cut(tmp_path: Path) -> None:
    for number in range(20):
        written(tmp_path, *ROWS, name=f"C{number:02}.csv")

    assert refusal(tmp_path / "SOL.csv").endswith("C10.csv, C11.csv and 8 more")


def test_a_folder_without_csv_files_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "BTC.csv") == f": no such file; {tmp_path} holds no CSV file at all"


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    assert refusal(folder / "BTC.csv") == f": no such file, because there is no folder {folder}; see data.csv_dir"


def test_a_file_given_as_the_folder_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, *ROWS)
    assert refusal(path / "BTC.csv") == f": no such file, because {path} is not a folder; see data.csv_dir"


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "BTC.csv").mkdir()
    assert refusal(tmp_path / "BTC.csv") == ": is a folder; a CSV file of bars is wanted"


def test_an_unreadable_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, *ROWS)

    # Taking the permission away does not stop a superuser, whom tests in containers often run as.
    def denied(_path: Path, _mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)

    assert refusal(path) == ": cannot be read: Permission denied"


def test_a_line_without_an_end_is_told_and_not_read_to_it(tmp_path: Path) -> None:
    path = written(tmp_path, *ROWS)
    with path.open("ab") as file:
        file.write(b"2024-01-31," + b"1" * 1_000_000)

    assert refusal(path) == f", line {len(ROWS) + 2}: is longer than 65,536 bytes; a bar a line is wanted"


def test_rows_of_the_future_are_read(tmp_path: Path) -> None:
    bars = read(written(tmp_path, *ROWS, "2999-12-31,12,14,11,13,300"))

    assert bars.last_day == date(2999, 12, 31)


@pytest.mark.parametrize("symbol", ["RUT", "IWM", "SPY", "QQQ", "GLD", "SLV", "NVDA", "VIX"])
def test_real_us_series_have_bars_on_sessions_alone(symbol: str) -> None:
    assert CsvBars(prices_folder(), index=True).load(symbol).missing == 0


def test_real_prices_are_read_to_the_last_bit() -> None:
    folder = prices_folder()

    for symbol, index in (("BTC", False), ("RUT", True)):
        loaded = CsvBars(folder, index=index).load(symbol)
        lines = (folder / f"{symbol}.csv").read_text(encoding="utf-8").splitlines()[1:]
        cells = [line.split(",") for line in lines]
        assert [str(day) for day in loaded.bars.days] == [row[0] for row in cells]
        for column, name in enumerate(("open", "high", "low", "close"), start=1):
            # Python's float is the nearest one by definition.
            assert getattr(loaded.bars, name).tolist() == [float(row[column]) for row in cells]
        assert loaded.missing == 0
