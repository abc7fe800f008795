"""Judgements of a run while it trains, and of one that breaks."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_evaluations import evaluation_of, index_of
from numpy.typing import NDArray
from sqlalchemy import event

from engine.files.epoch_predictions import append_predictions
from engine.files.paths import RunPaths
from engine.spec.grid import make_spec
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.tables import Run
from engine.training import store_recorder
from engine.training.epoch_sums import EpochSums
from engine.training.measure import Choice, measure
from engine.training.recorder import ResumePoint
from engine.training.store_recorder import StoreRecorder

SPEC = make_spec({"data": "digits"})
EPOCHS, IMAGES, CLASSES = 6, 300, 3
BEST = Choice(2, 0.9, 0.9, 0.9, None)


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


def test_an_attempt_reads_the_epochs_before_it_once_and_judges_as_one_that_reads_them_all(
    tmp_path: Path,
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    spec = make_spec({"data": "digits", "epochs": EPOCHS})
    add_runs(store, [spec] * 2)
    worker = workers.register(store, pid=1, device="cpu", device_name="x")
    held, other = (queue.claim(store, worker) for _ in range(2))
    assert held is not None and other is not None
    index = index_of(IMAGES, CLASSES)
    point = ResumePoint(-1, None, steps_per_epoch=1, bucket=0, open_bucket=None, width=1)
    recorder = StoreRecorder(store, held, spec, {}, paths=RunPaths(tmp_path / "1"))
    recorder.begin(index, point)
    read: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *of: read.append(of[2]))
    for epoch in range(EPOCHS + 1):
        result = measure(epoch, evaluation_of(wavering(epoch), CLASSES, seed=epoch), EpochSums(), 0.01)
        for each in (held, other):
            paths = RunPaths(tmp_path / str(each.run_id))
            paths.folder.mkdir(exist_ok=True)
            found = result.evaluation
            append_predictions(paths, epoch, found.predictions, found.scores, fence=contextlib.nullcontext)
        fresh = StoreRecorder(store, other, spec, {}, paths=RunPaths(tmp_path / "2"))
        fresh.begin(index, replace(point, epoch=epoch - 1))
        fresh.epoch(result, BEST if epoch >= BEST.epoch else None, last=epoch == EPOCHS)
        read.clear()
        recorder.epoch(result, BEST if epoch >= BEST.epoch else None, last=epoch == EPOCHS)
        of_all = [
            each for each in read if each.startswith("SELECT") and "ORDER BY epoch_metrics.epoch" in each
        ]
        assert len(of_all) == (epoch == 0)
        with store.read() as session:
            one, two = (listing.get_run(session, each.run_id) for each in (held, other))
            assert one.findings == two.findings and one.verdict_evidence == two.verdict_evidence
    assert one.findings is not None and "worse_than_best" in {each["kind"] for each in one.findings}
    store.close()


def wavering(epoch: int) -> NDArray[np.uint16]:
    """Return predictions that are far better in the best epoch than in any other."""
    wrong = np.random.default_rng(epoch).random(IMAGES) < (0.1 if epoch == BEST.epoch else 0.4)
    return ((np.arange(IMAGES) + wrong) % CLASSES).astype(np.uint16)
