"""Runs of a report, and the tables that show them."""

import io
import os
import re
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image

from engine.analysis import figure_canvas
from engine.analysis.finding import NO_FINDINGS
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.measurement_tables import EpochMetrics


def cells(text: str, heading: str, run_id: int) -> dict[str, str]:
    """A run's row of the first table below a heading that has one for it, by column."""
    section = text.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("|")]
    row = next(line for line in lines if line[0].strip(" *") == f"#{run_id}")
    header = next(line for line in lines if line[0].strip() == "run")
    return {name.strip(): cell.strip() for name, cell in zip(header, row, strict=True)}


def start_run(store: Store, names: Sequence[str], **settings: Any) -> Claim:
    """A new run, claimed by a worker."""
    one = workers.register(store, pid=os.getpid(), device="cpu", device_name="test")
    add_runs(store, [make_spec({"data": "digits", "epochs": 2, **settings})])
    held = queue.claim(store, one)
    assert held is not None
    start = history.Start(-1, 0, None, 5, baseline=0.5, class_names=list(names), environment={})
    history.begin_attempt(store, held, start)
    return held


def record(
    store: Store,
    held: Claim,
    epoch: int,
    matrix: list[list[int]],
    *,
    kappa: float | None = None,
    train_acc: float | None = None,
    best: history.Best | None = None,
    **more: Any,
) -> None:
    accuracy = sum(row[i] for i, row in enumerate(matrix)) / sum(map(sum, matrix))
    metrics = EpochMetrics(
        run_id=held.run_id,
        epoch=epoch,
        attempt=held.attempt,
        test_acc=accuracy,
        kappa=kappa,
        train_acc=train_acc,
        **more,
    )
    judged = history.Judgement("healthy", "all is well", "", "", {}, [], NO_FINDINGS, "")
    history.record_epoch(store, held, metrics, matrix, best=best, judgement=judged)


def draw_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save a dot for each figure: to draw it takes long, and says nothing to a test of words and numbers."""

    dot = io.BytesIO()
    Image.new("RGB", (1, 1)).save(dot, "png")
    monkeypatch.setattr(figure_canvas, "png", lambda _figure: dot.getvalue())
    monkeypatch.setattr(figure_canvas, "svg", lambda _figure: '<svg viewBox="0 0 1 1"></svg>')
    monkeypatch.setattr(figure_canvas, "pdf", lambda _figure: b"%PDF-")
