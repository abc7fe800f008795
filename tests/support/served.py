"""`resnet-tui serve` in a process of its own, and a window of it without a browser: a websocket and a terminal
emulator."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pyte
from waiting import LIMIT_S, until


class Server:
    """A server of a home, by its process."""

    def __init__(self, home: Path, *flags: str) -> None:
        self.said = home.parent / "served-said.txt"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tui", "serve", "--home", str(home), *flags],
                stdout=subprocess.PIPE,
                stderr=said,
                start_new_session=True,
                # What runs the tests may ignore it, as a shell does for what it starts in the background.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().decode().strip()
        """Address with the token."""
        assert self.url, self.said.read_text()
        self.token = self.url.rstrip("/").rpartition("/")[2]
        self.base = self.url.removesuffix(f"{self.token}/")

    def windows(self) -> list[int]:
        """Processes of the app that the server has started."""
        return children_of(self.process.pid)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(LIMIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


def children_of(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def is_there(pid: int) -> bool:
    """False for a process that has ended, also where nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until_gone(pids: list[int]) -> None:
    until(lambda: not any(map(is_there, pids)), what=f"the end of {pids}")


@contextlib.contextmanager
def serving(home: Path, *flags: str) -> Iterator[Server]:
    server = Server(home, *flags)
    try:
        yield server
    finally:
        server.end()


class Page:
    """One window as a browser would show it, and the keys that it would send."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    async def until_shows(self, wanted: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while wanted not in self.text:
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.BINARY:
                    assert wanted in self.text, f"{message.type}\n{self.text}"
                else:
                    self._stream.feed(message.data)

    async def until_closed(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            while (message := await self.socket.receive()).type is aiohttp.WSMsgType.BINARY:
                self._stream.feed(message.data)

    async def press(self, text: str) -> None:
        await self.socket.send_str(json.dumps(["stdin", text]))


@contextlib.asynccontextmanager
async def opened_page(url: str) -> AsyncIterator[Page]:
    """A window of 120×40 characters."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}ws?width=120&height=40", max_msg_size=0) as socket,
    ):
        yield Page(socket)


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")


def command_line_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
