"""The dashboard over HTTP: what it answers, to whom, and that it follows a journal without disturbing anybody."""

import json
import os
import socket
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest

from engine.core.events import DayDecided, Event, OrderUnresolved, RunStarted
from engine.core.order import Order, Side
from engine.dashboard import pages
from engine.dashboard.board import Board, RunView
from engine.dashboard.connections import MOST_CONNECTIONS
from engine.dashboard.folders import LARGE_BYTES
from engine.journal.chain import Head
from engine.journal.codec import EventCodec
from engine.journal.lock import only_writer
from engine.journal.sqlite import JOURNAL_FILE, OtherJournalError, SqliteJournal, records_after
from engine.record import run_outline
from engine.record.run_record import read_summary
from strategies.hold import HoldState
from tests.support.command import entries_below
from tests.support.dashboard import TOKEN, Served, asked, served, write_summary
from tests.support.patience import PATIENCE_SECONDS

CODEC = EventCodec(HoldState)
AT = datetime(2024, 1, 1, tzinfo=UTC)
HOSTILE = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
PAPER = "paper-x-simulated"


def started() -> Event:
    return RunStarted(first_day=date(2024, 1, 1), cash=Decimal(1000), quote="USDT", core="BTC")


def decided(day: int, *, reason: str = "hold") -> Event:
    return DayDecided(
        day=date(2024, 1, day),
        state="CORE",
        next_state="CORE",
        reason=reason,
        evidence={},
        targets={},
        changed=False,
        equity=Decimal(1000 + day),
        cash=Decimal(1000),
        core_close=Decimal(1),
        memory=HoldState(),
    )


def unresolved(message: str) -> Event:
    order = Order(
        client_order_id="x-20240101-BTC-b1-1",
        asset="BTC",
        symbol="BTC/USDT",
        side=Side.BUY,
        quantity=Decimal(1),
        decision_day=date(2024, 1, 1),
        reason=message,
    )
    return OrderUnresolved(at=AT, order=order, message=message)


def paper(out: Path, *events: Event) -> SqliteJournal:
    folder = out / PAPER
    folder.mkdir(parents=True, exist_ok=True)
    journal = SqliteJournal(folder / JOURNAL_FILE, CODEC, at=AT)
    journal.append_all([started(), *events])
    return journal


def connected(dashboard: Served) -> socket.socket:
    place = urlsplit(dashboard.url)
    return socket.create_connection((str(place.hostname), place.port or 0), timeout=PATIENCE_SECONDS)


def said(dashboard: Served, request: bytes) -> bytes:
    """Send bytes as they are; give what came back until the end."""
    with connected(dashboard) as one:
        answer = b""
        try:
            one.sendall(request)
            while part := one.recv(65536):
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer


def fragment(dashboard: Served, name: str = PAPER) -> str:
    answer = dashboard.get(f"/runs/{quote(name, safe='')}/live")
    assert answer.status == 200, answer
    return answer.text


def test_an_empty_or_missing_folder_is_no_error(tmp_path: Path) -> None:
    with served(tmp_path / "logs") as dashboard:
        assert "No runs in" in dashboard.get("/").text
        write_summary(tmp_path / "logs" / "backtest-x")
        assert "backtest-x" in dashboard.get("/live").text


def test_damaged_foreign_and_newer_folders_have_a_sentence_and_the_rest_is_there(tmp_path: Path) -> None:
    write_summary(tmp_path / "whole")
    write_summary(tmp_path / "newer", schema=99)
    write_summary(tmp_path / "cut").joinpath("summary.json").write_text('{"mode": "ba', encoding="utf-8")
    write_summary(tmp_path / "half").joinpath("decisions.jsonl").write_text('{"day": 1}\n', encoding="utf-8")
    (tmp_path / "foreign").mkdir()
    os.mkfifo(write_summary(tmp_path / "pipe") / "run.log")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")

    with served(tmp_path) as dashboard:
        text = dashboard.get("/").text
        pages = {name: fragment(dashboard, name) for name in ("whole", "newer", "cut", "half", "foreign", "pipe")}

    for name in pages:
        assert f"/runs/{name}" in text
    assert ".hidden" not in text
    assert "/runs/file" not in text
    assert "+50.0%" in text
    problems = {name: page.partition('class="problem">')[2].partition("<")[0] for name, page in pages.items()}
    assert problems["whole"] == ""
    assert "newer version" in problems["newer"]
    assert "damaged" in problems["cut"]
    assert "half of one" in problems["half"] or "damaged" in problems["half"]
    assert "no run folder" in problems["foreign"]
    assert "no plain file" in problems["pipe"]


def test_a_second_line_of_the_list_tells_a_run_by_its_label_and_the_keys_of_its_own(tmp_path: Path) -> None:
    keys = {"strategy.hold_weeks": 12, "strategy.confirmations": ["calm", {"not": "season"}]}
    write_summary(tmp_path / "told", strategy="rotation", label="mine", settings=keys)
    write_summary(tmp_path / "hostile", strategy="rotation", label=HOSTILE)
    write_summary(tmp_path / "plain", strategy="rotation", label=None, settings={})

    with served(tmp_path) as dashboard:
        rows = dashboard.get("/").text.split("<tr>")

    second = {
        name: next(row for row in rows if f"/runs/{name}" in row).partition("<small")[2].partition("</small>")[0]
        for name in ("told", "hostile", "plain")
    }
    assert second["told"].partition(">")[2] == (
        "rotation · mine · strategy.hold_weeks=12 strategy.confirmations=[&#34;calm&#34;, {&#34;not&#34;: &#34;seaso…"
    )
    assert "&lt;script&gt;" in second["hostile"]
    assert "<script" not in second["hostile"]
    assert second["plain"] == ""


def test_five_hundred_runs_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counted(folder: Path, *, wanted: bool = True) -> object:
        read.append(folder)
        return read_summary(folder, wanted=wanted)

    monkeypatch.setattr(run_outline, "read_summary", counted)
    for number in range(500):
        write_summary(tmp_path / f"backtest-{number:03}")

    with served(tmp_path) as dashboard:
        first = dashboard.get("/live")
        second = dashboard.get("/live", If_None_Match=first.headers["ETag"])
        changed = tmp_path / "backtest-007" / "summary.json"
        changed.write_text(changed.read_text(encoding="utf-8").replace("0.5", "0.777"), encoding="utf-8")
        third = dashboard.get("/live", If_None_Match=first.headers["ETag"])

    assert first.text.count("<tr>") == 501
    assert (second.status, second.body) == (304, b"")
    assert "+77.7%" in third.text
    assert len(read) == 501


@pytest.mark.parametrize(
    ("name", "size"), [("decisions.jsonl", 300 << 20), ("summary.json", 5 << 20), (JOURNAL_FILE, 200 << 20)]
)
def test_a_folder_with_a_file_too_large_to_read_is_a_sentence_and_costs_nothing(
    tmp_path: Path, name: str, size: int
) -> None:
    write_summary(tmp_path / "small")
    with (write_summary(tmp_path / "huge") / name).open("ab") as file:
        # A hole: it takes no room on the disk, and all of it if it is read.
        file.truncate(size)

    with served(tmp_path) as dashboard:
        runs, huge, report = (dashboard.get(path) for path in ("/", "/runs/huge", "/runs/huge/report"))

    sentence = f"{name} holds {size:,} bytes; up to "
    assert (runs.status, huge.status, report.status) == (200, 200, 404)
    assert sentence in runs.text
    assert sentence in huge.text
    assert "+50.0%" in runs.text


def test_a_run_that_takes_long_holds_up_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(view: RunView) -> str:
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return "at last"

    monkeypatch.setattr(pages, "run_fragment", slow)
    write_summary(tmp_path / "x")

    with served(tmp_path) as dashboard, ThreadPoolExecutor() as pool:
        run = pool.submit(dashboard.get, "/runs/x")
        assert begun.wait(PATIENCE_SECONDS)
        runs = dashboard.get("/live")
        go_on.set()

        assert (runs.status, run.result().status) == (200, 200)


def test_a_large_run_that_takes_long_holds_up_no_other_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(view: RunView) -> str:
        if view.row.name == "large":
            begun.set()
            assert go_on.wait(PATIENCE_SECONDS)
        return view.row.name

    monkeypatch.setattr(pages, "run_fragment", slow)
    write_summary(tmp_path / "x")
    (write_summary(tmp_path / "large") / "run.log").write_bytes(b" " * (LARGE_BYTES + 1))

    with served(tmp_path) as dashboard, ThreadPoolExecutor() as pool:
        large = pool.submit(dashboard.get, "/runs/large")
        assert begun.wait(PATIENCE_SECONDS)
        other = pool.submit(dashboard.get, "/runs/x")
        shown = not wait((other,), timeout=PATIENCE_SECONDS).not_done
        go_on.set()

        assert shown
        assert (large.result().status, other.result().status) == (200, 200)


def test_runs_that_are_over_are_not_looked_at_file_by_file_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        write_summary(tmp_path / f"backtest-{number:02}")
    board = Board(tmp_path)
    first = board.folders.rows()
    looked: list[str] = []
    real = os.lstat

    def lstat(path: str) -> os.stat_result:
        looked.append(path)
        return real(path)

    monkeypatch.setattr(os, "lstat", lstat)

    second = board.folders.rows()

    assert second == first
    assert len(looked) == 2 * 50


@pytest.mark.parametrize(
    "path",
    [
        "/runs/../../etc/passwd",
        "/runs/..%2f..%2fetc%2fpasswd",
        "/runs/%2e%2e",
        "/runs/%2e%2e/report",
        "/runs/..%5c..%5cetc",
        "/runs/%252e%252e%252f",
        "/runs/whole%00",
        "/runs/whole%2Fsummary.json",
        "/runs/whole/../../secret/report",
        "/runs/whole/summary.json",
        "/runs/link",
        "/runs/link/report",
        "/runs/.",
        "/runs/",
        "/runs/%ff%fe",
        f"/runs/{'a' * 5000}",
        "/assets/../server.py",
        "/assets/%2e%2e/server.py",
        "/assets/",
        "//etc/passwd",
        "/etc/passwd",
    ],
)
def test_what_is_not_in_the_list_is_not_found(tmp_path: Path, path: str) -> None:
    out = tmp_path / "logs"
    write_summary(out / "whole")
    secret = write_summary(tmp_path / "secret")
    (secret / "report.html").write_text("hidden words", encoding="utf-8")
    (out / "link").symlink_to(secret, target_is_directory=True)

    with served(out) as dashboard:
        answer = dashboard.get(path)

    assert answer.status == 404, answer
    assert b"root:" not in answer.body
    assert b"hidden words" not in answer.body
    assert str(tmp_path).encode() not in answer.body


@pytest.mark.parametrize("name", ["report.html", "summary.json", "decisions.jsonl", "run.log"])
def test_a_link_inside_a_run_folder_is_not_followed(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden words", encoding="utf-8")
    folder = write_summary(tmp_path / "logs" / "x")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)

    with served(tmp_path / "logs") as dashboard:
        answers = [dashboard.get(path) for path in ("/", "/runs/x", "/runs/x/report")]

    assert [answer.status for answer in answers] == [200, 200, 404]
    assert not [answer for answer in answers if b"hidden words" in answer.body]
    assert "no plain file" in answers[0].text


def test_only_reading_is_answered(tmp_path: Path) -> None:
    write_summary(tmp_path / "x")
    before = entries_below(tmp_path)

    with served(tmp_path) as dashboard:
        refused = [
            dashboard.get(path, method=method).status
            for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")
            for path in ("/", "/runs/x", "/runs/x/report")
        ]
        head = dashboard.get("/runs/x", method="HEAD")

    assert set(refused) == {405}
    assert (head.status, head.body) == (200, b"")
    assert entries_below(tmp_path) == before


def test_every_answer_carries_the_headers_and_pages_allow_their_own_script_alone(tmp_path: Path) -> None:
    write_summary(tmp_path / "x")

    with served(tmp_path) as dashboard:
        answers = [dashboard.get(path) for path in ("/", "/runs/x", "/nowhere", "/assets/dashboard.js", "/login")]

    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Python" not in answer.headers["Server"]


def test_a_report_is_served_in_a_box_of_its_own(tmp_path: Path) -> None:
    folder = write_summary(tmp_path / "x")
    (folder / "report.html").write_text("<script>1</script>", encoding="utf-8")

    with served(tmp_path) as dashboard:
        answer = dashboard.get("/runs/x/report")

    assert (answer.status, answer.text) == (200, "<script>1</script>")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert "default-src 'none'" in policy


def test_a_run_that_has_none_yet_is_given_a_report_and_its_folder_is_left_alone(tmp_path: Path) -> None:
    paper(tmp_path, decided(1), decided(2)).close()
    before = entries_below(tmp_path)

    with served(tmp_path) as dashboard:
        first = dashboard.get(f"/runs/{PAPER}/report")
        second = dashboard.get(f"/runs/{PAPER}/report")

    assert first.status == 200
    assert "<!doctype html>" in first.text[:100].lower()
    assert second.body == first.body
    assert entries_below(tmp_path) == before


def test_a_report_older_than_the_record_is_made_anew(tmp_path: Path) -> None:
    paper(tmp_path, decided(1), decided(2)).close()
    report, decisions = (tmp_path / PAPER / name for name in ("report.html", "decisions.jsonl"))
    report.write_text("as it was", encoding="utf-8")
    decisions.write_text("", encoding="utf-8")
    os.utime(report, (1000, 1000))

    with served(tmp_path) as dashboard:
        old = dashboard.get(f"/runs/{PAPER}/report")
        os.utime(decisions, (900, 900))
        current = dashboard.get(f"/runs/{PAPER}/report")

    assert old.text != "as it was"
    assert current.text == "as it was"


def test_a_foreign_host_name_is_not_answered(tmp_path: Path) -> None:
    write_summary(tmp_path / "x")

    with served(tmp_path) as dashboard:
        rebound = dashboard.get("/", Host="evil.example")
        local = dashboard.get("/", Host="localhost:8080")

    assert (rebound.status, local.status) == (403, 200)
    assert b"/runs/x" not in rebound.body


def test_without_the_right_token_nothing_is_told(tmp_path: Path) -> None:
    write_summary(tmp_path / "x")

    with served(tmp_path, token=TOKEN) as dashboard:
        wrong = [
            dashboard.get("/", Authorization=f"Bearer {TOKEN}x"),
            dashboard.get("/runs/x", Authorization="Basic eDp5"),
            dashboard.get("/", Cookie="altfuse_dashboard=guessed"),
            dashboard.get("/live"),
            dashboard.get(
                "/login", method="POST", body="token=guess", Content_Type="application/x-www-form-urlencoded"
            ),
            dashboard.get("/login", method="POST", body="token=+", Content_Type="application/x-www-form-urlencoded"),
        ]
        form = dashboard.get("/runs/x")
        right = dashboard.get("/", Authorization=f"Bearer {TOKEN}")

    assert {(answer.status, answer.body) for answer in wrong} == {(401, b"")}
    assert dashboard.pauses == [1.0] * len(wrong)
    assert (form.status, form.headers["Location"]) == (303, "/login")
    assert right.status == 200
    assert "/runs/x" in right.text


def test_the_form_gives_a_cookie_that_scripts_do_not_see_and_that_is_not_the_token(tmp_path: Path) -> None:
    form = {"body": urlencode({"token": TOKEN}), "Content_Type": "application/x-www-form-urlencoded"}
    with served(tmp_path, token=TOKEN) as dashboard:
        answer = dashboard.get("/login", method="POST", **form)
        cookie = answer.headers["Set-Cookie"]
        looked = dashboard.get("/", Cookie=cookie.partition(";")[0])
    # The same token after a restart: the browser stays in.
    with served(tmp_path, token=TOKEN) as dashboard:
        again = dashboard.get("/", Cookie=cookie.partition(";")[0])

    assert (answer.status, looked.status, again.status) == (303, 200, 200)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie


def test_a_form_larger_than_a_token_is_refused(tmp_path: Path) -> None:
    with served(tmp_path, token=TOKEN) as dashboard:
        form = {"body": "token=" + "x" * 100_000, "Content_Type": "application/x-www-form-urlencoded"}
        assert dashboard.get("/login", method="POST", **form).status == 413


FORM = "application/x-www-form-urlencoded"
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\nguess\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"", ""),
        (b"\x00\xff\xfe\x80", FORM),
        (b"token=%ff%fe", FORM),
        (b"token=%zz&&&=", FORM),
        (b"nothing=1", FORM),
        (b"token=a&token=b", FORM),
        (b"&".join(b"a=1" for _ in range(1000)), FORM),
        (b"token=guess", f"{FORM}; charset=utf-9"),
        ("token=gu€ss".encode("utf-16"), f"{FORM}; charset=utf-16"),
        (MULTIPART, "multipart/form-data; boundary=b"),
        (MULTIPART, "multipart/form-data"),
        (MULTIPART[:30], "multipart/form-data; boundary=b"),
        (b'{"token": "guess"}', "application/json"),
        (b"token=guess", "text/plain"),
        (b"token=guess", "////;;;"),
    ],
)
def test_a_form_that_is_none_is_refused_in_a_sentence(tmp_path: Path, body: bytes, kind: str) -> None:
    with served(tmp_path, token=TOKEN) as dashboard:
        answer = dashboard.get("/login", method="POST", body=body, **({"Content_Type": kind} if kind else {}))
        zipped = dashboard.get("/login", method="POST", body=body, Content_Type=FORM, Content_Encoding="gzip")

    # A charset says nothing of a form that is all ASCII.
    is_form = body == b"token=guess" and kind.startswith(FORM)
    assert (answer.status, zipped.status) == (401 if is_form else 400, 400)
    assert is_form or "form" in answer.text
    assert b"Traceback" not in answer.body + zipped.body
    assert dashboard.warnings == []


def test_a_form_cut_off_in_its_chunks_is_refused(tmp_path: Path) -> None:
    head = f"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with served(tmp_path, token=TOKEN) as dashboard:
        answers = [said(dashboard, head.encode() + body) for body in (b"zz\r\nxx\r\n", b"2000\r\n" + b"x" * 0x2000)]

    assert [answer.split()[1] for answer in answers] == [b"400", b"413"]
    assert len(dashboard.warnings) <= 1


@pytest.mark.parametrize(
    "heads", ["Host: localhost:80:evil", "Host: localhost\r\nHost: localhost", "Accept: */*", "Host: "]
)
def test_a_request_without_one_host_that_is_its_own_is_not_answered(tmp_path: Path, heads: str) -> None:
    write_summary(tmp_path / "x")

    with served(tmp_path) as dashboard:
        answer = said(dashboard, f"GET / HTTP/1.1\r\n{heads}\r\nConnection: close\r\n\r\n".encode())

    assert answer.split()[1] in (b"400", b"403")
    assert b"/runs/x" not in answer


def test_hundreds_of_connections_that_say_nothing_do_not_keep_others_out(tmp_path: Path) -> None:
    write_summary(tmp_path / "x")

    with served(tmp_path) as dashboard, ExitStack() as stack:
        for number in range(300):
            one = stack.enter_context(connected(dashboard))
            if number % 2:
                one.sendall(b"GET / HTTP/1.1\r\nHost: local")
        answers = [dashboard.get("/") for _ in range(3)]

    assert [answer.status for answer in answers] == [200] * 3
    assert len(dashboard.warnings) <= 1


def test_hundreds_of_forms_that_never_end_do_not_keep_others_out(tmp_path: Path) -> None:
    head = f"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: 100\r\n\r\ntoken="
    write_summary(tmp_path / "x")

    with served(tmp_path) as dashboard, ExitStack() as stack:
        for _ in range(2 * MOST_CONNECTIONS):
            stack.enter_context(connected(dashboard)).sendall(head.encode())
        answers = [dashboard.get("/") for _ in range(3)]

    assert [answer.status for answer in answers] == [200] * 3
    assert len(dashboard.warnings) <= 1


def test_a_connection_that_never_ends_its_request_is_closed(tmp_path: Path) -> None:
    with served(tmp_path, idle_seconds=0.05) as dashboard, connected(dashboard) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        try:
            rest = one.recv(100)
        except ConnectionResetError:
            rest = b""

    assert rest == b""


def test_requests_that_are_no_http_are_complained_of_once(tmp_path: Path) -> None:
    with served(tmp_path) as dashboard:
        answers = [said(dashboard, b"\x16\x03\x01\x02\x00 \xff\r\n\r\n" * 20) for _ in range(30)]
        alive = dashboard.get("/")

    assert alive.status == 200
    assert not [answer for answer in answers if b"Traceback" in answer]
    assert len(dashboard.warnings) <= 1
    assert not [line for line in dashboard.warnings if "\n" in line]


def test_a_page_that_fails_is_one_page_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> str:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(pages, "run_fragment", failing)
    write_summary(tmp_path / "x")

    with served(tmp_path) as dashboard:
        broken, again, whole = (dashboard.get(path) for path in ("/runs/x", "/runs/x", "/"))

    assert (broken.status, again.status, whole.status) == (500, 500, 200)
    assert "This page cannot be shown" in broken.text
    assert "fault of ours" not in broken.text
    assert dashboard.warnings == ["dashboard: a page cannot be shown: RuntimeError at '/runs/x'"]


def test_a_journal_is_followed_and_its_lock_and_files_are_left_alone(tmp_path: Path) -> None:
    with served(tmp_path) as dashboard, paper(tmp_path, decided(1)) as journal:
        first = fragment(dashboard)
        names = sorted(path.name for path in (tmp_path / PAPER).iterdir())
        journal.append_all([decided(2)])
        second = fragment(dashboard)
        assert sorted(path.name for path in (tmp_path / PAPER).iterdir()) == names

    assert "running" in first
    assert "not running" not in first
    assert "2 records" in first
    assert "3 records" in second
    assert "2024-01-03" in second


def test_after_the_bot_the_page_says_that_it_does_not_run(tmp_path: Path) -> None:
    with served(tmp_path) as dashboard:
        paper(tmp_path, decided(1)).close()
        before = entries_below(tmp_path)
        text = fragment(dashboard)

    assert "not running" in text
    assert entries_below(tmp_path) == before


def test_a_rehearsal_that_is_over_has_no_next_decision(tmp_path: Path) -> None:
    paper(tmp_path, decided(1)).close()
    (tmp_path / PAPER).rename(tmp_path / "rehearsal-x-20240102T030405Z")

    with served(tmp_path) as dashboard:
        text = fragment(dashboard, "rehearsal-x-20240102T030405Z")

    assert "none: the rehearsal is over" in text
    assert "2024-01-02" not in text


def test_words_of_an_exchange_do_not_become_markup(tmp_path: Path) -> None:
    paper(tmp_path, decided(1, reason=HOSTILE), unresolved(HOSTILE)).close()
    write_summary(tmp_path / HOSTILE.replace("/", "_"), mode=HOSTILE, notes=[HOSTILE], last_day=HOSTILE)

    with served(tmp_path) as dashboard:
        texts = [dashboard.get("/").text, fragment(dashboard), fragment(dashboard, HOSTILE.replace("/", "_"))]

    for text in texts:
        assert "&lt;script&gt;document" in text
        assert "<script>document" not in text
        assert "<img" not in text


def test_a_damaged_journal_is_a_sentence_and_what_was_known_stays(tmp_path: Path) -> None:
    journal = tmp_path / PAPER / JOURNAL_FILE
    with served(tmp_path) as dashboard:
        paper(tmp_path, decided(1)).close()
        whole = fragment(dashboard)
        content = journal.read_bytes()
        journal.write_bytes(b"not a database" * 1000)
        damaged = fragment(dashboard)
        journal.unlink()
        vanished = fragment(dashboard)
        journal.write_bytes(content)
        mended = fragment(dashboard)

    assert 'class="problem"' not in whole
    assert "is damaged or no journal" in damaged
    assert "there is no journal" in vanished
    assert "2 records" in damaged
    assert 'class="problem"' not in mended


def test_a_journal_damaged_from_the_start_and_a_forged_one_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "paper-torn").mkdir()
    (tmp_path / "paper-torn" / JOURNAL_FILE).write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    (tmp_path / "paper-empty").mkdir()
    (tmp_path / "paper-empty" / JOURNAL_FILE).write_bytes(b"")
    paper(tmp_path, decided(1), decided(2)).close()
    with closing(sqlite3.connect(tmp_path / PAPER / JOURNAL_FILE)) as connection, connection:
        connection.execute("UPDATE records SET body = '{}' WHERE seq = 2")

    with served(tmp_path) as dashboard:
        texts = {name: fragment(dashboard, name) for name in ("paper-torn", "paper-empty", PAPER)}
        assert dashboard.get("/").status == 200

    assert "damaged" in texts["paper-torn"]
    assert "is no journal" in texts["paper-empty"]
    assert "record 2" in texts[PAPER]


def test_another_journal_in_its_place_is_read_afresh(tmp_path: Path) -> None:
    with served(tmp_path) as dashboard:
        paper(tmp_path, decided(1), decided(2), decided(3)).close()
        first = fragment(dashboard)
        (tmp_path / PAPER / JOURNAL_FILE).unlink()
        paper(tmp_path, decided(7)).close()
        second = fragment(dashboard)

    assert "4 records" in first
    assert "2 records" in second
    assert "2024-01-08" in second


def test_an_onlooker_reads_on_from_a_head_and_notices_another_journal(tmp_path: Path) -> None:
    path = tmp_path / PAPER / JOURNAL_FILE
    with paper(tmp_path, decided(1)) as journal:
        known = records_after(path, Head())
        head = Head(sequence=known[-1].sequence, hash=known[-1].hash)
        assert records_after(path, head) == ()
        journal.append_all([decided(2), decided(3)])
        assert [record.sequence for record in records_after(path, head)] == [3, 4]

    with pytest.raises(OtherJournalError, match="record 2 is not the same"):
        records_after(path, Head(sequence=2, hash="0" * 64))


def test_an_onlooker_makes_no_log_where_the_file_names_one_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / PAPER / JOURNAL_FILE
    paper(tmp_path, decided(1)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    before = entries_below(tmp_path)
    assert path.read_bytes()[19] == 2

    assert len(records_after(path, Head())) == 2
    assert entries_below(tmp_path) == before


def test_looking_does_not_take_the_lock(tmp_path: Path) -> None:
    paper(tmp_path, decided(1)).close()
    with served(tmp_path) as dashboard:
        fragment(dashboard)
        with only_writer(tmp_path / PAPER / JOURNAL_FILE):
            assert "not running" not in fragment(dashboard)


def test_a_run_with_neither_decisions_nor_journal_shows_its_summary(tmp_path: Path) -> None:
    write_summary(tmp_path / "parity-x", mode="parity", live_excess_bp=1.5)

    with served(tmp_path) as dashboard:
        text = fragment(dashboard, "parity-x")

    assert "live excess bp" in text
    assert json.dumps(1.5) in text


def test_a_request_that_is_no_http_is_answered_shortly(tmp_path: Path) -> None:
    with served(tmp_path) as dashboard:
        answer = asked(dashboard.url, "/" + "a" * 70_000)

    assert answer.status == 400
    assert b"Traceback" not in answer.body
