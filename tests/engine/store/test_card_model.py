"""Runs that share a card, in any order of events: see `card_machine`.

RESNET_TUI_MODEL_EXAMPLES asks for more sequences than the default."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from card_machine import CardMachine
from hypothesis import HealthCheck, Phase, settings
from postgres import Server
from sqlalchemy import text

from engine.store import workers
from engine.store.database import Store, open_store

EXAMPLES = int(os.environ.get("RESNET_TUI_MODEL_EXAMPLES", "8"))
STEPS = 30
TABLES = ("epoch_metrics", "epoch_confusion", "run", "worker", "edit")


@pytest.fixture(autouse=True)
def all_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_known_dead", lambda _row: False)


def test_nothing_known_is_promised_twice_and_every_run_is_trained(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    pooled = store.engine.raw_connection()  # the only one: nothing here is to survive a power loss
    pooled.cursor().execute("PRAGMA synchronous=OFF")
    pooled.close()

    def empty() -> None:
        with store.write() as session:
            for table in TABLES:
                session.execute(text(f"DELETE FROM {table}"))

    _run_machine(store, empty, EXAMPLES)


def test_nothing_known_is_promised_twice_on_postgresql(postgres_server: Server) -> None:
    store = open_store(postgres_server.empty_runs())
    _run_machine(store, postgres_server.empty_runs, max(EXAMPLES // 3, 1))


def _run_machine(store: Store, empty: Callable[[], object], examples: int) -> None:
    CardMachine.store, CardMachine.empty = store, staticmethod(empty)
    case = CardMachine.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # to shrink a failure takes minutes
        suppress_health_check=list(HealthCheck),
    )
    try:
        case("runTest").runTest()
    finally:
        store.close()
