"""Folders of submitted jobs: the database's URL, the cluster, the ids of the jobs, their workers and logs."""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.files.paths import Home, write_atomic
from engine.files.privacy import PRIVATE_FOLDER

YOUNG_S = 60.0
"""Age from which a submission whose jobs Slurm does not list has ended."""
LOG = "_log.out"


@dataclass(frozen=True)
class Submission:
    """Jobs that were submitted together."""

    folder: Path

    @property
    def database(self) -> Path:
        """File with the database's URL, which may hold a password: its owner alone may read it."""
        return self.folder / "database"

    @property
    def _jobs(self) -> Path:
        return self.folder / "jobs.json"

    @property
    def _cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def cluster(self) -> str:
        """Name of the cluster that has the jobs; empty where it is not known."""
        try:
            return self._cluster.read_text().strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def write_cluster(self, name: str) -> None:
        write_atomic(self._cluster, name.encode())

    def announcements(self, job_id: str) -> Path:
        """Return the file with the ids of a job's newest workers, as they announce themselves."""
        return self.folder / f"{job_id}.workers"

    def write_jobs(self, ids: Iterable[str]) -> None:
        write_atomic(self._jobs, json.dumps(list(ids)).encode())

    def read_jobs(self) -> list[str]:
        """Return the ids of the jobs; none where they have ended or are just being submitted."""
        try:
            return [str(each) for each in json.loads(self._jobs.read_bytes())]
        except (OSError, ValueError):
            return []

    def forget(self) -> None:
        """Delete all but the logs, once the jobs have ended; not yet where they were submitted just now."""
        with contextlib.suppress(OSError):
            if time.time() - self._jobs.stat().st_mtime < YOUNG_S:
                return
            self._jobs.unlink()
            for path in self.folder.iterdir():
                if not path.name.endswith(LOG):
                    path.unlink()


def new_submission(home: Home) -> Submission:
    """Make the folder of a submission with the database's URL in it."""
    made = Submission(_root(home) / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}")
    made.folder.mkdir(mode=PRIVATE_FOLDER, parents=True)
    write_atomic(made.database, home.database.encode())
    return made


def submissions(home: Home) -> Iterator[Submission]:
    """Yield the submissions of this user some of whose jobs may not have ended: squeue is asked for his jobs alone, and
    root must not take those of others for ended."""
    for jobs in sorted(_root(home).glob("*/jobs.json")):
        with contextlib.suppress(FileNotFoundError):  # forgotten meanwhile
            if jobs.stat().st_uid == os.getuid():
                yield Submission(jobs.parent)


def _root(home: Home) -> Path:
    return home.root / "runs" / "slurm"
