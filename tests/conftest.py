"""Fixtures that several test files need."""

import gc
import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # of all that tests start, too: threads that share cores with other processes spin at each other's barriers

from collections.abc import Iterator
from pathlib import Path

import new_schema
import postgres
import pytest
from hypothesis import HealthCheck, settings
from lab import Lab
from shell import Shell

from engine.store import workers
from engine.store.database import Store, open_store
from engine.store.migrations import apply
from tests.support.forking import serve_forks

SLOW = (
    "test_terminal.py", "test_slurm_jobs.py", "test_golden.py", "test_kill_loop.py", "test_outage.py", "test_worker.py",
    "test_worker_signals.py", "test_crowd.py", "test_disk_full.py",
)  # fmt: skip
"""The files that start workers and crowds, the longest first."""

if "PYTEST_XDIST_WORKER" in os.environ:  # until the tests are collected: a quarter of that time
    gc.disable()

apply.upgrade = new_schema.upgrade
settings.register_profile("any pace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any pace")


@pytest.fixture(autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test its own memory of earlier calls."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@pytest.fixture
def by_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """New run tables are made as the program makes them."""
    monkeypatch.setattr(apply, "upgrade", new_schema.migrate)


@pytest.fixture
def workers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """No heartbeat is too old, however long a busy machine takes."""
    monkeypatch.setattr(workers, "LEASE_S", 1e6)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.server() as running:
        yield running


@pytest.fixture
def db_url(tmp_path: Path) -> str:
    """A new database in SQLite; the store's tests have one of each kind."""
    return f"sqlite:///{tmp_path / 'runs.db'}"


@pytest.fixture
def store(db_url: str) -> Iterator[Store]:
    opened = open_store(db_url)
    yield opened
    opened.close()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    for variable in ("RESNET_TUI_DB", "RESNET_TUI_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    return Shell(tmp_path, capsys)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.close()


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests of real processes wait for those a good deal."""
    return min(len(os.sched_getaffinity(0)) + 1, 4)


def pytest_collection_finish() -> None:
    """Collect garbage of tests only: modules are never freed, and going through them took a quarter of an app test."""
    gc.freeze()
    serve_forks()  # before a test has a database open
    gc.enable()
    gc.set_threshold(10_000, 10, 10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the slow tests out to the beginnings of the shares that pytest-xdist makes, so that no core is left with one
    of them alone at the end."""
    shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow = sorted(
        (item for item in items if item.path.name in SLOW), key=lambda item: SLOW.index(item.path.name)
    )
    rest = [item for item in items if item.path.name not in SLOW]
    size = -(-len(rest) // shares)
    items[:] = [
        item
        for share in range(shares)
        for item in (*slow[share::shares], *rest[share * size : (share + 1) * size])
    ]
