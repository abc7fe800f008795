"""Delete what runs have trained, all or none together with the transaction that wants it gone."""

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlalchemy import delete, select
from sqlmodel import col

from engine.files.paths import Home, RunPaths
from engine.store.dependencies import some_of
from engine.store.edit_journal import Editing
from engine.store.errors import QueueError
from engine.store.measurement_tables import (
    AttemptSystem,
    AttemptTimes,
    EpochConfusion,
    EpochMetrics,
    LossPoint,
)
from engine.store.spec_columns import UNTRAINED


class Discarded:
    """Files to delete, which lie aside in their runs' folders until the transaction has ended."""

    def __init__(self) -> None:
        self.left: dict[int, str] = {}
        """Runs with files that could not be deleted, though nothing reads them any more, and why."""
        self._folders: dict[int, Path] = {}
        self._moved: list[tuple[Path, Path]] = []

    def take(self, run_id: int, paths: RunPaths) -> None:
        """Move everything in a run's folder aside but its log: checkpoints, weights, predictions. Raises QueueError."""
        try:
            found = [path for path in paths.folder.iterdir() if path != paths.log]
            if found:
                self._folders[run_id] = Path(tempfile.mkdtemp(prefix=".discarded.", dir=paths.folder))
            for path in found:
                aside = self._folders[run_id] / path.name
                with contextlib.suppress(FileNotFoundError):
                    path.rename(aside)
                    self._moved.append((path, aside))
        except FileNotFoundError:
            return  # it never wrote anything
        except OSError as error:
            raise QueueError(
                f"{error.filename} cannot be deleted: {error.strerror}: check its permissions"
            ) from None

    def put_back(self) -> None:
        for path, aside in reversed(self._moved):
            with contextlib.suppress(OSError):
                aside.rename(path)
        for folder in self._folders.values():
            with contextlib.suppress(OSError):
                folder.rmdir()

    def delete(self) -> None:
        for run_id, folder in self._folders.items():
            try:
                shutil.rmtree(folder)
            except OSError as error:
                self.left[run_id] = f"{error.filename}: {error.strerror}"


@contextlib.contextmanager
def discarding() -> Iterator[Discarded]:
    """Context around a transaction: files that are taken inside return to their place if anything fails, and are
    deleted once all is committed."""
    discarded = Discarded()
    try:
        yield discarded
    except BaseException:
        discarded.put_back()
        raise
    discarded.delete()


def delete_training(edit: Editing, home: Home, discarded: Discarded, run_ids: Collection[int]) -> set[int]:
    """Set runs back to before their first attempt: row, times, use of devices, epochs, confusion matrices, losses, and
    all files but the log.

    Return those that had measured an epoch: `undo` cannot bring that back. Raises QueueError."""
    measured: set[int] = set()
    edit.write(run_ids, **UNTRAINED)
    for some in some_of(run_ids):
        of_these = select(col(EpochMetrics.run_id)).where(col(EpochMetrics.run_id).in_(some))
        measured.update(edit.session.execute(of_these.distinct()).scalars())
        for table in (AttemptTimes, AttemptSystem, EpochMetrics, EpochConfusion, LossPoint):
            edit.session.execute(delete(table).where(col(table.run_id).in_(some)))
    # Before the commit: once it is queued a worker may write new ones.
    for run_id in run_ids:
        discarded.take(run_id, home.run(run_id))
    return measured
