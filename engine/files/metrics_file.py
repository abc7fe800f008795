"""`metrics.csv` of a run: a line for each epoch, for programs that read no database. The session writes it."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime

from engine.files.paths import Fence, RunPaths, write_atomic
from engine.metrics.catalogue import numbers
from engine.metrics.metric import EpochValues, Number

EPOCH, TIME = "epoch", "time"
"""First columns: the epoch's number, and when it was measured, in UTC."""


def metric_columns() -> tuple[str, ...]:
    """Return the columns of a new file: epoch, time, and the key of every declared metric that is one number."""
    return (EPOCH, TIME, *(each.key for each in numbers()))


def append_metrics(paths: RunPaths, measured: EpochValues, *, fence: Fence) -> list[int]:
    """Write an epoch's line; lines of this and later epochs, left by an attempt that was killed, are dropped.

    Undefined values are empty. A file of another version keeps its lines under the columns that are declared now.
    Return the earlier epochs that have no line, because theirs is broken or was deleted. Raises OSError where the file
    cannot be read or written, and then leaves it as it was."""
    rows = {epoch: row for epoch, row in read_metrics(paths).items() if epoch < measured.epoch}
    values = {each.key: measured.number(each.key) for each in numbers()}
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    rows[measured.epoch] = {
        EPOCH: str(measured.epoch),
        TIME: stamp,
        **{key: _cell(value) for key, value in values.items()},
    }
    text = io.StringIO()
    table = csv.DictWriter(text, metric_columns(), restval="", extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows[epoch] for epoch in sorted(rows))
    write_atomic(paths.metrics, text.getvalue().encode(), fence=fence)
    return sorted(set(range(measured.epoch)) - rows.keys())


def _cell(value: Number) -> str:
    """Write a number with all its digits; counts without a point."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else repr(float(value))


def read_metrics(paths: RunPaths) -> dict[int, Mapping[str, str]]:
    """Return the lines by epoch, as text; empty where there is no file. Lines that are broken are left out.

    Raises OSError where the file cannot be read: it may hold lines all the same. No cell has a comma or a line break,
    so that one broken line takes no other with it."""
    try:
        text = paths.metrics.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    heading, *lines = text.splitlines() or [""]
    columns = heading.split(",")
    rows = [cells for line in lines if len(cells := line.split(",")) == len(columns) and "\ufffd" not in line]
    return {
        int(cells[0]): {**dict(zip(columns, cells, strict=True)), EPOCH: cells[0]}
        for cells in rows
        if _is_number(cells[0])
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def read_times(paths: RunPaths) -> dict[int, float]:
    """Return when each epoch was measured, in seconds since 1970; without those whose time is not known.

    Raises OSError where the file cannot be read."""
    times = {}
    for epoch, row in read_metrics(paths).items():
        try:
            times[epoch] = datetime.fromisoformat(row.get(TIME, "")).timestamp()
        except ValueError:
            continue
    return times
