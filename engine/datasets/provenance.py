"""Provenance of weights: the images they were trained on, by a run itself and by the runs it started from.

Only training counts. An image that merely chose an epoch (val, or test under `select_on test_acc`) changed no weight.
Images are compared by content, groups by name."""

import contextlib
import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.pixels.content import Hashes, known_hashes, text_hashes
from engine.files.paths import Fence, Home, write_atomic
from engine.spec.pretrained import source_kind
from engine.spec.run_spec import RunSpec

Runs = NDArray[np.int64]
ARRAYS = ("images", "image_runs", "groups", "group_runs")


class LeakError(DataError):
    """Error for initial weights that were trained on val or test images of the run."""


@dataclass(frozen=True)
class TrainedOn:
    """Hashes of the images and groups that weights were trained on, sorted and unique.

    `image_runs` and `group_runs` have, for each hash, the earliest run in the line of ancestors that trained on it."""

    images: Hashes
    image_runs: Runs
    groups: Hashes
    group_runs: Runs

    def digest(self) -> str:
        parts = b"".join(np.ascontiguousarray(getattr(self, name)).tobytes() for name in ARRAYS)
        return hashlib.sha256(parts).hexdigest()[:16]


@dataclass(frozen=True)
class Leak:
    """Val and test images of a run that its ancestors were trained on, counted."""

    images: int
    groups: int
    """Groups (patients) of val and test images that were trained on."""
    test_images: int
    """Test images that were trained on or belong to such a group."""
    runs: tuple[int, ...]
    """Runs that trained on them."""
    evaluated: int
    """Val and test images in all."""

    @property
    def found(self) -> bool:
        return bool(self.images or self.groups)

    def document(self) -> dict[str, Any]:
        """Return the leak as `show --json` prints it."""
        return {
            "images": self.images,
            "groups": self.groups,
            "test_images": self.test_images,
            "from": list(self.runs),
        }

    def describe(self) -> str:
        """Describe the leak in one line, without advice."""
        parts = [f"{self.images:,} of the {self.evaluated:,} val and test images"] if self.images else []
        parts += [f"{self.groups:,} of their groups"] if self.groups else []
        runs = ", ".join(map(str, self.runs))
        return f"the first weights were trained on {' and '.join(parts)} (run{'s' * (len(self.runs) > 1)} {runs})"


def trained_on(
    run_id: int, index: Index, hashes: Hashes, *, trains: bool, inherited: TrainedOn | None
) -> TrainedOn:
    """Add a run's own train images to those that its initial weights were trained on (`inherited`).

    `hashes` has one hash a row of the index. A run that does not train (`trains` False) adds nothing."""
    rows = index.rows_of("train") if trains else []
    groups = [index.groups[row] for row in rows] if index.groups else []
    before = inherited or _NOTHING
    return TrainedOn(
        *_union(before.images, before.image_runs, hashes[rows], run_id),
        *_union(before.groups, before.group_runs, text_hashes(groups), run_id),
    )


def _union(before: Hashes, runs: Runs, new: Hashes, run_id: int) -> tuple[Hashes, Runs]:
    values, first = np.unique(np.concatenate([before, new]), return_index=True)
    origins = np.concatenate([runs, np.full(len(new), run_id, dtype=np.int64)])
    return values, origins[first]


_NO_HASHES, _NO_RUNS = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
_NOTHING = TrainedOn(_NO_HASHES, _NO_RUNS, _NO_HASHES, _NO_RUNS)


def find_leak(index: Index, hashes: Hashes | None, source: TrainedOn) -> Leak:
    """Count the val and test images that the source's weights were trained on.

    Without `hashes` only groups are compared. An image or group that is in this run's own train split too (an image
    stored twice, a patient on both sides of the split) does not count, because this run trains on it anyway. So data
    with the same split never leak into themselves."""
    evaluated = [row for row, split in enumerate(index.splits) if split in ("val", "test")]
    train = index.rows_of("train")
    image_hits = np.zeros(len(evaluated), dtype=bool)
    group_hits = np.zeros(len(evaluated), dtype=bool)
    runs: set[int] = set()
    if hashes is not None:
        image_hits = _leaked(hashes[evaluated], source.images, hashes[train])
        runs |= _runs_of(hashes[evaluated][image_hits], source.images, source.image_runs)
    groups = _NO_HASHES
    if index.groups is not None:
        names = text_hashes(list(index.groups))
        group_hits = _leaked(names[evaluated], source.groups, names[train])
        groups = np.unique(names[evaluated][group_hits])
        runs |= _runs_of(groups, source.groups, source.group_runs)
    is_test = np.array([index.splits[row] == "test" for row in evaluated], dtype=bool)
    touched = (image_hits | group_hits) & is_test
    return Leak(
        int(image_hits.sum()), len(groups), int(touched.sum()), tuple(sorted(runs)), evaluated=len(evaluated)
    )


def _leaked(evaluated: Hashes, source: Hashes, own_train: Hashes) -> NDArray[np.bool_]:
    return np.isin(evaluated, source) & ~np.isin(evaluated, own_train)


def _runs_of(hits: Hashes, values: Hashes, runs: Runs) -> set[int]:
    return set(map(int, runs[np.searchsorted(values, hits)]))


def source_of(home: Home, spec: RunSpec) -> int | None:
    """Return the run of this home whose weights a spec starts from, named as run:ID or by its file; else None."""
    if spec.source_run is not None:
        return spec.source_run
    if source_kind(spec.pretrained) != "file":
        return None
    folder = Path(os.path.realpath(home.resolve(spec.pretrained))).parent
    runs = Path(os.path.realpath(home.root / "runs"))
    return int(folder.name) if folder.parent == runs and folder.name.isdecimal() else None


def leak_known_early(home: Home, spec: RunSpec, read: Callable[[], Index]) -> Leak | None:
    """Find the leak of a run that has not started, as far as known without reading images.

    Return None where the source is no run of this home or has no record of its images. `read` gives the spec's
    index. Raises DataError."""
    source = source_of(home, spec)
    known = load_trained_on(home.run(source).trained_on) if source is not None else None
    if known is None:
        return None
    index = read()
    return find_leak(index, known_hashes(index, home.cache), known)


def save_trained_on(path: Path, what: TrainedOn, *, fence: Fence = contextlib.nullcontext) -> None:
    """Write the record as a compressed .npz of the four arrays."""
    content = io.BytesIO()
    np.savez_compressed(content, **{name: getattr(what, name) for name in ARRAYS})
    write_atomic(path, content.getvalue(), fence=fence)


def load_trained_on(path: Path) -> TrainedOn | None:
    """Read the file of `save_trained_on`; return None where it is missing or unreadable."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return TrainedOn(*(arrays[name] for name in ARRAYS))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None
