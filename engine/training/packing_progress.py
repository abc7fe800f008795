"""Progress of packing as log lines with images/s and the time left."""

import time
from collections.abc import Callable

from engine.datasets.pixels.packing import PackingLine

SAY_EVERY_S = 5.0


class PackingLog:
    """Progress callback that logs every few seconds; call it with images done and images in all."""

    def __init__(self, log: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._began = self._said_at = clock()
        self._before: int | None = None
        """Images done at the first call, by an earlier attempt; they do not count for images/s."""

    def __call__(self, done: int, total: int) -> None:
        now = self._clock()
        if self._before is None:
            self._before, self._began = done, now
        if done < total and now - self._said_at < SAY_EVERY_S:
            return
        self._said_at = now
        parts = [f"{done:,} of {total:,} images packed"]
        made, elapsed_s = done - self._before, now - self._began
        if made > 0 and elapsed_s > 0:
            pace = made / elapsed_s
            parts.append(f"{pace:,.0f} images/s")
            if done < total:
                parts.append(_left((total - done) / pace))
        self._log(PackingLine("  ".join(parts)))


def _left(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s left" if minutes else f"{rest} s left"
