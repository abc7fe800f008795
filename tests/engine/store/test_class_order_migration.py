"""Homes from before classes were said to be in order, or not: each run keeps what it does and shows."""

import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

import engine.store.migrations
from engine.spec.grid import load_spec, make_spec
from engine.spec.run_spec import RunSpec
from engine.store import history, listing
from engine.store.database import open_store
from engine.store.epoch_values import values_of_row

OLD = {"data": "eyes", "arch": "resnet18", "pretrained": "none"}
RUNS: dict[int, tuple[str, dict[str, Any], float | None, bool]] = {
    # number: status, settings, kappa of its epoch 0, measured
    1: ("done", {}, 0.5, True),
    2: ("done", {}, None, True),
    3: ("paused", {"class_names": "a,b,c"}, 0.0, True),
    4: ("queued", {}, None, False),
    5: ("queued", {"select_on": "val_kappa"}, None, False),
    6: ("queued", {"loss": "mse-ordinal"}, None, False),
    7: ("failed", {"select_on": "test_kappa"}, None, True),
}
WANTED = {
    1: ("on", True), 2: ("off", False), 3: ("on", True), 4: ("auto", None), 5: ("on", None), 6: ("on", None),
    7: ("on", True),
}  # fmt: skip


def old_text(**settings: Any) -> str:
    """The spec as a version wrote it that had no field `ordered`."""
    values = make_spec({"data": "eyes", **settings}).model_dump(exclude={"ordered"})
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


@pytest.fixture
def old_home(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    config = Config()
    config.set_main_option("script_location", str(Path(engine.store.migrations.__file__).parent))
    made = create_engine(url)
    with made.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        counted = "changed priority position blocked lr epochs batch_size seed attempt failures max_attempts epoch step"
        numbers = dict.fromkeys([*counted.split(), "steps_per_epoch"], 1)
        texts = {"name": "", "note": "", "tags": "[]", "sweep": "", "class_names": '["0", "1", "2"]',
                 "environment": "{}", "created_at": "2026-01-01 00:00:00"}  # fmt: skip
        for run_id, (status, settings, kappa, is_measured) in RUNS.items():
            spec = {
                "spec": old_text(**settings),
                "spec_hash": make_spec({"data": "eyes", **settings}).digest(),
            }
            row = {"id": run_id, "status": status, **OLD, **numbers, **texts, **spec}
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO run ({names}) VALUES ({values})"), row)
            if is_measured:
                epoch = (
                    "INSERT INTO epoch_metrics (run_id, epoch, attempt, test_acc, kappa, recall, answers) "
                    "VALUES (:id, 0, 1, 0.5, :kappa, '[]', '[]')"
                )
                connection.execute(text(epoch), {"id": run_id, "kappa": kappa})
    made.dispose()
    return url


def test_each_run_keeps_what_it_does_and_shows(old_home: str) -> None:
    store = open_store(old_home)
    with store.read() as session:
        runs = {run.id: run for run in listing.list_runs(session)}
        kappas = {
            run_id: [values_of_row(row).number("kappa") for row in history.epochs_of(session, run_id)]
            for run_id in RUNS
        }
    store.close()
    assert {run_id: (load_spec(run.spec).ordered, run.is_ordered) for run_id, run in runs.items()} == WANTED
    assert all(run.ordered_why == "" for run in runs.values())
    assert kappas == {run_id: [kappa] * measured for run_id, (_, _, kappa, measured) in RUNS.items()}


def test_digests_are_those_that_checkpoints_and_repeats_know(old_home: str) -> None:
    store = open_store(old_home)
    with store.read() as session:
        runs = listing.list_runs(session)
    store.close()
    for run in runs:
        spec = load_spec(run.spec)
        before = RunSpec.model_validate({"data": "eyes", **RUNS[run.id or 0][1]})
        assert spec.digest() == run.spec_hash == before.digest()
        assert spec.training_digest() == before.training_digest()
        assert run.spec == spec.to_json() or spec.ordered == "auto"
