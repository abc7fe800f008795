"""Text from outside, made safe to show: names, errors, paths and logs may hold anything."""

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


def decimals(value: float | None, places: int = 4) -> str:
    """A share as `.8269`: no leading zero, `–` where it is undefined."""
    if value is None:
        return "–"
    return f"{value:.{places}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{places}f}"


def learning_rate(value: float) -> str:
    """`1e-3`, `0.05`: as short as it stays exact."""
    mantissa, _, exponent = f"{value:e}".partition("e")
    digits = mantissa.rstrip("0").rstrip(".")
    short = f"{digits}e{int(exponent)}"
    return min((f"{value:g}", short), key=lambda text: (len(text), text))
