"""The simulation of many workers: its calls are real, its queue for the database is a queue."""

import random
from pathlib import Path

import pytest
from pilots import statuses

from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store

simpy = pytest.importorskip("simpy", reason="simpy is not installed: nothing to simulate with")


@pytest.fixture
def table(tmp_path: Path) -> Store:
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    add_runs(store, [make_spec({"data": "digits", "epochs": 3, "seed": seed}) for seed in range(8)])
    return store


def test_simulated_workers_train_the_real_queue(table: Store) -> None:
    from benchmarks.scale_model import EPOCH_S, EPOCHS, Database, Worker

    env = simpy.Environment()
    database = Database(env, table, 0, 0.001)
    crowd = [
        Worker(
            database,
            table,
            workers.register(table, pid=1, device="cpu", device_name=""),
            0.0,
            random.Random(0),
        )
        for _ in range(4)
    ]
    for each in crowd:
        env.process(each.work())
    env.run(until=1.5 * EPOCHS * EPOCH_S)
    claimed = [run_id for each in crowd for run_id in each.claimed]
    assert sorted(claimed) == list(range(1, 9))
    assert sorted(statuses(table).values()) == ["done"] * 4 + ["running"] * 4
    assert 0 < database.busy_share() < 1
    assert len(database.took_s["renewal"]) >= 4 * 8 and len(database.took_s["epoch"]) >= 4 * (EPOCHS + 2)
    table.close()


@pytest.mark.parametrize(("lanes", "waits_s"), [(0, 8.0), (2, 1.0)])
def test_writers_of_sqlite_wait_for_one_another(table: Store, lanes: int, waits_s: float) -> None:
    """Each commit takes a second of the disk, which writers of PostgreSQL spend beside each other."""
    from benchmarks.scale_model import Database

    env = simpy.Environment()
    database = Database(env, table, lanes, 1.0)
    worker = workers.register(table, pid=1, device="cpu", device_name="")
    for _ in range(8):
        env.process(database.do("claim", lambda: queue.claim(table, worker)))
    env.run()
    assert len(database.took_s["claim"]) == 8
    assert waits_s <= max(database.took_s["claim"]) < waits_s + 1
    table.close()
