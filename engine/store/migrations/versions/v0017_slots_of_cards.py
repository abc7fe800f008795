"""Several runs on one card: what decides a run's memory, the card that its peak is of, and workers that share one."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

DEFAULTS: dict[str, Any] = {
    "augment": "flip", "image_size": 224, "arch": "resnet18", "implementation": "own", "bottleneck_stride": "3x3",
    "stem": "imagenet", "head": "linear", "batch_size": 32, "micro_batch": 0, "optimizer": "sgd",
    "precision": "auto", "deterministic": False, "gpus": 1, "compile": False, "cuda_graphs": "auto", "data": None,
}  # fmt: skip
"""Defaults, at this version, of the settings that decide the memory; one at its default is left out of the key."""
TEXTS = (("run", "memory_key"), ("run", "memory_place"), ("worker", "memory_place"))
CACHE_GIB = 4
"""The card's cache of packed images, unless a worker was told otherwise, which no earlier version noted."""
run = sa.table(
    "run",
    *(sa.column(name, sa.String()) for name in ("spec", "memory_key", "memory_place")),
    *(sa.column(name, sa.Integer()) for name in ("id", "epoch")),
    sa.column("peak_memory_gb", sa.Float()),
    sa.column("environment", sa.JSON()),
)


def upgrade() -> None:
    for table, name in TEXTS:
        op.add_column(table, sa.Column(name, sa.String(), nullable=False, server_default=""))
    alone: sa.Column[bool] = sa.Column(
        "trains_alone", sa.Boolean(), nullable=False, server_default=sa.text("false")
    )
    op.add_column("run", alone)
    op.add_column("worker", sa.Column("slots", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("epoch_metrics", sa.Column("runs_at_once", sa.Integer(), nullable=True))
    op.create_index("ix_run_memory_peak", "run", ["memory_key", "memory_place", "peak_memory_gb"])
    _fill()


def _fill() -> None:
    connection = op.get_bind()
    columns = run.c.id, run.c.spec, run.c.environment, run.c.epoch, run.c.peak_memory_gb
    found = []
    for run_id, text, environment, epoch, peak_gb in connection.execute(sa.select(*columns)):
        spec = json.loads(text)
        place = _memory_place(spec, environment or {}, epoch) if peak_gb is not None else ""
        found.append({"this": run_id, "key": _memory_key(spec), "place": place})
    if found:
        written = run.update().values(memory_key=sa.bindparam("key"), memory_place=sa.bindparam("place"))
        connection.execute(written.where(run.c.id == sa.bindparam("this")), found)


def _memory_key(spec: Mapping[str, Any]) -> str:
    kept = {name: spec[name] for name, usual in DEFAULTS.items() if name in spec and spec[name] != usual}
    epochs = spec.get("epochs", 10)
    trains = ("all" if spec.get("freeze_epochs", 0) < epochs else "head") if epochs else "nothing"
    kept |= {"has_momentum": spec.get("momentum", 0.9) > 0, "trains": trains}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _memory_place(spec: Mapping[str, Any], environment: Mapping[str, Any], epoch: int) -> str:
    """Name the card that a run's peak is of; empty where the peak is not that of a whole training on a card."""
    names = [each["device_name"] for each in environment.get("changes", ()) if each.get("device_name")]
    name = (names or [environment.get("device_name") or ""])[-1]
    whole = spec.get("micro_batch") or spec.get("batch_size")
    frozen, epochs = spec.get("freeze_epochs", 0), spec.get("epochs", 10)
    is_whole = (
        epoch >= (frozen + 1 if frozen < epochs else min(epochs, 1))
        and environment.get("micro_batch", whole) == whole
    )
    on_card = str(environment.get("device") or "cpu").startswith("cuda")
    return f"{name}, {CACHE_GIB} GiB of images" if name and on_card and is_whole else ""


def downgrade() -> None:
    op.drop_index("ix_run_memory_peak", "run")
    op.drop_column("epoch_metrics", "runs_at_once")
    op.drop_column("worker", "slots")
    op.drop_column("run", "trains_alone")
    for table, name in TEXTS:
        op.drop_column(table, name)
