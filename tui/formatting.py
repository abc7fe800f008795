"""Numbers and words as the app and the command line write them."""

from datetime import datetime

from rich.cells import cell_len, set_cell_size

from engine.text import learning_rate, plain

__all__ = [
    "clock",
    "decimals",
    "duration",
    "fitted",
    "fitted_end",
    "learning_rate",
    "plain",
    "setting",
]


def decimals(value: float | None, places: int = 4) -> str:
    """A share as `.8269`: no leading zero, `–` where it is undefined."""
    if value is None:
        return "–"
    return f"{value:.{places}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{places}f}"


def clock(time: datetime, now: datetime | None = None) -> str:
    """Local time as `15:52`; another day as `Tue 15:52`, one more than six days off as `2026-05-12 15:52`."""
    local, today = time.astimezone(), (now or datetime.now().astimezone()).astimezone()
    days = abs((local.date() - today.date()).days)
    return local.strftime("%H:%M" if not days else "%a %H:%M" if days < 7 else "%Y-%m-%d %H:%M")


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` terminal cells (Chinese characters take two): cut with `…` or filled with spaces."""
    length = cell_len(text)
    if length > width:
        text, length = f"{set_cell_size(text, width - 1)}…", width
    padding = " " * (width - length)
    return padding + text if right else text + padding


def fitted_end(text: str, width: int) -> str:
    """As `fitted`, but what is too long loses its beginning: the end of a path tells more."""
    return fitted(text, width) if cell_len(text) <= width else f"…{fitted(text[::-1], width)[-2::-1]}"


def setting(value: object) -> str:
    """A setting's value in a few characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return learning_rate(value) if isinstance(value, float) else plain(value) or "–"


def duration(seconds: float) -> str:
    """`2 h 10 m`, `3 m`, `40 s`."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} m"
    return f"{minutes} m" if seconds >= 60 else f"{seconds:.0f} s"
