"""Addresses that are served, and whether a request may see anything."""

import hmac
import ipaddress
import secrets
import socket
from urllib.parse import urlsplit

from engine.text import plain

REFUSED = (
    "resnet-tui: this address lacks its token: open the one that resnet-tui serve printed, up to its last /\n"
)
FOREIGN = (
    "resnet-tui: without a token only pages of this computer itself are served: open http://127.0.0.1:PORT/\n"
)


class BadAddress(ValueError):
    """Address that cannot be served; one line that says what to do."""


def new_token() -> str:
    return secrets.token_urlsafe(32)


def is_loopback(host: str) -> bool:
    """Return True where only this computer reaches an address. Raises BadAddress where there is no such host."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # the second for what can be no name
        why = error.strerror if isinstance(error, OSError) else "no name of a host"
        raise BadAddress(f"--host {plain(host)}: {why}: give an address of this computer") from None
    return all(ipaddress.ip_address(str(place[0]).partition("%")[0]).is_loopback for *_, place in found)


def below_token(path: str, token: str) -> str | None:
    """Return the rest of a path that begins with the token; None where it does not. Takes the same time for every wrong
    token."""
    first, has_rest, rest = path.removeprefix("/").partition("/")
    is_right = hmac.compare_digest(first.encode(errors="replace"), token.encode())
    return (f"/{rest}" if has_rest else "") if is_right else None


def is_of_this_computer(host: str, origin: str | None) -> bool:
    """Return True for a request to this computer by name, from a page of the same server: a page of another may give
    its own name this computer's address, or open websockets to it."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        is_here = name == "localhost" or ipaddress.ip_address(name).is_loopback
        return is_here and (origin is None or urlsplit(origin).netloc == host)
    except ValueError:
        return False
