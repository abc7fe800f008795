"""Runs with predictions but without training, for the facts and claims of a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from html_pages import Page
from numpy.typing import NDArray
from pictures import draw

from engine.analysis.finding import Finding
from engine.analysis.report.facts import Facts
from engine.analysis.report.write import write_report
from engine.files.epoch_predictions import append_predictions
from engine.files.paths import Home
from engine.queries.read_study import collect, with_test_digests
from engine.queries.report_data import ReportData
from engine.queries.report_facts import read_facts
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.measurement_tables import EpochMetrics

PATIENTS = 40
NAMES = [f"{patient}_{side}.png" for patient in range(PATIENTS) for side in ("left", "right")]
LABELS = np.array([int(patient % 4 == 0) for patient in range(PATIENTS) for _ in range(2)])


class MadeRuns:
    """A home with a folder of images in two splits, and runs with predictions but without training."""

    def __init__(self, root: Path) -> None:
        self.home = Home.find(root)
        rows = ["image,label,split"]
        for place, name in enumerate(NAMES):
            draw(root / "eyes" / name, int(LABELS[place]), place)
            rows.append(f"{name},{LABELS[place]},{'test' if place < 40 else 'train'}")
        (root / "eyes" / "labels.csv").write_text("\n".join(rows) + "\n")
        self.store: Store = open_store(self.home.database)
        self.worker = workers.register(self.store, pid=1, device="cpu", device_name="test")
        self.names, self.labels = NAMES[:40], LABELS[:40]

    def run(
        self,
        correct: NDArray[np.bool_],
        *,
        status: str = "done",
        val_acc: float | None = None,
        finding: Finding | None = None,
        **settings: Any,
    ) -> int:
        """Add a run whose epoch 1 predicts these test images correctly; with `val_acc`, that chose the epoch."""
        if val_acc is not None:
            settings = {"select_on": "val_acc", "val_fraction": 0.1, **settings}
        spec = make_spec({"data": "eyes", "epochs": 1, "image_size": 32, **settings})
        run_id = add_runs(self.store, [spec]).ids[0]
        held = queue.claim(self.store, self.worker)
        assert held is not None and held.run_id == run_id
        history.begin_attempt(
            self.store, held,
            history.Start(epoch=-1, bucket=0, best=None, steps_per_epoch=1, baseline=float((self.labels == 0).mean()),
                          class_names=["0", "1"], environment={"device": "cpu"}),
        )  # fmt: skip
        predicted = np.where(correct, self.labels, 1 - self.labels).astype(np.uint16)
        matrix = [[int(((self.labels == a) & (predicted == b)).sum()) for b in (0, 1)] for a in (0, 1)]
        acc = float(correct.mean())
        metrics = EpochMetrics(
            run_id=run_id, epoch=1, attempt=held.attempt, test_acc=acc, val_acc=val_acc, seconds=36.0
        )
        history.record_epoch(
            self.store,
            held,
            metrics,
            matrix,
            best=history.Best(1, acc if val_acc is None else val_acc, acc, None, None),
            judgement=_judged(finding),
        )
        self.write(run_id, predicted)
        queue.end(self.store, held, status)  # type: ignore[arg-type]
        return run_id

    def write(self, run_id: int, predicted: NDArray[np.uint16]) -> None:
        paths = self.home.run(run_id)
        paths.folder.mkdir(parents=True)
        scores = np.full((len(predicted), 2), 0.25, np.float32)
        scores[np.arange(len(predicted)), predicted] = 0.75 + np.arange(len(predicted)) / 1000
        for epoch in (0, 1):
            append_predictions(paths, epoch, predicted, scores, fence=_no_fence)
        rows = ["image,label,answer,score"]
        for name, label, answer in zip(self.names, self.labels, predicted, strict=True):
            rows.append(f"{name},{label},{answer},0.9")
        paths.predictions().write_text("\n".join(rows) + "\n")

    def facts(self) -> Facts:
        study = collect(self.store, run_ids=None, sweep=None)
        return read_facts(
            self.home, study, ReportData(self.home), commands=(), progress=lambda _what: None, with_maps=False
        )

    def page(self, out: Path) -> Page:
        study = with_test_digests(collect(self.store, run_ids=None, sweep=None), self.home)
        write_report(study, out, self.facts())
        return Page((out / "report.html").read_text())


def _judged(finding: Finding | None) -> history.Judgement | None:
    if finding is None:
        return None
    return history.Judgement(
        finding.kind, finding.evidence, "", "", {}, [finding.as_json()], finding.headline, finding.severity
    )


class _no_fence:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def right(wrong: Sequence[int]) -> NDArray[np.bool_]:
    """Return which of the 40 test images are predicted correctly: all but these."""
    found = np.ones(40, dtype=bool)
    found[list(wrong)] = False
    return found
