"""One window: a browser's websocket and the process of the app behind it."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tui.serve.driver import READY

COLUMNS, ROWS = range(2, 501), range(2, 301)
"""Sizes of a window in characters."""
GRACE_S, FORCE_S = 5.0, 2.0
"""Seconds in which the app ends by itself, edits under way included; then seconds after SIGTERM."""
MOST_SAID = 16384
"""Bytes of what a process says of its failure that are kept."""


def size_in(text: str | int | None, fitting: range, default: int) -> int:
    """Return a window's width or height, within what fits; `default` for what is no number."""
    try:
        wanted = int(text)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return default
    return min(max(wanted, fitting.start), fitting.stop - 1)


class Window(AppService):
    """Passes packets between a browser and its app. Ends with either of them."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        super().__init__(
            "",
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=self._close,
            download_manager=DownloadManager(),
        )
        self._socket = socket

    async def show(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run the app until it ends, or its browser does. Raises OSError where it cannot be started."""
        pipe = asyncio.subprocess.PIPE
        # A session of its own: ctrl+c in the server's terminal reaches the server alone, which ends all in order.
        self._process = process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(environment), start_new_session=True
        )
        self._stdin = process.stdin
        showing = asyncio.create_task(self._show_packets())
        hearing = asyncio.create_task(self._hear())
        try:
            await asyncio.wait({showing, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self.end()
            await showing
            await self._close()
            await hearing

    async def _close(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self._socket.close()

    # From the app to the browser

    async def _show_packets(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        output = self._process.stdout
        saying = asyncio.create_task(self._heard_last())
        if await _is_ready(output):
            with contextlib.suppress(asyncio.IncompleteReadError):
                while True:
                    head = await output.readexactly(5)
                    await self._take_packet(
                        head[:1], await output.readexactly(int.from_bytes(head[1:], "big"))
                    )
        # A process that said nothing of packets says on its other output why.
        said = (await saying).decode(errors="replace").strip().splitlines()
        if said and await self._process.wait():
            await self.on_data(f"\r\n  {said[-1]}\r\n".encode())

    async def _heard_last(self) -> bytes:
        """Return the end of what the process wrote on its error output."""
        assert self._process is not None and self._process.stderr is not None
        said = b""
        while more := await self._process.stderr.read(4096):
            said = (said + more)[-MOST_SAID:]
        return said

    async def _take_packet(self, kind: bytes, payload: bytes) -> None:
        if kind == b"D":
            await self.on_data(payload)
        elif kind == b"M" and json.loads(payload).get("type") == "open_url":
            await self.on_meta(payload)

    async def on_data(self, payload: bytes) -> None:
        """Show what the app draws. A browser that has gone takes nothing: the app must not wait for it for ever."""
        with contextlib.suppress(ConnectionError):
            await super().on_data(payload)

    # From the browser to the app

    async def _hear(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.TEXT and not await self._take(message.data):
                return

    async def _take(self, text: str) -> bool:
        """Pass on one message of the page; False where it is none."""
        try:
            kind, *rest = json.loads(text)
            data: Any = rest[0] if rest else None
            if kind == "stdin":
                return await self.send_bytes(data.encode(errors="replace"))
            if kind == "resize":
                width, height = (size_in(data[each], fits, 0) for each, fits in SIDES)
                if width and height:
                    await self.set_terminal_size(width, height)
            elif kind == "ping":
                await self._socket.send_json(["pong", str(data)])
            elif kind in ("blur", "focus"):
                await self.send_meta({"type": kind})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return False
        return True

    # The end

    async def end(self) -> None:
        """Ask the app to end, then make it."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quit(process), GRACE_S)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), FORCE_S)

    async def _quit(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            await self.send_meta({"type": "quit"})
        await process.wait()


SIDES = (("width", COLUMNS), ("height", ROWS))


async def _is_ready(output: asyncio.StreamReader) -> bool:
    """Read up to the line with which packets begin; False where it does not come."""
    with contextlib.suppress(ValueError):  # a line that is longer than any of ours
        while line := await output.readline():
            if line == READY:
                return True
    return False
