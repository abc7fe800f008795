"""Homes made by version 0.1.0: a run that its worker was killed in is resumed by this program to the same bits."""

import hashlib
import io
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.metrics.catalogue import TIMED, split_metrics
from tests.support.lab import trainings_of
from tests.support.pictures import lab_csvs
from tests.support.waiting import until

TITLE = "A home of version 0.1.0, resumed"
REVISION = os.environ.get("RESNET_TUI_OLD", "4c517bfa97307655537ad78d4dcbb57c5ea4cfd0")
"""The old program: a revision of this repository."""
HERE = Path(__file__).parents[1]
LABELS = ((0, 1, 0, 2, 0, 1, 0, 3, 0, 2, 0, 0, 1, 0, 2, 0, 3, 0, 1, 0) * 30)[:-6]
"""594: 0.1.0 left a last batch of two."""
COMMON = (
    "--data", "graded", "--image-size", "32", "--batch-size", "8", "--epochs", "4", "--threads", "1", "--precision",
    "fp32",
)  # fmt: skip
RECIPES: dict[str, tuple[str, ...]] = {
    "sgd, cosine, crops": ("--augment", "flip+crop", "--nesterov", "--warmup-epochs", "0.5"),
    "adamw, ordinal, micro-batches": ("--loss", "mse-ordinal", "--optimizer", "adamw", "--micro-batch", "4"),
    "dropout, balanced, onecycle": (
        "--head", "dropout", "--sampler", "balanced", "--loss", "ce-sqrt", "--schedule", "onecycle",
    ),
}  # fmt: skip


def measure() -> Iterator[str]:
    """AssertionError where a resumed run ends otherwise than one that the old program trained alone."""
    with tempfile.TemporaryDirectory() as place:
        old = _unpack(Path(place) / "old")
        for number, (name, flags) in enumerate(RECIPES.items()):
            calm, cut = (Path(place) / f"{kind}{number}" for kind in ("calm", "cut"))
            for home in (calm, cut):
                lab_csvs(home / "graded", train=LABELS, test=LABELS[:40], both_eyes=True)
                _verb(old, home, "add", *COMMON, *flags)
            assert _worker(old, calm).wait() == 0
            where = _kill_in_mid_epoch(old, cut)
            assert _worker(HERE, cut).wait() == 0
            assert _result(cut) == _result(calm), f"{name}: other bits than the old program's"
            _verb(HERE, cut, "report", "--out", str(cut / "report"))
            yield f"- {name}: killed at {where}, resumed to the same metrics and weights, reported"


def _unpack(folder: Path) -> Path:
    archive = subprocess.run(
        ["git", "archive", REVISION, "engine", "tui"], cwd=HERE, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def _environment(program: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(program), "OMP_NUM_THREADS": "1"}


def _verb(program: Path, home: Path, *arguments: str) -> None:
    code = "import sys; from tui.cli import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *arguments, "--home", str(home)]
    subprocess.run(command, cwd=home, env=_environment(program), capture_output=True, check=True)


def _worker(program: Path, home: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "engine.worker", "--home", str(home), "--device", "cpu", "--drain"]
    return subprocess.Popen(
        command, cwd=home, env=_environment(program), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _kill_in_mid_epoch(program: Path, home: Path) -> str:
    """Kill the worker and its training once an epoch and some steps are done; gives where the run was."""
    worker = _worker(program, home)
    until(lambda: _row(home)["epoch"] >= 1 and _row(home)["step"] % _row(home)["steps_per_epoch"] > 2)
    for pid in (worker.pid, *trainings_of(worker.pid)):
        os.kill(pid, signal.SIGKILL)
    worker.wait()
    row = _row(home)
    assert row["status"] == "running" and row["epoch"] < row["epochs"], "killed too late"
    return f"epoch {row['epoch']}, step {row['step']}"


def _row(home: Path) -> dict[str, Any]:
    """Return the run's row, read without opening it as this program would."""
    connection = sqlite3.connect(f"file:{home}/runs.db?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return dict(connection.execute("SELECT * FROM run").fetchone())
    finally:
        connection.close()


def _result(home: Path) -> tuple[list[dict[str, Any]], str, str]:
    """Each epoch's metrics but times, and the weights' SHA-256."""
    connection = sqlite3.connect(f"file:{home}/runs.db?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute("SELECT * FROM epoch_metrics ORDER BY epoch")]
    connection.close()
    known = _old_columns(rows)
    best = load_file(home / "runs/1/best.safetensors")
    last = torch.load(home / "runs/1/last.pt", weights_only=True)["model"]
    return known, _digest(best), _digest(last)


def _old_columns(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without times and without columns that 0.1.0 did not have."""
    return [
        {key: value for key, value in row.items() if key not in {"attempt", *TIMED, *NEW}} for row in rows
    ]


def _digest(state: dict[str, Tensor]) -> str:
    found = hashlib.sha256()
    for name in sorted(state):
        found.update(name.encode() + state[name].contiguous().numpy().tobytes())
    return found.hexdigest()


NEW = ("more", *(each.key for each in split_metrics() if each.split == "eval_train"))
"""Columns of epoch_metrics that 0.1.0 did not have, or did not fill by itself."""
