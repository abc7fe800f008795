"""Text from outside, made safe to show: names, errors, paths and logs may hold anything."""

import contextlib
import sys
import time
import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Unicode categories that steer a terminal or the direction of text, or cannot be encoded."""


def plain(text: object) -> str:
    """One line without control characters, escape sequences or directional overrides: each becomes `\\xNN`."""
    return "".join(_escaped(character) for character in str(text))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    return {"\n": " ", "\t": " "}.get(character, character.encode("unicode_escape").decode())


def say(text: str) -> None:
    """Progress, for people: a line with the time on standard error."""
    # Whoever listened may have gone with its terminal: the work goes on.
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%H:%M:%S')}  {plain(text)}", file=sys.stderr, flush=True)
