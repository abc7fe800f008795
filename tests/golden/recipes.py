"""Six short recipes that differ in all that training is made of, and what is kept of their results."""

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lab import Lab
from pictures import lab_csvs
from safetensors.torch import load_file
from torch import Tensor

from engine.metrics.catalogue import TIMED
from engine.models.weight_files import read_weights_metadata
from engine.store import history
from engine.store.measurement_tables import EpochMetrics
from engine.store.schema import run_table, table_of

GRADES = (0, 1, 0, 2, 0, 1, 0, 3, 0, 2, 0, 0, 1, 0, 2, 0, 3, 0, 1, 0)
COMMON: dict[str, Any] = {
    "data": "graded", "image_size": 32, "batch_size": 8, "epochs": 2, "threads": 1, "precision": "fp32",
    "deterministic": True, "seed": 3,
}  # fmt: skip
RECIPES: dict[str, dict[str, Any]] = {
    "sgd-cosine": {"nesterov": True, "warmup_epochs": 0.5, "augment": "flip+crop", "lr": 0.02},
    "adamw-onecycle": {
        "arch": "resnet50", "bottleneck_stride": "1x1", "optimizer": "adamw", "schedule": "onecycle",
        "loss": "class-balanced", "label_smoothing": 0.1, "sampler": "balanced", "augment": "none",
    },
    "grades": {
        "loss": "mse-ordinal", "schedule": "step", "preprocess": "graham", "augment": "rotate", "fit": "pad",
        "select_on": "test_kappa",
    },
    "parts": {
        "arch": "resnet34", "loss": "logit-adjusted", "schedule": "constant", "augment": "flip4", "epochs": 1,
        "micro_batch": 4, "clip_norm": 0.5, "fit": "stretch",
    },
    "warm-start": {
        "loss": "ce-sqrt", "head": "dropout", "freeze_epochs": 1, "pretrained": "run:1", "allow_leak": True,
        "seed": 4,
    },
    "validated": {
        "implementation": "torchvision", "loss": "ce-balanced", "val_fraction": 0.25, "select_on": "val_kappa",
        "patience": 1, "epochs": 3, "eval_train": True, "optimizer": "adamw", "schedule": "step",
    },
}  # fmt: skip
"""In the order of their runs' numbers."""

RUN_COLUMNS = (
    "status", "epoch", "step", "steps_per_epoch", "baseline", "best_epoch", "best", "best_acc", "best_balanced_acc",
    "best_kappa", "last_acc", "class_names", "leak", "spec_hash",
)  # fmt: skip
"""Findings are left out: they are what is said of the numbers, and have tests of their own."""


EARLIER = {"device": "cpu", "precision": "fp32"}
"""Environment of runs that a version began which knew one order of weights in memory only."""


def train_all(root: Path, *, begun_in: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Train the recipes in a new home, all in one process, and give their results, everything but times.
    `begun_in`: the environment in which an earlier version has begun them."""
    lab_csvs(root / "graded", train=GRADES * 2, test=GRADES, both_eyes=True)
    with contextlib.closing(Lab(root)) as lab:
        for recipe in RECIPES.values():
            lab.add(**COMMON | recipe)
        if begun_in is not None:
            with lab.store.write() as session:
                session.execute(run_table.update().values(environment=dict(begun_in)))
        lab.train_queue()
        return {name: result_of(lab, run_id) for run_id, name in enumerate(RECIPES, start=1)}


def result_of(lab: Lab, run_id: int) -> dict[str, Any]:
    run = lab.run(run_id)
    paths = lab.home.run(run_id)
    with lab.store.read() as session:
        epochs = [_columns(epoch) for epoch in history.epochs_of(session, run_id)]
        losses = [list(point) for point in history.losses_of(session, run_id)]
        matrices = history.confusions_of(session, run_id)
    return {
        "run": {name: getattr(run, name) for name in RUN_COLUMNS},
        "epochs": epochs,
        "losses": losses,
        "confusions": {str(epoch): matrix for epoch, matrix in matrices.items()},
        "best_metadata": read_weights_metadata(paths.best),
        "best_weights": digest(load_file(paths.best)),
        "last_weights": digest(torch.load(paths.last, weights_only=True)["model"]),
    }


def _columns(epoch: EpochMetrics) -> dict[str, Any]:
    names = [column.name for column in table_of(EpochMetrics).columns if column.name not in TIMED]
    return {name: getattr(epoch, name) for name in names}


def digest(state: Mapping[str, Tensor]) -> str:
    """SHA-256 of the tensors' names and bytes, by name."""
    found = hashlib.sha256()
    for name in sorted(state):
        found.update(name.encode())
        found.update(state[name].contiguous().numpy().tobytes())
    return found.hexdigest()


def processor() -> dict[str, Any]:
    """Return what decides the bits beside the program."""
    pairs = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    first = {name.strip(): value.strip() for name, _, value in reversed(list(pairs))}
    return {
        "processor": first["model name"],
        "model": "/".join(first.get(name, "") for name in ("cpu family", "model", "stepping")),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
    }
