"""Web server of the tests that alerts are sent to, on the loopback address."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from waiting import until

TOKEN = "s3cr3tT0ken"
"""Part of the address that nobody may see."""


class Webhook:
    """Server that keeps the messages that it got."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.refused = 0
        """Messages that it answered with an error."""
        self.answers: list[int] = []
        """Status codes of its next answers; 200 when there are none left."""
        self.holds = threading.Event()
        """Cleared: an answer waits until it is set."""
        self.holds.set()
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                got = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                code = kept.answers.pop(0) if kept.answers else 200
                if code == 200:
                    kept.messages.append(got)
                else:
                    kept.refused += 1
                kept.holds.wait()
                self.send_response(code)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"json://ann:{TOKEN}@127.0.0.1:{self._server.server_port}/{TOKEN}"

    @property
    def shown(self) -> str:
        return f"json://127.0.0.1:{self._server.server_port}/…"

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.messages]

    def until_messages(self, count: int) -> list[dict[str, Any]]:
        until(lambda: len(self.messages) >= count, what=f"{count} messages", seen=lambda: str(self.messages))
        return self.messages

    def close(self) -> None:
        self.holds.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    try:
        yield made
    finally:
        made.close()
