"""A real browser against the real web process, on the test database."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / "test-output" / "screenshots"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them are browser tests; one process runs them, since one server serves them."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session", autouse=True)
def _orm_beside_playwright() -> Iterator[None]:
    """Playwright's synchronous API keeps a loop running; Django then refuses the ORM unless told."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


# -- the program -------------------------------------------------------------------------------------------


def _environment(url: str) -> dict[str, str]:
    """Like ours, on the test database that this process made."""
    found = connection.settings_dict
    user = f"{found['USER']}:{found['PASSWORD']}@" if found["PASSWORD"] else f"{found['USER']}@"
    database = f"postgresql://{user}/{found['NAME']}?host={quote(found['HOST'])}&port={found['PORT'] or 5432}"
    return os.environ | {
        "DATABASE_URL": database,
        "CITYCALL_URL": url,
        "CITYCALL_WEB_THREADS": "4",
        "PYTHONWARNINGS": "default",
    }


@contextmanager
def _process(arguments: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def server_url(django_db_setup: None) -> Iterator[str]:
    """The address of one real web process (`citycall.asgi` in uvicorn) on the test database."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = ["citycall.run.web", f"--fd={listener.fileno()}"]
        with _process(command, pass_fds=[listener.fileno()], env=_environment(url)) as process:
            deadline = time.monotonic() + 30
            while True:
                try:
                    with urllib.request.urlopen(f"{url}/", timeout=30):
                        break
                except urllib.error.HTTPError:
                    break  # any answer of its own will do
                except OSError:
                    assert process.poll() is None, "the web process ended while starting"
                    assert time.monotonic() < deadline, "the web process did not answer"
                    time.sleep(0.1)
            yield url


@pytest.fixture
def live(server_url: str, transactional_db: None) -> str:
    """The address of the server, for a test whose data everybody sees (it is committed)."""
    return server_url


@pytest.fixture
def worker(live: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker beside the server: timers, notices, audit chain."""
    with _process(["citycall.cli", "worker"], env=_environment(live)) as process:
        yield process


@pytest.fixture
def sample_city(live: str) -> Any:
    """The sample government of New Taipei, with its accounts."""
    from citycall.rehearsal import sample

    sample.load_sample(pack="newtaipei")
    return sample.accounts()


# -- the browser -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    assert program, "Chromium is missing; `make browser` installs it"
    started = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
    yield started
    started.close()


@pytest.fixture
def new_context(browser: Browser, live: str) -> Iterator[Callable[..., BrowserContext]]:
    """Make a browser of another person: `new_context(**PHONE_OPTIONS)`. Errors on a page fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(**options: Any) -> BrowserContext:
        options = {
            "base_url": live,
            "viewport": WIDE,
            "locale": "zh-TW",
            "timezone_id": "Asia/Taipei",
        } | options
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert errors == [], "a script on a page failed"


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A wide screen, as at a desk."""
    return new_context().new_page()


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext]) -> Page:
    """A telephone's screen, 390 px wide, with touch."""
    return new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2).new_page()


@pytest.fixture(scope="session")
def accessible() -> Callable[[Page], None]:
    """`accessible(page)` fails with each rule of WCAG 2.2 AA that the page breaks, and where."""
    axe = Axe()
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

    def check(page: Page) -> None:
        found = axe.run(page, options={"runOnly": {"type": "tag", "values": tags}})
        broken = [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found.response["violations"]
            for node in rule["nodes"]
        ]
        assert not broken, f"{page.url}\n" + "\n".join(broken)

    return check


@pytest.fixture(scope="session")
def screenshot() -> Callable[..., list[Path]]:
    """`screenshot(page, "desk")` takes the page at 1280 and 390 px into test-output/screenshots/."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str, *, full_page: bool = True) -> list[Path]:
        before, taken = page.viewport_size, []
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            path = SCREENSHOTS / f"{name}-{size['width']}.png"
            page.screenshot(path=path, full_page=full_page)
            taken.append(path)
        if before:
            page.set_viewport_size(before)
        return taken

    return take
