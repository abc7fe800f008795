"""`resnet-tui serve`: pages and windows over HTTP and websockets, without a browser."""

import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from pilots import statuses
from served import (
    Server,
    command_line_of,
    environment_of,
    is_there,
    opened_page,
    serving,
    until_gone,
)
from studies import open_study
from waiting import LIMIT_S, until

from engine.files.paths import Home
from engine.store.database import Store
from tui.app import READONLY_SERVED
from tui.cli import run
from tui.serve.site import FILES


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of read-only windows on the study, whose database's name is a secret."""
    root = tmp_path_factory.mktemp("served") / "retina"
    root.mkdir()
    open_study(root / "a-password.db").close()
    with serving(root, "--db", "sqlite:///a-password.db") as server:
        yield server


async def got(url: str, method: str = "GET", **more: str) -> tuple[int, str]:
    """Status and text of an answer; no redirect is followed."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, allow_redirects=False, headers=more) as answer,
    ):
        return answer.status, (await answer.read()).decode(errors="replace")


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize("token", ["", "x/", "{}x/", "%00{}/", "x/{}/"])
@pytest.mark.parametrize("path", ["", "ws", "page.js", "textual.js", "nothing"])
async def test_nothing_is_seen_without_the_token(looking: Server, token: str, path: str) -> None:
    url = f"{looking.base}{token.format(looking.token)}{path}"
    status, text = await got(url, **UPGRADE if path == "ws" else {})
    assert status == 403 and text.count("\n") == 1 and "open the one that resnet-tui serve printed" in text
    assert (await got(url, "POST"))[0] == 403


async def test_half_a_token_is_none(looking: Server) -> None:
    assert (await got(f"{looking.base}{looking.token[:-1]}/"))[0] == 403
    assert (await got(f"{looking.base}{looking.token.swapcase()}/"))[0] == 403


async def test_the_page_and_its_files_come_from_the_server_alone(looking: Server) -> None:
    status, page = await got(looking.url)
    assert status == 200
    named = set(re.findall(r'(?:src|href)="([^"]+)"', page)) - {"data:,"}
    css = (await got(f"{looking.url}page.css"))[1]
    named |= set(re.findall(r'url\("([^"]+)"\)', css))
    assert named == {path[1:] for path in FILES} - {""}
    for path in FILES:
        assert (await got(f"{looking.url}{path[1:]}"))[0] == 200, path
    assert await got(looking.url[:-1]) == (307, "")
    assert (await got(f"{looking.url}../pyproject.toml"))[0] == 403
    assert (await got(f"{looking.url}nothing"))[0] == 404
    assert (await got(looking.url, "POST"))[0] == 405
    assert (await got(f"{looking.url}ws"))[0] == 400


async def test_headers_keep_the_page_to_itself(looking: Server) -> None:
    async with aiohttp.ClientSession() as session, session.get(looking.url) as answer:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_window_shows_the_runs_moves_and_refuses_edits(looking: Server) -> None:
    async with opened_page(looking.url) as page:
        await page.until_shows("#5 resnet50")
        await page.press("j")
        await page.until_shows("#7 resnet50")
        await page.press("x")
        await page.until_shows("this window is read-only: resnet-tui serve --writable")
        await page.press("n")
        await page.press("d")
        await page.until_shows("layout     fundus")
        (window,) = looking.windows()
        seen = command_line_of(window)
        assert looking.token not in seen and looking.token not in environment_of(window)
        assert "a-password" not in seen and "RESNET_TUI_DB=sqlite:///" in environment_of(window)
    until_gone([window])
    assert looking.token not in looking.said.read_text()
    assert READONLY_SERVED.startswith("this window is read-only: resnet-tui serve --writable")


async def test_what_is_no_message_of_the_page_ends_its_window_alone(looking: Server) -> None:
    for bad in (
        "",
        "{",
        "[]",
        '["stdin"]',
        '["stdin", 3]',
        '["resize", [1]]',
        "[" * 10000,
        '["resize", {"width": 1}]',
    ):
        async with opened_page(looking.url) as page:
            await page.until_shows("#5 resnet50")
            await page.socket.send_str(bad)
            await page.until_closed()
    async with opened_page(looking.url) as page:
        for odd in ('["resize", {"width": 1e99, "height": -4}]', '["other", 1]', '["stdin", "\\ud800"]'):
            await page.socket.send_str(odd)
        await page.until_shows("resnet-tui")
    until(lambda: not looking.windows())
    assert "Traceback" not in looking.said.read_text()


async def test_what_is_no_http_is_answered_in_a_line(looking: Server) -> None:
    import asyncio

    place = urlsplit(looking.url)
    reading, writing = await asyncio.open_connection(place.hostname, place.port)
    writing.write(b"\x16\x03\x01 not HTTP\r\n\r\n")
    assert b"400" in await reading.read()
    writing.close()
    assert (await got(looking.url))[0] == 200
    assert "Traceback" not in looking.said.read_text()


async def test_writable_windows_edit_and_ctrl_c_ends_all(home: Home, study: Store) -> None:
    with serving(home.root, "--writable") as server:
        async with opened_page(server.url) as page:
            await page.until_shows("#5 resnet50")
            await page.press("jj")
            await page.until_shows("#8 resnet18")
            await page.press("x")
            await page.until_shows("run 8: cancelled")
            assert statuses(study)[8] == "cancelled"
            windows = server.windows()
            assert len(windows) == 1
            server.process.send_signal(signal.SIGINT)
            await page.until_closed()
        assert server.process.wait(LIMIT_S) == 0
        assert not any(map(is_there, windows))
        assert "Windows may change things." in server.said.read_text()


async def test_windows_end_with_a_server_that_is_killed(home: Home, study: Store) -> None:
    with serving(home.root) as server:
        async with opened_page(server.url) as page:
            await page.until_shows("#5 resnet50")
            windows = server.windows()
            server.process.kill()
            until_gone(windows)
            assert len(windows) == 1


async def test_a_window_says_why_it_cannot_be_opened(home: Home, study: Store) -> None:
    with serving(home.root) as server:
        (home.root / "runs.db").write_text("no database " * 100)
        async with opened_page(server.url) as page:
            await page.until_shows("(file is not a database)")
            await page.until_closed()


async def test_without_a_token_only_pages_of_this_computer_are_answered(home: Home, study: Store) -> None:
    with serving(home.root, "--no-token") as server:
        base = re.sub(r"(:\d+/).*", r"\1", server.url)
        assert base == server.url
        assert (await got(base))[0] == 200
        status, text = await got(base, Host="evil.example")
        assert status == 403 and text.count("\n") == 1
        assert (await got(f"{base}ws", **UPGRADE, Origin="http://evil.example"))[0] == 403


def refused(capsys: pytest.CaptureFixture[str], home: Home, *flags: str) -> str:
    assert run(["serve", "--home", str(home.root), *flags]) == 2
    out, said = capsys.readouterr()
    assert out == "" and said.count("\n") == 1
    return said


def test_what_cannot_be_served_is_refused(
    home: Home, study: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refused(capsys, home, "--host", "0.0.0.0", "--no-token")
    assert "--no-token serves this computer alone" in said
    assert "give an address of this computer" in refused(capsys, home, "--host", "no such host")
    with serving(home.root) as server:
        port = str(urlsplit(server.url).port)
        assert f"port {port}" in refused(capsys, home, "--port", port)
    assert "there is no folder" in refused(capsys, Home.find(home.root / "none"))
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    for name in [name for name in sys.modules if name.startswith("tui.serve")]:
        monkeypatch.delitem(sys.modules, name)
    assert "pip install 'resnet-tui[serve]'" in refused(capsys, home)


def test_a_home_without_runs_is_served_to_change_things_alone(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "resnet-tui" in refused(capsys, home)
    assert not Path(home.root, "runs.db").exists()
