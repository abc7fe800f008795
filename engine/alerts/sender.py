"""Checks of addresses and messages to them, each in a process of its own that ends after a bounded time."""

import json
import subprocess
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from engine.alerts.address import scheme_of, shown_address
from engine.alerts.errors import AlertError
from engine.torch_subprocess import engine_command

ANSWER_S = 30.0
"""Longest time that a service, and the start of the process, may take."""
MISSING = "alerts need the package apprise: pip install 'resnet-tui[alerts]'"


class Sent(NamedTuple):
    """Outcome of a message."""

    problem: str | None
    """Reason why it did not arrive, without secrets; None where it did."""
    seconds: float = 0.0
    """Time until the service's answer."""


def is_installed() -> bool:
    return find_spec("apprise") is not None


def check_addresses(urls: Sequence[str]) -> None:
    """Raise AlertError where apprise is missing or an address is wrong; nothing is sent."""
    for url in urls:
        scheme_of(url)
    if urls and not is_installed():
        raise AlertError(MISSING)
    answers = Sender().ask({"urls": list(urls)}) if urls else []
    for answer in answers:
        if answer.problem:
            raise AlertError(answer.problem)


class Sender:
    """Sender of messages, one at a time; `stop` ends it from another thread."""

    def __init__(self, answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        self._process: subprocess.Popen[str] | None = None
        self._stopped, self._lock = False, threading.Lock()

    def send(self, url: str, title: str, body: str) -> Sent:
        """Send a message."""
        [sent] = self.ask({"urls": [url], "title": title, "body": body})
        return sent

    def ask(self, asked: dict[str, Any]) -> list[Sent]:
        """Have the process do what is asked; its outcomes are those of the URLs, in their order."""
        urls: list[str] = asked["urls"]
        try:
            written = self._run(json.dumps({**asked, "answer_s": self._answer_s}))
            answers = json.loads(written)["answers"]
            return [Sent(each["problem"], each.get("seconds", 0.0)) for each in answers]
        except subprocess.TimeoutExpired:
            problem = f"no answer within {self._answer_s:g} s"
        except OSError as error:
            problem = f"no process can be started: {error.strerror}"
        except (ValueError, KeyError, TypeError):
            problem = f"apprise has failed with {' and '.join(map(shown_address, urls))}"
        return [Sent(problem)] * len(urls)

    def stop(self) -> None:
        """End a message that is under way; none is sent afterwards."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def _run(self, given: str) -> str:
        """Return what the process has written. Raises OSError, subprocess.TimeoutExpired."""
        pipe = subprocess.PIPE
        with self._lock:
            if self._stopped:
                return ""
            # A session of its own: a signal to the worker's whole group, as by Ctrl-C, ends no message.
            self._process = subprocess.Popen(
                engine_command("alerts.service", []),
                stdin=pipe,
                stdout=pipe,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        process = self._process
        try:
            return process.communicate(given, timeout=self._answer_s)[0]
        except BaseException:
            process.kill()
            process.communicate()
            raise
        finally:
            self._process = None
