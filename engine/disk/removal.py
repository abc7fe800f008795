"""Removal of the files in a plan: renamed while the run table is locked, deleted afterwards."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.datasets.pixels.locks import taken
from engine.disk.pruning import Plan, PruneOptions, plan
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
    """Files that were removed, and packed images that were not."""

    files: list[Stored] = field(default_factory=list)
    """Removed files, under the names that they were put aside with."""
    busy: list[CacheUsage] = field(default_factory=list)
    """Packed images that were kept: another process, perhaps of another home, packs them, or their lock failed."""

    @property
    def size(self) -> int:
        return sum(stored.size for stored in self.files)


def prune(store: Store, home: Home, options: PruneOptions, shown: Plan) -> Removed:
    """Remove the files of the plan that the user has seen (`shown`), without those that must be kept by now.

    The run table is locked while files are renamed to names that no run reads, so that no run is claimed, retried or
    added whose files are being removed. Deleting hundreds of gigabytes takes longer than other processes wait for the
    table, and happens after the lock. Files that a kill leaves behind are deleted by the next call. Raises OSError."""
    removed = Removed()
    try:
        with store.write() as session:
            now = datetime.now(UTC)
            runs, usages, cache = list_runs(session), usage_of_runs(home), usage_of_cache(home.cache)
            chosen = _both(plan(home, runs, usages, cache, options, now=now), shown)
            for files in chosen.runs.values():
                _put_aside(files, removed)
            for cached in chosen.cache:
                with _packing_lock(home.cache, cached) as is_free:
                    if is_free:
                        _put_aside(cached.files, removed)
                    else:
                        removed.busy.append(cached)
    finally:
        for stored in removed.files:
            stored.path.unlink(missing_ok=True)
    return removed


def _both(chosen: Plan, shown: Plan) -> Plan:
    """Return the files that are in both plans; packed images that have changed since are in one only."""
    seen = set(shown.files)
    runs = {run_id: tuple(each for each in files if each in seen) for run_id, files in chosen.runs.items()}
    return dataclasses.replace(
        chosen,
        runs={run_id: files for run_id, files in runs.items() if files},
        cache=tuple(each for each in chosen.cache if seen.issuperset(each.files)),
    )


@contextlib.contextmanager
def _packing_lock(cache: Path, cached: CacheUsage) -> Iterator[bool]:
    """Hold the lock that a process takes to pack these images; yield False where it is not free."""
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
