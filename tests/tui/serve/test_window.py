"""Windows of the server, with other programs in the app's place."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from served import is_there, opened_page
from waiting import until

from engine.files.paths import Home
from engine.store.database import Store
from tui.serve import child, site, window
from tui.serve.site import Site
from tui.serve.window import COLUMNS, size_in

TestServer.__test__ = False  # type: ignore[attr-defined]

STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").write(str(os.getpid()))
os.write(1, b"__GANGLION__\\nD\\x00\\x00\\x00\\x05hello")
while True:
    os.write(1, b"D\\x00\\x00\\x10\\x00" + b"x" * 4096)
    time.sleep(0.001)
"""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Puts a program in the app's place; gives the file that it may write its number into."""

    def put(code: str) -> Path:
        told = tmp_path / "told"
        monkeypatch.setattr(child, "command", lambda *_, **__: [sys.executable, "-c", code, str(told)])
        return told

    return put


def served(home: Home) -> tuple[Site, TestServer]:
    made = Site(home, token="t", writable=False)
    return made, TestServer(made.application())


async def test_an_app_that_does_not_end_is_killed_with_its_window(
    home: Home, program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "GRACE_S", 0.1)
    monkeypatch.setattr(window, "FORCE_S", 0.1)
    told = program(STUBBORN)
    async with served(home)[1] as server:
        async with opened_page(str(server.make_url("/t/"))) as page:
            await page.until_shows("hello")
            pid = int(told.read_text())
            assert is_there(pid)
        import asyncio

        await asyncio.to_thread(until, lambda: not is_there(pid))


async def test_the_end_of_the_site_ends_all_windows(
    home: Home, program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "GRACE_S", 0.1)
    monkeypatch.setattr(window, "FORCE_S", 0.1)
    told = program(STUBBORN)
    made, serving = served(home)
    async with serving as server, opened_page(str(server.make_url("/t/"))) as page:
        await page.until_shows("hello")
        await made.end()
        assert not is_there(int(told.read_text()))
        await page.until_closed()


async def test_a_program_that_fails_is_quoted(home: Home, program: Callable[[str], Path]) -> None:
    program("import sys; sys.exit('resnet-tui: it is locked')")
    async with served(home)[1] as server, opened_page(str(server.make_url("/t/"))) as page:
        await page.until_shows("resnet-tui: it is locked")
        await page.until_closed()


async def test_a_program_that_is_not_there_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "command", lambda *_, **__: ["/no/such/program"])
    async with served(home)[1] as server, opened_page(str(server.make_url("/t/"))) as page:
        await page.until_shows("the app cannot be started: No such file or directory")


async def test_the_most_windows_are_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "MOST_WINDOWS", 0)
    async with served(home)[1] as server, opened_page(str(server.make_url("/t/"))) as page:
        await page.until_shows("windows are open, which is the most")
        await page.until_closed()


BROKEN = """
import sys
import tui.screens.home as H
from tui.serve.child import main
def boom(self): raise ValueError("of a test")
H.HomeScreen._open_data = boom
sys.exit(main(["--home", {!r}, "--cache", {!r}]))
"""


async def test_an_app_that_broke_is_started_again_in_its_window(
    home: Home, study: Store, program: Callable[[str], Path]
) -> None:
    program(BROKEN.format(str(home.root), str(home.cache)))
    async with served(home)[1] as server, opened_page(str(server.make_url("/t/"))) as page:
        for _ in range(2):
            await page.until_shows("#5 resnet50")
            await page.press("d")
            await page.until_shows("ValueError: of a test")
            await page.press("r")
        await page.until_shows("#5 resnet50")
        await page.press("q")
        await page.until_closed()


@pytest.mark.parametrize(
    ("text", "size"),
    [("120", 120), (120.5, 120), ("-1", 2), ("99999", 500), ("x", 80), (None, 80), (1e400, 80), ([], 80)],
)
def test_sizes_fit_a_terminal(text: object, size: int) -> None:
    assert size_in(text, COLUMNS, 80) == size  # type: ignore[arg-type]
