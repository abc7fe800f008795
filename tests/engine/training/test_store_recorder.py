"""Judgement of a run that breaks."""

from pathlib import Path
from typing import Any

import pytest

from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.tables import Run
from engine.training import store_recorder
from engine.training.store_recorder import StoreRecorder

SPEC = make_spec({"data": "digits"})


def test_a_run_that_diverged_is_judged_by_the_epoch_that_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    add_runs(store, [SPEC])
    held = queue.claim(store, workers.register(store, pid=1, device="cpu", device_name="x"))
    assert held is not None
    with store.write() as session:
        run = session.get(Run, held.run_id)
        assert run is not None
        run.best_epoch = 4
        session.add(run)
    asked: list[Any] = []
    make_case = store_recorder.make_case

    def noted(*of: Any, best_epoch: int | None = None, **more: Any) -> Any:
        asked.append(best_epoch)
        return make_case(*of, best_epoch=best_epoch, **more)

    monkeypatch.setattr(store_recorder, "make_case", noted)
    StoreRecorder(store, held, SPEC, {}).diverged("the loss is not finite")
    assert asked == [4]
    store.close()
