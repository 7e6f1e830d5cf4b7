"""The system's Chromium, headless, through Playwright; a page that tells what went wrong in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.support.patience import PATIENCE_MILLISECONDS

expect.set_options(timeout=PATIENCE_MILLISECONDS)

WIDE, PHONE = (1400, 900), (380, 800)


@dataclass(frozen=True, slots=True)
class Watched:
    """A page with what it complained about and asked for.

    Attributes:
        complaints: console errors and warnings, uncaught exceptions, failed requests.
        requests: addresses asked for, the page's own among them.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def is_wider_than_its_window(self) -> bool:
        """Tell whether the page scrolls sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; without one the test is skipped, where CI does not make sure of it."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox"], timeout=PATIENCE_MILLISECONDS
        )
        yield browser
        browser.close()


@contextmanager
def watched_page(browser: Browser, *, size: tuple[int, int] = WIDE, dark: bool = False) -> Iterator[Watched]:
    """Open a tab of a size in pixels, in the light or the dark theme."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    watched = Watched(page)

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            watched.complaints.append(message.text)

    def failed(request: Request) -> None:
        # A page that gives up waiting for an answer asks again; on a busy machine that is no fault.
        if request.failure != "net::ERR_ABORTED":
            watched.complaints.append(f"failed: {request.url}")

    def asked(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            watched.requests.append(request.url)

    page.on("console", complain)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("requestfailed", failed)
    page.on("request", asked)
    try:
        yield watched
    finally:
        page.close()


def address_of(path: Path) -> str:
    """Give the address under which a browser opens a file."""
    return path.resolve().as_uri()
