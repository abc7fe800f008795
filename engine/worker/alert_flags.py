"""Addresses of alerts that a worker is started with."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from engine.alerts.address import FROM_FILE, STANDARD_INPUT, VARIABLE, of_environment, read_addresses
from engine.alerts.channel import new_channel
from engine.alerts.kinds import parse_kinds
from engine.alerts.sender import check_addresses
from engine.store.alerts import NewChannel

FLAG, KINDS_FLAG = "--notify-url", "--notify-on"


def hide_addresses() -> None:
    """Start this process again without the addresses of its command line, which all users of the host can read: they
    are in its environment then. Return where there are none."""
    addresses, rest = divided(sys.argv[1:])
    if addresses:
        os.environ[VARIABLE] = " ".join([*os.environ.get(VARIABLE, "").split(), *addresses])
        safe = ["-P"] if sys.flags.safe_path else []
        os.execv(sys.executable, [sys.executable, *safe, "-m", "engine.worker", *rest])


def divided(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Divide a command line into its addresses, but for names of files, and the rest."""
    addresses: list[str] = []
    rest: list[str] = []
    left = list(arguments)
    while left:
        flag, has_value, value = left.pop(0).partition("=")
        if not _is_flag(flag) or not (has_value or left):
            rest.append(f"{flag}{has_value}{value}")
            continue
        given = value if has_value else left.pop(0)
        if given.startswith(FROM_FILE) or given == STANDARD_INPUT or not given.strip():
            rest += [FLAG, given]
        else:
            addresses.append(given.strip())
    return addresses, rest


def _is_flag(text: str) -> bool:
    """Return True for the flag of addresses, or as much of its name as tells it from others."""
    return FLAG.startswith(text) and len(os.path.commonprefix([FLAG, KINDS_FLAG])) < len(text)


def brought_channels(options: Namespace) -> list[NewChannel]:
    """Return the addresses of the flags and of the environment, checked. Raises AlertError."""
    urls = list(dict.fromkeys([*read_addresses(options.notify_url), *of_environment()]))
    kinds = parse_kinds(options.notify_on)
    check_addresses(urls)
    return [new_channel(url, kinds) for url in urls]


def forget_addresses() -> None:
    """Take the addresses out of the environment, which the trainings inherit."""
    os.environ.pop(VARIABLE, None)
