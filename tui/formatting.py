"""Formatting of numbers, times and texts in the app and on the command line."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size

from engine.text import decimals, learning_rate, plain

__all__ = [
    "clock",
    "decimals",
    "duration",
    "fitted",
    "fitted_end",
    "forecast",
    "learning_rate",
    "plain",
    "seconds",
    "setting",
]
LEAST_OF_NAME = 3
"""Cells that a setting's name keeps while others stand beside it."""


def clock(time: datetime, now: datetime | None = None) -> str:
    """Format a time in the local zone: `15:52`; on another day `Tue 15:52`, from a week off `2026-05-12 15:52`."""
    local, today = time.astimezone(), (now or datetime.now().astimezone()).astimezone()
    days = abs((local.date() - today.date()).days)
    return local.strftime("%H:%M" if not days else "%a %H:%M" if days < 7 else "%Y-%m-%d %H:%M")


def forecast(time: datetime, now: datetime | None = None) -> str:
    """Format a time that is worked out beforehand to the nearest minute: `≈ 15:52`."""
    return f"≈ {clock(datetime.fromtimestamp(round(time.timestamp() / 60) * 60, UTC), now)}"


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Cut with `…` or fill with spaces to exactly `width` terminal cells (Chinese characters take two)."""
    length = cell_len(text)
    if length > width:
        text, length = f"{set_cell_size(text, width - 1)}…", width
    padding = " " * (width - length)
    return padding + text if right else text + padding


def fitted_end(text: str, width: int) -> str:
    """Fit a text as `fitted` does, but cut its beginning: the end of a path is more informative."""
    return fitted(text, width) if cell_len(text) <= width else f"…{fitted(text[::-1], width)[-2::-1]}"


def setting(value: object) -> str:
    """Format a setting's value in a few characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return learning_rate(value) if isinstance(value, float) else plain(value) or "–"


def duration(seconds: float) -> str:
    """Format a duration as `2 h 10 m`, `3 m` or `40 s`."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} m"
    return f"{minutes} m" if seconds >= 60 else f"{seconds:.0f} s"


def seconds(value: float) -> str:
    """Format seconds with the digits that matter: `.042 s`, `4.51 s`, `43.9 s`, `3,120 s`."""
    places = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{decimals(value, places) if value < 1 else f'{value:,.{places}f}'} s"


def settings_fitted(text: str, width: int) -> str:
    """Shorten `weight_decay 0.001, loss focal` to a width: first the names of the settings, for the values tell more,
    then the last ones become a count, `weig… 0.001 +1`. No value stands without a name.

    The text may still be longer."""
    if cell_len(text) <= width:
        return text
    parts = [part.rpartition(" ") for part in text.split(", ")]
    longest = max(len(name) for name, _, _ in parts)
    for count in range(len(parts), 0, -1):
        for letters in range(longest, (LEAST_OF_NAME if count > 1 else 2) - 1, -1):
            short = _with_short_names(parts[:count], letters)
            short += f" +{len(parts) - count}" if count < len(parts) else ""
            if cell_len(short) <= width:
                return short
    return _with_short_names(parts[:1], 2)


def _with_short_names(parts: Sequence[tuple[str, str, str]], letters: int) -> str:
    names = (name if len(name) <= letters else f"{name[: letters - 1]}…" for name, _, _ in parts)
    return ", ".join(f"{name} {value}" for name, (_, _, value) in zip(names, parts, strict=True))
