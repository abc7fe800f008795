"""`python -m engine.alerts.service`: check addresses, and send a message to them, through apprise.

A process of its own: it can be ended when a service does not answer, and apprise's modules and messages, which hold
secrets, stay in it. Standard input and output are a JSON document each."""

import json
import logging
import math
import os
import re
import signal
import sys
import time
from http.client import responses
from typing import Any

from engine.alerts.address import shown_address, without_secrets

NICE = 5
"""Steps of priority below the trainings."""
NO_CONNECTION = "no connection to the service: check host, port and network"


class Said(logging.Handler):
    """Warnings and errors of apprise."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def main() -> int:
    asked = json.load(sys.stdin)
    os.nice(NICE)
    signal.alarm(math.ceil(asked["answer_s"]) + 1)  # where whoever waits for it was killed
    said = Said()
    logger = logging.getLogger("apprise")
    logger.addHandler(said)
    logger.propagate = False
    try:
        answers = [_answer(url, asked, said) for url in asked["urls"]]
    except ImportError as error:
        answers = [{"problem": f"apprise cannot be imported: {error.name}"} for _ in asked["urls"]]
    json.dump({"answers": answers}, sys.stdout)
    return 0


def _answer(url: str, asked: dict[str, Any], said: Said) -> dict[str, Any]:
    """Check an address, and send the message where there is one."""
    import apprise

    said.lines.clear()
    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if not isinstance(service, apprise.NotifyBase):
        return {"problem": _misfit(url, said)}
    if "body" not in asked:
        return {"problem": None}
    began, line = time.monotonic(), apprise.Apprise()
    line.add(service)
    arrived = line.notify(asked["body"], title=asked["title"], body_format=apprise.NotifyFormat.TEXT)
    seconds = round(time.monotonic() - began, 3)
    return {"problem": None if arrived else _failure(url, said), "seconds": seconds}


def _misfit(url: str, said: Said) -> str:
    """Say what is wrong with an address, without it."""
    from apprise.manager_plugins import NotificationManager

    scheme = url.partition("://")[0].lower()
    known: Any = NotificationManager()  # type: ignore[no-untyped-call]
    shown = shown_address(url)
    if scheme in ("http", "https"):
        return f"{shown} is of no service that apprise knows: write a webhook of your own as json{scheme[4:]}://HOST/PATH"
    if scheme not in known.schemas():
        return f"{shown} names no service that apprise knows: check the word before ://"
    forms = [form.replace("{schema}", scheme) for form in getattr(known[scheme], "templates", ())]
    form = f"; its form is {forms[0]}" if forms else ""
    first = next((without_secrets(each, url).rstrip(".") for each in said.lines), "")
    return f"{shown} is incomplete or wrong{f' ({first})' if first else ''}{form}"


def _failure(url: str, said: Said) -> str:
    """Say why a message did not arrive."""
    text = " ".join(said.lines)
    code = re.search(r"error[ =](\d{3})\b", text)
    if code is not None:
        name = responses.get(int(code[1]), "")
        return f"the service answered with error {code[1]}{f' ({name})' if name else ''}"
    if "onnection error" in text or "ocket" in text:
        return NO_CONNECTION
    return without_secrets(said.lines[-1], url).rstrip(".") if said.lines else "the service did not take it"


if __name__ == "__main__":
    sys.exit(main())
