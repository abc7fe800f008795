"""Answers of the server: the page, its files and the windows' websockets, for those who have the token alone."""

import asyncio
from importlib.resources import files
from pathlib import Path

import textual_serve
from aiohttp import web

from engine.files.paths import Home
from tui.serve import child
from tui.serve.access import FOREIGN, REFUSED, below_token, is_of_this_computer
from tui.serve.window import COLUMNS, ROWS, Window, size_in

MOST_WINDOWS = 16
"""Windows at a time: each is a process."""
FULL = f"{MOST_WINDOWS} windows are open, which is the most: close one, then reload this page"
MOST_MESSAGE = 2**20
"""Bytes of a message of the page; a paste is the longest."""
ALIVE_S = 15.0
"""Seconds between two looks whether a browser is still there."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
OURS, THEIRS = Path(str(files("tui.serve") / "page")), Path(textual_serve.__file__).parent / "static"
FILES = {
    "/": OURS / "index.html",
    "/page.css": OURS / "page.css",
    "/page.js": OURS / "page.js",
    "/textual.js": THEIRS / "js" / "textual.js",
    "/xterm.css": THEIRS / "css" / "xterm.css",
    "/mono.ttf": THEIRS / "fonts" / "RobotoMono-VariableFont_wght.ttf",
    "/mono-italic.ttf": THEIRS / "fonts" / "RobotoMono-Italic-VariableFont_wght.ttf",
}


class Site:
    """Answers requests and knows the open windows."""

    def __init__(self, home: Home, *, token: str | None, writable: bool) -> None:
        self._home, self._token, self._is_writable = home, token, writable
        self._windows: set[Window] = set()

    def application(self) -> web.Application:
        made = web.Application()
        made.router.add_route("*", "/{rest:.*}", self._answer)
        return made

    async def end(self) -> None:
        """End all windows."""
        await asyncio.gather(*(window.end() for window in self._windows))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._token is None:
            if not is_of_this_computer(request.host, request.headers.get("Origin")):
                return _line(403, FOREIGN)
            path: str | None = request.path
        else:
            path = below_token(request.path, self._token)
        if path is None:
            return _line(403, REFUSED)
        if request.method not in ("GET", "HEAD"):
            return _line(405, "resnet-tui: pages are read only: use GET\n")
        if path == "":
            return web.Response(status=307, headers={**HEADERS, "Location": f"{request.path}/"})
        if path == "/ws":
            return await self._window(request)
        if path in FILES:
            return web.FileResponse(FILES[path], headers=HEADERS)
        return _line(404, "resnet-tui: there is no such page\n")

    async def _window(self, request: web.Request) -> web.StreamResponse:
        """Open a window for as long as the browser's websocket is open."""
        socket = web.WebSocketResponse(heartbeat=ALIVE_S, max_msg_size=MOST_MESSAGE)
        if not socket.can_prepare(request):
            return _line(400, "resnet-tui: this address is for the page's websocket: open the page\n")
        await socket.prepare(request)
        if len(self._windows) >= MOST_WINDOWS:
            await socket.send_bytes(f"\r\n  {FULL}\r\n".encode())
            await socket.close()
            return socket
        columns = size_in(request.query.get("width"), COLUMNS, 80)
        rows = size_in(request.query.get("height"), ROWS, 24)
        window = Window(socket)
        self._windows.add(window)
        try:
            command = child.command(self._home, writable=self._is_writable)
            await window.show(command, child.environment(self._home, columns, rows))
        except OSError as error:
            await socket.send_bytes(f"\r\n  the app cannot be started: {error.strerror}\r\n".encode())
            await socket.close()
        finally:
            self._windows.discard(window)
        return socket


def _line(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=HEADERS)
