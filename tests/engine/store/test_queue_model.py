"""The store's verbs in any order, with several workers and stale claims, against a small model of them.

RESNET_TUI_MODEL_EXAMPLES asks for more sequences than the default."""

import os
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, settings
from postgres import Server
from queue_machine import QueueMachine
from sqlalchemy import text
from worker_machine import Shared

from engine.files.paths import Home
from engine.store.database import Store, open_store

EXAMPLES = int(os.environ.get("RESNET_TUI_MODEL_EXAMPLES", "15"))
STEPS = 50
TABLES = ("run_dependency", "epoch_metrics", "epoch_confusion", "run", "worker", "edit", "sqlite_sequence")


def test_the_store_does_what_the_model_does(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    pooled = store.engine.raw_connection()  # the only one: nothing here is to survive a power loss
    pooled.cursor().execute("PRAGMA synchronous=OFF")
    pooled.close()

    def empty() -> None:
        with store.write() as session:
            for table in TABLES:
                session.execute(text(f"DELETE FROM {table}"))
            session.execute(text("UPDATE clock SET queue_paused = false"))

    _run_machine(store, tmp_path, empty, EXAMPLES)


def test_the_store_does_what_the_model_does_on_postgresql(postgres_server: Server, tmp_path: Path) -> None:
    store = open_store(postgres_server.empty_runs())
    _run_machine(store, tmp_path, postgres_server.empty_runs, max(EXAMPLES * 2 // 3, 1))


def _run_machine(store: Store, folder: Path, empty: Callable[[], object], examples: int) -> None:
    Shared.store, Shared.home, Shared.empty = store, Home.find(folder), staticmethod(empty)
    case = QueueMachine.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        case("runTest").runTest()
    finally:
        store.close()
