"""Remove what a plan names: put aside while the run table is locked, deleted when it is not."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.datasets.pixels.locks import taken
from engine.disk.pruning import Plan, Wish, plan
from engine.disk.usage import (
    LOCKED_SUFFIXES,
    CacheUsage,
    Stored,
    is_trash,
    trash_of,
    usage_of_cache,
    usage_of_runs,
)
from engine.files.paths import Home
from engine.store.database import Store
from engine.store.listing import list_runs


@dataclass
class Removed:
    """What has gone, and what did not."""

    files: list[Stored] = field(default_factory=list)
    """By the names under which they were put aside."""
    busy: list[CacheUsage] = field(default_factory=list)
    """Being packed by some process, of another home perhaps; or their lock cannot be taken."""

    @property
    def size(self) -> int:
        return sum(stored.size for stored in self.files)


def prune(store: Store, home: Home, wish: Wish, shown: Plan) -> Removed:
    """Remove what was shown, as far as it would be chosen at this moment too. Raises OSError.

    The table is locked while files are put aside under names that no run reads, so that no run is claimed, retried or
    added whose files are just going. To delete hundreds of gigabytes takes longer than others wait for the table, and
    comes afterwards; what a kill leaves of it the next call deletes."""
    removed = Removed()
    try:
        with store.write() as session:
            now = datetime.now(UTC)
            runs, usages, cache = list_runs(session), usage_of_runs(home), usage_of_cache(home.cache)
            chosen = _both(plan(home, runs, usages, cache, wish, now=now), shown)
            for files in chosen.runs.values():
                _put_aside(files, removed)
            for cached in chosen.cache:
                with _kept_from_packers(home.cache, cached) as is_free:
                    if is_free:
                        _put_aside(cached.files, removed)
                    else:
                        removed.busy.append(cached)
    finally:
        for stored in removed.files:
            stored.path.unlink(missing_ok=True)
    return removed


def _both(chosen: Plan, shown: Plan) -> Plan:
    """What is in both; packed images that are others by now are in one alone."""
    seen = set(shown.files)
    runs = {run_id: tuple(each for each in files if each in seen) for run_id, files in chosen.runs.items()}
    return dataclasses.replace(
        chosen,
        runs={run_id: files for run_id, files in runs.items() if files},
        cache=tuple(each for each in chosen.cache if seen.issuperset(each.files)),
    )


@contextlib.contextmanager
def _kept_from_packers(cache: Path, cached: CacheUsage) -> Iterator[bool]:
    """Hold the lock that a process takes to pack these images; False where it cannot be had at once."""
    if not any(stored.path.suffix in LOCKED_SUFFIXES for stored in cached.files):
        yield True
        return
    lock = cache / f"{cached.key}.lock"
    was_there = lock.exists()
    try:
        handle = taken(lock)
    except OSError:
        handle = None
    if handle is None:
        yield False
        return
    with handle:
        yield True
        if not was_there:
            lock.unlink(missing_ok=True)


def _put_aside(files: tuple[Stored, ...], removed: Removed) -> None:
    for stored in files:
        aside = stored.path if is_trash(stored.path.name) else trash_of(stored.path)
        with contextlib.suppress(FileNotFoundError):
            if aside != stored.path:
                os.rename(stored.path, aside)
            removed.files.append(Stored(aside, stored.size))
