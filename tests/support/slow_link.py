"""A link to a server on this host that is as slow as one to a far host, counts what it carries, and can be cut."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import URL, make_url

from tests.support.waiting import LIMIT_S

T = TypeVar("T")
SOCKET_PORT = 5432
"""Of PostgreSQL, in the name of its socket."""
READ_AT_ONCE = 1 << 16
ENCRYPTION = (80877103, 80877104)
"""Codes of the requests for TLS and GSSAPI, which come before the startup message."""
ANSWERED = (b"", b"p", b"Q", b"S")
"""Start, password, simple query, and the end of a series of other messages."""
QUERIES = (b"Q", b"E")


@dataclass(frozen=True)
class Carried:
    """Counts of all that a link has carried so far."""

    round_trips: int = 0
    """Messages after which a client waits for the server: each costs one trip there and back."""
    queries: int = 0
    to_server: int = 0
    to_client: int = 0
    """Bytes."""
    connections: int = 0

    def __sub__(self, before: "Carried") -> "Carried":
        return Carried(
            self.round_trips - before.round_trips,
            self.queries - before.queries,
            self.to_server - before.to_server,
            self.to_client - before.to_client,
            self.connections - before.connections,
        )


class SlowLink:
    """Listens at `port` of this host, and carries all to a server, each way `delay_s` later. In a thread of its own."""

    def __init__(self, server: URL, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self._server = server
        self._carried = Carried()
        self._is_up = True
        self._lets_through = asyncio.Event()
        self._lets_through.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="slow link", daemon=True)
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port: int = self._listener.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """The server's URL by way of the link."""
        through = self._server.set(host="127.0.0.1", port=self.port, query={})
        return through.render_as_string(hide_password=False)

    @property
    def carried(self) -> Carried:
        return self._carried

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._is_up = False
        self._do(self._break())

    def fall_silent(self) -> None:
        """Keep all connections, and deliver nothing until `heal`, as where a cable is out."""
        self._loop.call_soon_threadsafe(self._lets_through.clear)

    def heal(self) -> None:
        """Deliver what was held back, and accept connections again."""
        self._is_up = True
        self._loop.call_soon_threadsafe(self._lets_through.set)

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_S)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S)

    async def _break(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _end(self) -> None:
        self._listener.close()
        await self._break()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if not self._is_up:
            to_client.transport.abort()
            return
        server, to_server = await self._connect()
        self._writers |= {to_client, to_server}
        self._count(connections=1)
        messages = Messages()
        for work in (self._carry(client, to_server, messages), self._carry(server, to_client, None)):
            task = self._loop.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        folder = self._server.query.get("host")
        if folder:
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{self._server.port or SOCKET_PORT}")
        return await asyncio.open_connection(self._server.host, self._server.port or SOCKET_PORT)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, messages: "Messages | None"
    ) -> None:
        """Carry one way: what is read goes on at its time, however much follows it. `messages`: a client's."""
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = self._loop.create_task(self._deliver(held, writer))
        try:
            while content := await self._read(reader):
                if messages is None:
                    self._count(to_client=len(content))
                else:
                    round_trips, queries = messages.take(content)
                    self._count(round_trips, queries, to_server=len(content))
                held.put_nowait((self._loop.time() + self.delay_s, content))
            held.put_nowait((self._loop.time() + self.delay_s, b""))
            await delivery
        finally:
            delivery.cancel()
            self._writers.discard(writer)
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        with contextlib.suppress(OSError):
            return await reader.read(READ_AT_ONCE)
        return b""

    async def _deliver(
        self, held: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        """Write each at its time, until an empty one, the connection's end."""
        while True:
            due, content = await held.get()
            await asyncio.sleep(due - self._loop.time())
            await self._lets_through.wait()
            if not content:
                return
            with contextlib.suppress(OSError):
                writer.write(content)
                await writer.drain()

    def _count(
        self,
        round_trips: int = 0,
        queries: int = 0,
        *,
        to_server: int = 0,
        to_client: int = 0,
        connections: int = 0,
    ) -> None:
        now = self._carried
        self._carried = Carried(
            now.round_trips + round_trips,
            now.queries + queries,
            now.to_server + to_server,
            now.to_client + to_client,
            now.connections + connections,
        )


class Messages:
    """Messages of a client of PostgreSQL, https://www.postgresql.org/docs/current/protocol-message-formats.html"""

    def __init__(self) -> None:
        self._left = b""
        self._has_started = False
        """Before the startup message, messages have no letter."""

    def take(self, content: bytes) -> tuple[int, int]:
        """Return the messages that are answered before the client goes on, and the queries, that these bytes end."""
        self._left += content
        round_trips = queries = 0
        while (kind := self._next()) is not None:
            round_trips += kind in ANSWERED
            queries += kind in QUERIES
        return round_trips, queries

    def _next(self) -> bytes | None:
        start = int(self._has_started)
        if len(self._left) < start + 4:
            return None
        size = start + int.from_bytes(self._left[start : start + 4], "big")
        if len(self._left) < size:
            return None
        message, self._left = self._left[:size], self._left[size:]
        if self._has_started:
            return message[:1]
        self._has_started = int.from_bytes(message[4:8], "big") not in ENCRYPTION
        return b""


@contextlib.contextmanager
def slow_link(url: str, delay_s: float = 0.0) -> Iterator[SlowLink]:
    """A link to the server of a URL that lives as long as the block."""
    link = SlowLink(make_url(url), delay_s)
    try:
        yield link
    finally:
        link.close()
