"""A study written into a run table without training: for the tests of what reads it."""

import os
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import text, update
from sqlmodel import col

from engine.analysis.finding import NO_FINDINGS, Finding
from engine.hardware import processes
from engine.spec.grid import make_spec
from engine.store import history, listing, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store, open_store
from engine.store.measurement_tables import EpochMetrics
from engine.store.tables import Run
from engine.store.utc import utc_now

GRADES = ["no DR", "mild", "moderate", "severe", "proliferative"]
LABELS = [147, 14, 31, 5, 4]
BASELINE = LABELS[0] / sum(LABELS)
STEPS = 20


def open_study(path: Path) -> Store:
    """A new run table with the study in it. Its running run started just now."""
    store = _opened_copy(path, add_study)
    with store.write() as session:  # the older it is, the later it and those that wait for it seem to end
        session.execute(update(Run).where(col(Run.status) == "running").values(started_at=utc_now()))
    return store


def open_groups(path: Path) -> Store:
    """A new run table with the runs of `add_groups`."""
    return _opened_copy(path, add_groups)


def _opened_copy(path: Path, add: Callable[[Store], object]) -> Store:
    """A new run table with what `add` writes, which takes long: once in a process."""
    path.touch(mode=0o600)
    path.write_bytes(_file_of(add, processes.host_name()))
    return open_store(f"sqlite:///{path}")


@cache
def _file_of(add: Callable[[Store], object], host: str) -> bytes:
    """A run table written on a host of that name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.db")
        store = open_store(f"sqlite:///{path}")
        add(store)
        store.close()
        return path.read_bytes()


def add_study(store: Store) -> int:
    """Eight runs: #1 digits done, #2 balanced done, #3 collapsed, #4 warm start done, #5 running at epoch 3 of 6,
    #6 failed (diverged), #7 and #8 queued. Gives the id of the worker that holds #5."""
    fundus = {"data": "fundus", "lr": 1e-3, "epochs": 6}
    add_runs(store, [make_spec({"data": "digits", "epochs": 4})], name="digits", sweep="demo")
    add_runs(store, [make_spec({**fundus, "data": "fundus-balanced"})], sweep="demo")
    add_runs(store, [make_spec(fundus), make_spec({**fundus, "pretrained": "run:2"})], sweep="demo")
    add_runs(
        store, [make_spec({**fundus, "arch": "resnet50"}), make_spec({**fundus, "lr": 1e-1})], sweep="demo"
    )
    one = workers.register(store, pid=os.getpid(), device="cpu", device_name="test processor")
    for run_id, epochs in ((1, 4), (2, 6), (3, 6), (4, 6), (5, 3), (6, 2)):
        held = queue.claim(store, one)
        assert held is not None and held.run_id == run_id
        train(store, held, epochs, skill=0.0 if run_id == 3 else 0.15 * run_id % 0.7 + 0.1)
        if run_id == 6:
            queue.end(
                store,
                held,
                "failed",
                cause="diverged",
                error="the loss is not finite at step 41 of epoch 3",
                suggestion="try a smaller lr: 0.01",
            )
        elif run_id != 5:
            queue.end(store, held, "done")
    add_runs(store, [make_spec({**fundus, "arch": "resnet50", "pretrained": "run:5"})], sweep="demo")
    add_runs(store, [make_spec({**fundus, "seed": 1})])
    workers.beat(store, one, state="running", telemetry={"cpu_percent": 97.0, "memory_gb": 3.2})
    stay(store)
    return one


def stay(store: Store) -> None:
    """Keep all workers present and all leases held for a day more, however slow the test is."""
    with store.write() as session:
        session.execute(text("UPDATE worker SET seen_s = seen_s + 86400"))
        session.execute(text("UPDATE run SET lease_expires_s = lease_expires_s + 86400"))


def train(store: Store, held: Claim, epochs: int, *, skill: float, labels: Sequence[int] = LABELS) -> None:
    """Record epochs 0 to `epochs`; the network tells a `skill` share of the classes past 0."""
    names = GRADES[: len(labels)]
    with store.read() as session:
        fingerprint = f"of {listing.get_run(session, held.run_id).data}"
    history.begin_attempt(
        store,
        held,
        history.Start(
            epoch=-1,
            bucket=0,
            best=None,
            steps_per_epoch=STEPS,
            baseline=max(labels) / sum(labels),
            class_names=names,
            is_ordered=True,
            environment={
                "torch": "2.14.1",
                "device": "cpu",
                "precision": "fp32",
                "data_fingerprint": fingerprint,
            },
        ),
    )
    best: history.Best | None = None
    for epoch in range(epochs + 1):
        matrix = confusion(labels, skill * epoch / max(epochs, 1))
        metrics = measured(held, epoch, matrix)
        assert metrics.test_acc is not None
        if epoch and (best is None or metrics.test_acc > best.best):
            best = history.Best(
                epoch, metrics.test_acc, metrics.test_acc, metrics.balanced_acc, metrics.kappa
            )
        kind = "collapsed" if skill == 0 else "healthy"
        evidence = f"epoch {epoch}: all but {skill:.2f} answered 0"
        change = {"lr": 0.01}
        found = Finding("collapsed", "error", kind, evidence, "logits within ±3", "try lr 0.01", 1, change)
        judged = history.Judgement(
            kind,
            evidence,
            "try lr 0.01",
            "logits within ±3",
            change,
            [found.as_json()] if kind == "collapsed" else [],
            kind if kind == "collapsed" else NO_FINDINGS,
            "error" if kind == "collapsed" else "",
        )
        history.record_epoch(store, held, metrics, matrix, best=best, judgement=judged)
    points = [
        history.Losses(
            bucket=bucket,
            width=1,
            minimum=1.0 / (1 + bucket),
            maximum=2.0 / (1 + bucket),
            mean=1.5 / (1 + bucket),
            last=1.2 / (1 + bucket),
        )
        for bucket in range(epochs * STEPS)
    ]
    history.record_progress(store, held, step=epochs * STEPS, images_per_s=120.0, losses=points)


def confusion(labels: Sequence[int], skill: float) -> list[list[int]]:
    """Of each class but the first a `skill` share is told right, the rest answered 0."""
    matrix = [[0] * len(labels) for _ in labels]
    for label, count in enumerate(labels):
        right = round(count * skill) if label else count
        matrix[label][label] += right
        matrix[label][0] += count - right
    return matrix


def measured(held: Claim, epoch: int, matrix: list[list[int]]) -> EpochMetrics:
    total = sum(map(sum, matrix))
    recall: list[float | None] = [row[i] / sum(row) for i, row in enumerate(matrix)]
    accuracy = sum(row[i] for i, row in enumerate(matrix)) / total
    return EpochMetrics(
        run_id=held.run_id,
        epoch=epoch,
        attempt=held.attempt,
        train_loss=None if epoch == 0 else 1 / epoch,
        train_acc=None if epoch == 0 else min(accuracy + 0.02 * epoch, 1.0),
        test_loss=1.1 / (1 + epoch),
        test_nll=1.1 / (1 + epoch),
        test_acc=accuracy,
        balanced_acc=sum(r or 0.0 for r in recall) / len(recall),
        macro_f1=None,
        kappa=accuracy / 2,
        recall=recall,
        answers=[sum(column) for column in zip(*matrix, strict=True)],
        images_per_s=120.0,
        data_wait_share=0.01,
        lr=1e-3,
        grad_norm=0.4,
        grad_norm_first=0.1,
        max_logit=2.5,
        nonfinite_share=0.0,
        seconds=6.0,
    )


def add_groups(store: Store) -> None:
    """Two groups on digits: three seeds done, and four of which two are done, one has failed and one waits; and one
    run that is in no group."""
    specs = {"data": "digits", "epochs": 4}
    add_runs(store, [make_spec({**specs, "lr": 1e-2, "seed": seed}) for seed in range(3)], name="fast")
    add_runs(store, [make_spec({**specs, "lr": 1e-3, "seed": seed}) for seed in range(4)], name="slow")
    one = workers.register(store, pid=os.getpid(), device="cpu", device_name="test processor")
    for run_id, skill in ((1, 0.82), (2, 0.9), (3, 0.86), (4, 0.5), (5, 0.62), (6, 0.3)):
        held = queue.claim(store, one)
        assert held is not None and held.run_id == run_id
        train(store, held, 4 if run_id < 6 else 2, skill=skill)
        if run_id < 6:
            queue.end(store, held, "done")
        else:
            queue.end(store, held, "failed", cause="diverged", error="the loss is not finite")
    add_runs(store, [make_spec({**specs, "lr": 1e-1})])
    stay(store)
