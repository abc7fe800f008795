"""History of a device and its host: quantities that are sampled once a second, thinned so that they stay few.

Thinning halves the resolution where a history is full (of an attempt, over its whole length) or drops the oldest (of a
worker, over its last hour). What matters by its mean is averaged; of memory and heat the highest is kept, so that a
peak survives."""

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Values = Mapping[str, float | None]
"""Values by quantity; one that is missing or None is not known."""
Column = list[float | None]
MOST_POINTS = 500
"""Points of an attempt."""
HOUR_S, HOUR_POINTS = 3600.0, 120
DIGITS = 4
"""Significant digits that are stored."""


@dataclass(frozen=True)
class Quantity:
    """Quantity of a device, its host or the training on it."""

    key: str
    """Name in the run table."""
    words: str
    unit: str
    keeps_highest: bool = False
    """Whether several samples become their highest instead of their mean."""


QUANTITIES = (
    Quantity("gpu_percent", "card use", "%"),
    Quantity("gpu_memory_gb", "card memory", "GiB", keeps_highest=True),
    Quantity("gpu_temperature_c", "card temperature", "°C", keeps_highest=True),
    Quantity("cpu_percent", "CPU use", "%"),
    Quantity("memory_gb", "host memory", "GiB", keeps_highest=True),
    Quantity("images_per_s", "images/s", "images/s"),
    Quantity("data_wait_share", "data wait", ""),
)
"""In the order in which they are shown. Values of the card are of the whole card, whoever uses it."""
_HIGHEST = frozenset(each.key for each in QUANTITIES if each.keeps_highest)


@dataclass(frozen=True)
class Series:
    """Points of a history; point `i` covers the seconds `i · width_s` to `(i + 1) · width_s`."""

    width_s: float
    columns: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    """By quantity, all of one length; None where nothing was known. Quantities that were never known are left out."""

    @property
    def points(self) -> int:
        return max(map(len, self.columns.values()), default=0)

    def packed(self) -> bytes:
        """Return the series as compressed JSON."""
        columns = {key: [_rounded(value) for value in values] for key, values in self.columns.items()}
        document = {"width_s": self.width_s, "columns": columns}
        return zlib.compress(json.dumps(document, separators=(",", ":")).encode())


def unpack(packed: bytes) -> Series:
    """Return the series that `packed` made."""
    document = json.loads(zlib.decompress(packed))
    return Series(float(document["width_s"]), document["columns"])


class History:
    """Series that grows by samples, at most `most` points."""

    def __init__(self, width_s: float = 1.0, most: int = MOST_POINTS, *, drops_oldest: bool = False) -> None:
        """Begin with points of `width_s` seconds; where `most` (an even number) are full, halve the resolution, or drop
        the oldest point."""
        self._width_s, self._most, self._drops_oldest = width_s, most, drops_oldest
        self._columns: dict[str, Column] = {}
        self._points = 0
        """Closed points."""
        self._dropped = 0
        self._open: dict[str, Column] = {}
        """Samples of the point that is not closed yet."""

    def add(self, second: float, values: Values) -> None:
        """Add a sample, taken `second` seconds after the beginning; not before the one added last."""
        while int(second / self._width_s) - self._dropped > self._points:
            self._close()
        for key, value in values.items():
            if value is not None and math.isfinite(value):
                self._open.setdefault(key, []).append(value)

    def series(self) -> Series:
        """Return the points so far; the last is of a time that has not ended."""
        columns = {key: [*column] for key, column in self._columns.items()}
        if self._open:
            _append(columns, self._points, self._open)
        return Series(self._width_s, columns)

    def _close(self) -> None:
        _append(self._columns, self._points, self._open)
        self._open = {}
        self._points += 1
        if self._points < self._most:
            return
        if self._drops_oldest:
            self._columns = {key: column[1:] for key, column in self._columns.items()}
            self._points, self._dropped = self._points - 1, self._dropped + 1
        else:
            self._columns = {key: _halved(key, column) for key, column in self._columns.items()}
            self._width_s, self._points = 2 * self._width_s, self._points // 2


def hour() -> History:
    """Return a history of the last hour."""
    return History(HOUR_S / HOUR_POINTS, HOUR_POINTS, drops_oldest=True)


def _append(columns: dict[str, Column], points: int, samples: Mapping[str, Column]) -> None:
    """Add a point to columns that have `points`."""
    for key in samples.keys() - columns.keys():
        columns[key] = [None] * points
    for key, column in columns.items():
        column.append(_merged(key, samples.get(key, ())))


def _halved(key: str, column: Column) -> Column:
    return [_merged(key, column[place : place + 2]) for place in range(0, len(column), 2)]


def _merged(key: str, values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return max(known) if key in _HIGHEST else sum(known) / len(known)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
