"""Which files nobody needs any more: pure, from the runs' rows and the files that lie there."""

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
from engine.store.status import ENDED, FROM_THE_START
from engine.store.tables import Run

KEPT = {"best": (CHECKPOINTS,), "log": (CHECKPOINTS, BEST, PREDICTIONS)}
"""What goes of a run that has ended, by what is to be kept."""


@dataclass(frozen=True)
class Plan:
    """What is to go."""

    runs: Mapping[int, tuple[Stored, ...]]
    """Files by run."""
    cache: tuple[CacheUsage, ...]
    spared: Mapping[int, tuple[Stored, ...]]
    """Files of runs that have ended, but from which `retry` goes on."""

    @property
    def files(self) -> list[Stored]:
        of_runs = [stored for files in self.runs.values() for stored in files]
        return of_runs + [stored for each in self.cache for stored in each.files]

    @property
    def size(self) -> int:
        return sum(stored.size for stored in self.files)


@dataclass(frozen=True)
class Wish:
    keep: str = "best"
    """A key of KEPT."""
    older_than: timedelta = timedelta(0)
    """How long ago a run must have ended, and a cache have been written."""
    unfinished: bool = False
    """Whether files go that `retry` would go on from."""


def plan(
    home: Home,
    runs: Sequence[Run],
    usages: Mapping[int, RunUsage],
    cache: Iterable[CacheUsage],
    wish: Wish,
    *,
    now: datetime,
) -> Plan:
    """What goes of runs that have ended, and packed images that no waiting or running run uses.

    Nothing of a run that is queued, running or paused goes, nor a file that such a run starts from; nor anything
    without a row in the run table; nor, unless that is wished for, of a run that `retry` would go on with. What an
    earlier call has put aside goes in any case."""
    before = now - wish.older_than
    live = [load_spec(run.spec) for run in runs if run.status not in ENDED]
    needed = {_real(path) for spec in live for path in _sources(home, spec)}
    chosen = {run_id: usage.trash for run_id, usage in usages.items() if usage.trash}
    spared: dict[int, tuple[Stored, ...]] = {}
    for run in runs:
        usage = usages.get(run.id or 0)
        if usage is None or run.status not in ENDED or (run.ended_at or now) > before:
            continue
        files = tuple(stored for kind in KEPT[wish.keep] for stored in usage.files[kind]
                      if _real(stored.path) not in needed)  # fmt: skip
        if files:
            into = spared if not wish.unfinished and _could_go_on(run, usage) else chosen
            into[usage.run_id] = into.get(usage.run_id, ()) + files
    unused = tuple(
        each for each in cache
        if each.key == TRASH or (each.changed_s <= before.timestamp() and not in_use(home, each, live))
    )  # fmt: skip
    return Plan(chosen, unused, spared)


def _could_go_on(run: Run, usage: RunUsage) -> bool:
    """Would `retry` go on from a checkpoint that lies there?"""
    return run.status != "done" and run.cause not in FROM_THE_START and bool(usage.files[CHECKPOINTS])


def in_use(home: Home, cached: CacheUsage, live: Sequence[RunSpec]) -> bool:
    """May one of the runs read these packed images? Where it is not known whose they are, any may."""
    if cached.key == TRASH:
        return False
    if cached.packing is None:
        return bool(live)
    where, *look = cached.packing
    return any(
        [spec.packed_px, spec.fit, spec.preprocess] == look and _may_hold(home, spec, where) for spec in live
    )


def _sources(home: Home, spec: RunSpec) -> list[Path]:
    """The files that a run begins with."""
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
    # A folder that is not there has moved, and its images may be known again elsewhere.
    return not os.path.exists(_real(root)) or any(_real(place) in _above(root) for place in places)


def _above(folder: Path) -> set[str]:
    """The folder and those it lies in, by its own path and where its links lead."""
    real = Path(_real(folder))
    return {_real(each) for each in (folder, *folder.parents)} | {str(each) for each in (real, *real.parents)}


def _real(path: Path) -> str:
    """One name for a file, whatever links it is reached through."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # nothing is called so
        return str(path)
