"""Text from outside, made safe to show: names, errors, paths and logs may hold anything."""

import contextlib
import functools
import re
import sys
import time
import unicodedata

_HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
"""Unicode categories that steer a terminal or the direction of text, cannot be encoded, or have no picture."""
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Default-ignorable characters of Unicode beyond these categories: fillers and variation selectors."""
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


@functools.lru_cache(maxsize=4096)
def is_hidden(character: str) -> bool:
    """Does a character show nothing, or change how others show?"""
    return unicodedata.category(character) in _HIDDEN or _INVISIBLE.match(character) is not None


def plain(text: object) -> str:
    """One line without control characters, escape sequences, directional overrides or what cannot be seen: each
    becomes `\\xNN`."""
    whole = str(text)
    if whole.isascii() and whole.isprintable():  # nearly all there is
        return whole
    return "".join(map(_escaped, whole))


def _escaped(character: str) -> str:
    if not is_hidden(character):
        return character
    return {"\n": " ", "\t": " "}.get(character, character.encode("unicode_escape").decode())


def learning_rate(value: float) -> str:
    """`1e-3`, `0.05`: as short as it stays exact."""
    mantissa, _, exponent = f"{value:e}".partition("e")
    digits = mantissa.rstrip("0").rstrip(".")
    short = f"{digits}e{int(exponent)}"
    return min((f"{value:g}", short), key=lambda text: (len(text), text))


def decimals(value: float | None, places: int = 4) -> str:
    """Format a share as `.8269`: no leading zero, `–` where it is undefined."""
    if value is None:
        return "–"
    return f"{value:.{places}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{places}f}"


def slug(text: str) -> str:
    """Turn text into part of a file name: lower-case ASCII letters, digits and single dashes."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[-40:].strip("-") or "data"


def log(text: str) -> None:
    """Write a line of progress with the time to standard error."""
    # Whoever listened may have gone with its terminal: the work goes on.
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%H:%M:%S')}  {plain(text)}", file=sys.stderr, flush=True)


def csv_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: what begins like one, and is no number, gets a `'`."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def csv_path(text: str) -> str:
    """Format a file's path as a CSV cell like `csv_cell`; a formula's start gets `./` before it, the same path."""
    return f"./{text}" if _FORMULA.match(text) else text


def print_message(text: object) -> None:
    """Write a line for people to standard error, where that still takes any."""
    with contextlib.suppress(OSError):
        print(plain(text), file=sys.stderr, flush=True)


def with_minus(number: str) -> str:
    """Write a formatted number that is below 0 with the minus sign, which is as wide as a plus, for Python's hyphen."""
    return f"−{number[1:]}" if number.startswith("-") else number
