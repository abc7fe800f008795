"""Addresses of alerts, which hold secrets: where they are read from, and how they are shown."""

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from engine.alerts.errors import AlertError
from engine.text import plain

VARIABLE = "RESNET_TUI_NOTIFY_URL"
"""Environment variable with the addresses of a worker: unlike a command line nobody else can read it."""
FROM_FILE, STANDARD_INPUT = "@", "-"
EXAMPLE = "ntfys://ntfy.sh/TOPIC"
WITH_HOST = frozenset({
    "form", "forms", "gotify", "gotifys", "http", "https", "json", "jsons", "mailto", "mailtos", "matrix", "matrixs",
    "mqtt", "mqtts", "xml", "xmls",
})  # fmt: skip
"""Schemes whose address begins with a host; with others a token or a topic may stand in its place."""
WITH_HOST_AND_TOPIC = frozenset({"ntfy", "ntfys"})
"""Schemes of which that holds where something follows."""
_PARTS = re.compile(r"(?P<scheme>[a-z0-9]{2,20})://(?:[^/?#]*@)?(?P<host>[^/?#@]*)(?P<rest>.*)", re.I | re.S)
_HOST = re.compile(r"[a-z0-9.-]+(:\d+)?", re.I)


def read_addresses(given: Iterable[str]) -> list[str]:
    """Return the addresses that texts name: a URL, `@FILE` with one a line, or `-` for standard input; each once.
    Raises AlertError."""
    found = [url for text in given for url in _of(text.strip())]
    return list(dict.fromkeys(found))


def _of(text: str) -> Iterator[str]:
    if text == STANDARD_INPUT:
        lines = sys.stdin.read().splitlines()
    elif text.startswith(FROM_FILE):
        path = Path(text[1:]).expanduser()
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise AlertError(f"the file of addresses {plain(path)} cannot be read: {why}") from None
        if not any(_is_address(line) for line in lines):
            raise AlertError(
                f"the file of addresses {plain(path)} names none: write one a line, such as {EXAMPLE}"
            )
    else:
        lines = [text]
    yield from (line.strip() for line in lines if _is_address(line))


def _is_address(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def of_environment() -> list[str]:
    """Return the addresses that the environment variable names, divided by white space. Raises AlertError."""
    return read_addresses(os.environ.get(VARIABLE, "").split())


def shown_address(url: str) -> str:
    """Return an address without its secrets: `slack://…`, `ntfys://ntfy.sh/…`."""
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return "…"
    scheme, host, rest = parts["scheme"].lower(), parts["host"], parts["rest"].strip("/")
    has_host = scheme in WITH_HOST or (scheme in WITH_HOST_AND_TOPIC and rest and not rest.startswith("?"))
    return f"{scheme}://{host}/…" if has_host and _HOST.fullmatch(host) else f"{scheme}://…"


def with_addresses_shown(text: str) -> str:
    """Return a message with every address in it as `shown_address` gives it."""
    return re.sub(r"[a-z0-9+]{2,20}://\S+", lambda found: shown_address(found[0]), text, flags=re.I)


def scheme_of(url: str) -> str:
    """Return the scheme of an address. Raises AlertError for a text that is none, which it does not repeat."""
    parts = _PARTS.fullmatch(url)
    if parts is None:
        raise AlertError(
            f"the address of alerts is no URL: write it like {EXAMPLE} (docs/alerts.md has more)"
        )
    return parts["scheme"].lower()


def digest_of(url: str) -> str:
    """Return a digest by which workers know that they were given the same address; slow, so that a password in it
    cannot be guessed from a run table that others may read."""
    return hashlib.scrypt(url.encode(), salt=b"resnet-tui alerts", n=2**14, r=8, p=1, dklen=16).hex()


def without_secrets(text: str, url: str) -> str:
    """Return a text about an address with every part of the address that is not shown taken out."""
    kept = {*re.split(r"[/:]+", shown_address(url).lower()), ""}
    parts = {part for each in (url, unquote(url)) for part in re.split(r"[\s/:@?&=,;#]+", each)}
    secrets = {each for each in {url, *parts} if each.lower() not in kept and len(each) > 2}
    for each in sorted(secrets, key=len, reverse=True):
        text = re.sub(re.escape(each), "…", text, flags=re.I)
    return plain(text)
