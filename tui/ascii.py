"""Text as ASCII, for terminals and fonts that have nothing else: each cell keeps its width.

What the app draws goes through `tui.preferences.ascii`, what is printed through `tui.streams`; both ask `to_ascii`."""

import codecs
import functools
import os
import sys

NEAR = {
    **dict.fromkeys("●■◆▲", "*"), **dict.fromkeys("○□◇△", "o"), **dict.fromkeys("━─╌┄═", "-"),
    **dict.fromkeys("│┃▌▐▕▏", "|"),
    "✔": "+", "✖": "x", "‖": "=", "–": "-", "−": "-", "⚠": "!", "▸": ">", "▶": ">", "◀": "<", "→": ">", "←": "<",
    "↑": "^", "↓": "v", "↗": "/", "↘": "\\", "·": ".", "…": "~", "≈": "~", "≥": ">", "≤": "<", "×": "x", "÷": "/",
    "±": "~", "╲": "\\", "╱": "/", "²": "2", "“": '"', "”": '"', "’": "'", "⏎": "<", "█": "#", "▀": "\"", "▄": "_",
    "—": "-", "•": "*", "°": "o", "σ": "s", "‑": "-", "▾": "v", "▴": "^", "√": "V", "β": "b", "γ": "g", "⁹": "9",
    "›": ">", "◉": "@", "κ": "k", "Σ": "S", "τ": "t",
}  # fmt: skip
NEAR |= {"├": "|", "└": "`", "▔": "-", "▁": "_", "🔎": "/ "}
BARS = {each: str(place) for place, each in enumerate("▁▂▃▄▅▆▇", 1)}
PARTS = "▎▍▌▋▊▉"
"""Ends of bars, in eighths of a cell."""
BRAILLE = range(0x2800, 0x2900)
COERCED = "C.UTF-8"
"""Values that Python sets LC_CTYPE to by itself where the locale is C (PEP 538)."""
VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")


@functools.lru_cache(maxsize=4096)
def to_ascii(text: str) -> str:
    return text if text.isascii() else "".join(map(_nearest, text))


def _nearest(character: str) -> str:
    if character.isascii():
        return character
    if ord(character) in BRAILLE:
        return _braille(ord(character) - BRAILLE.start)
    known = NEAR.get(character) or BARS.get(character)
    if known is None and character in PARTS:
        known = "-" if PARTS.index(character) > 1 else " "
    return known or "?" * _cells(character)


def _cells(character: str) -> int:
    from rich.cells import cell_len  # the start of the program waits for no table of widths

    return cell_len(character)


def _braille(dots: int) -> str:
    """Show where in the cell the dots are: `'` above, `-` in the middle, `.` below."""
    upper, middle, lower = dots & 0b00001001, dots & 0b00110110, dots & 0b11000000
    if not dots:
        return " "
    if upper and lower or (middle and (upper or lower)):
        return ":"
    return "'" if upper else "-" if middle else "."


# What the terminal shows


def locale_named() -> str:
    """Return the locale's variable as a user would set it: `LC_ALL=C`, `LANG not set`."""
    is_python_s = sys.flags.utf8_mode and os.environ.get("LC_CTYPE") == COERCED
    for name in VARIABLES:
        if (value := os.environ.get(name)) and not (name == "LC_CTYPE" and is_python_s):
            return f"{name}={value}"
    return "LANG not set"


def terminal_encoding() -> str:
    """Return the encoding that the locale gives the terminal.

    Python itself writes UTF-8 where the locale is C or unknown to the system (PEP 538, PEP 540); a terminal of Latin-1
    would show two characters for each. So the locale's name counts there; one without an encoding has ASCII alone."""
    if not sys.flags.utf8_mode or os.environ.get("PYTHONUTF8") or os.environ.get("PYTHONIOENCODING"):
        return getattr(sys.stdout, "encoding", None) or "ascii"
    named = locale_named().partition(".")[2].partition("@")[0]
    try:
        return codecs.lookup(named).name
    except LookupError:
        return "ascii"


def shows_unicode() -> bool:
    return terminal_encoding().replace("_", "-").startswith("utf-")
