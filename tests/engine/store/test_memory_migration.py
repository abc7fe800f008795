"""Homes from before cards were shared: runs of every kind keep what was learnt of their memory."""

import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

import engine.store.migrations
from engine.hardware.card_memory import memory_place
from engine.spec.grid import make_spec
from engine.store import listing, workers
from engine.store.database import open_store

H100 = memory_place("H100", 4 << 30)
CARD = {"device": "cuda:0", "device_name": "H100", "micro_batch": 32}
BASE = {"data": "eyes", "pretrained": "imagenet"}
RUNS: dict[int, tuple[dict[str, Any], int, float | None, dict[str, Any], str]] = {
    # number: settings, epochs trained, peak, environment, place
    1: ({}, 2, 5.0, CARD, H100),
    2: (
        {"arch": "resnet50", "batch_size": 8, "augment": "flip+crop"},
        2,
        5.0,
        CARD | {"micro_batch": 8},
        H100,
    ),
    3: ({"momentum": 0.0, "deterministic": True}, 0, 5.0, CARD, ""),
    4: ({"epochs": 0}, 0, 5.0, CARD, H100),
    5: ({"freeze_epochs": 3}, 3, 5.0, CARD, ""),
    6: ({"freeze_epochs": 3}, 4, 5.0, CARD, H100),
    7: ({"freeze_epochs": 3, "epochs": 3}, 1, 5.0, CARD, H100),
    8: ({"on_oom": "shrink"}, 2, 5.0, CARD | {"micro_batch": 16}, ""),
    9: ({"micro_batch": 16, "gpus": 2}, 2, 5.0, CARD | {"micro_batch": 16}, H100),
    10: ({}, 2, 5.0, CARD | {"device": "cpu"}, ""),
    11: ({}, 2, None, CARD, ""),
    12: ({}, 2, 5.0, CARD | {"changes": [{"attempt": 2, "device_name": "T4"}]}, memory_place("T4", 4 << 30)),
    13: ({}, 0, None, {}, ""),
}

WORKER = (
    "INSERT INTO worker (host, pid, pid_started, device, device_name, state, seen_s, telemetry, started_at) "
    "VALUES ('h', 1, '', 'cuda:0', 'H100', 'idle', 0, '{}', '2026-01-01 00:00:00')"
)


@pytest.fixture
def old_home(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    config = Config()
    config.set_main_option("script_location", str(Path(engine.store.migrations.__file__).parent))
    made = create_engine(url)
    with made.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0016")
        for run_id, (settings, epoch, peak_gb, environment, _) in RUNS.items():
            spec = make_spec(BASE | settings)
            counted = (
                "changed priority position blocked seed attempt failures max_attempts step steps_per_epoch"
            )
            row = dict.fromkeys(counted.split(), 1) | {
                "id": run_id, "status": "done", "epoch": epoch, "peak_memory_gb": peak_gb, "lr": 0.1,
                "environment": json.dumps(environment), "spec": spec.to_json(), "spec_hash": spec.digest(),
                "data": "eyes", "arch": spec.arch, "pretrained": "none", "epochs": spec.epochs, "batch_size": 1,
                "name": "", "note": "", "tags": "[]", "sweep": "", "class_names": "[]",
                "created_at": "2026-01-01 00:00:00",
            }  # fmt: skip
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO run ({names}) VALUES ({values})"), row)
        connection.execute(text(WORKER))
    made.dispose()
    return url


def test_each_run_has_the_key_that_it_would_get_now_and_the_card_of_its_peak(old_home: str) -> None:
    store = open_store(old_home)
    with store.read() as session:
        runs = {run.id: run for run in listing.list_runs(session)}
        [old_worker] = workers.on_card_of(session, 1)
    store.close()
    for run_id, (settings, *_, place) in RUNS.items():
        assert runs[run_id].memory_key == make_spec(BASE | settings).memory_digest(), run_id
        assert (runs[run_id].memory_place, runs[run_id].trains_alone) == (place, False), run_id
    assert (old_worker.slots, old_worker.memory_place) == (1, "")
