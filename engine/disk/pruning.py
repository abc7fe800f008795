"""Plan of the files that `prune` may delete, computed from the run table and the files on disk."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from engine.disk.usage import BEST, CHECKPOINTS, PREDICTIONS, TRASH, CacheUsage, RunUsage, Stored
from engine.files.paths import Home
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import load_spec
from engine.spec.run_spec import RunSpec
from engine.store.people import may_change
from engine.store.status import ENDED, FROM_THE_START
from engine.store.tables import Run

KEPT = {"best": (CHECKPOINTS,), "log": (CHECKPOINTS, BEST, PREDICTIONS)}
"""Kinds of files of an ended run that are deleted, by what the user wants to keep."""


@dataclass(frozen=True)
class Plan:
    """Files to delete."""

    runs: Mapping[int, tuple[Stored, ...]]
    """Files by run."""
    cache: tuple[CacheUsage, ...]
    spared: Mapping[int, tuple[Stored, ...]]
    """Files of ended runs that are kept because `retry` resumes from them."""
    others: Mapping[int, tuple[Stored, ...]]
    """Files of ended runs that are kept because the runs are other users'."""

    @property
    def files(self) -> list[Stored]:
        of_runs = [stored for files in self.runs.values() for stored in files]
        return of_runs + [stored for each in self.cache for stored in each.files]

    @property
    def size(self) -> int:
        return sum(stored.size for stored in self.files)


@dataclass(frozen=True)
class PruneOptions:
    """Kinds of files that are pruned, and of which runs."""

    keep: str = "best"
    """Key of KEPT."""
    older_than: timedelta = timedelta(0)
    """Least time since the end of a run, or since the last change of packed images."""
    unfinished: bool = False
    """True where files that `retry` would resume from are deleted too."""


def plan(
    home: Home,
    runs: Sequence[Run],
    usages: Mapping[int, RunUsage],
    cache: Iterable[CacheUsage],
    options: PruneOptions,
    *,
    now: datetime,
) -> Plan:
    """Choose files of ended runs, and packed images that no waiting or running run uses.

    Kept are all files of runs that are queued, running or paused, the files that such a run starts from, files without
    a row in the run table, those of other users' runs where the run table has several, and, unless
    `options.unfinished`, files that `retry` would resume from. What an earlier call has put aside is deleted in any
    case."""
    before = now - options.older_than
    live = [load_spec(run.spec) for run in runs if run.status not in ENDED]
    needed = {_real(path) for spec in live for path in _sources(home, spec)}
    chosen = {run_id: usage.trash for run_id, usage in usages.items() if usage.trash}
    spared: dict[int, tuple[Stored, ...]] = {}
    others: dict[int, tuple[Stored, ...]] = {}
    for run in runs:
        usage = usages.get(run.id or 0)
        if usage is None or run.status not in ENDED or (run.ended_at or now) > before:
            continue
        files = tuple(stored for kind in KEPT[options.keep] for stored in usage.files[kind]
                      if _real(stored.path) not in needed)  # fmt: skip
        if files:
            into = spared if not options.unfinished and _is_resumable(run, usage) else chosen
            into = into if may_change(run.user_name) else others
            into[usage.run_id] = into.get(usage.run_id, ()) + files
    unused = tuple(
        each for each in cache
        if each.key == TRASH or (each.changed_s <= before.timestamp() and not in_use(home, each, live))
    )  # fmt: skip
    return Plan(chosen, unused, spared, others)


def _is_resumable(run: Run, usage: RunUsage) -> bool:
    """Return True where `retry` would resume from a checkpoint that exists."""
    return run.status != "done" and run.cause not in FROM_THE_START and bool(usage.files[CHECKPOINTS])


def in_use(home: Home, cached: CacheUsage, live: Sequence[RunSpec]) -> bool:
    """Return True where one of the runs may read these packed images; any run may where their data set is unknown."""
    if cached.key == TRASH:
        return False
    if cached.packing is None:
        return bool(live)
    where, *look = cached.packing
    return any(
        [spec.packed_px, spec.fit, spec.preprocess, spec.resize] == look and _may_hold(home, spec, where)
        for spec in live
    )


def _sources(home: Home, spec: RunSpec) -> list[Path]:
    """Return the files that a run starts from."""
    if spec.source_run is not None:
        paths = home.run(spec.source_run)
        return [paths.best, paths.trained_on]
    return [home.resolve(spec.pretrained)]


def _may_hold(home: Home, spec: RunSpec, where: str) -> bool:
    if spec.data in BUILTIN_DEFAULTS or where in BUILTIN_DEFAULTS:
        return spec.data == where
    data, root = home.resolve(spec.data), Path(where)
    places = [data, data.parent, Path(_real(data)).parent] if data.suffix else [data]
    places += [home.resolve(spec.images), data / spec.images] if spec.images else []
    # A folder that does not exist may have moved, and its images may be recognised elsewhere.
    return not os.path.exists(_real(root)) or any(_real(place) in _above(root) for place in places)


def _above(folder: Path) -> set[str]:
    """Return a folder and its parents, both by its own path and by the path that its links resolve to."""
    real = Path(_real(folder))
    return {_real(each) for each in (folder, *folder.parents)} | {str(each) for each in (real, *real.parents)}


def _real(path: Path) -> str:
    """Resolve all links of a path, so that a file has one name."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # no file can have this name
        return str(path)
