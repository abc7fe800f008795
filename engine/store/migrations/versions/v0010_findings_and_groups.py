"""Findings about a run, and the key that the runs of one group share."""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

APART = ("seed", "allow_leak", "ordered")
"""Settings in which the runs of one group may differ, or that change no result."""
DEFAULTS: dict[str, Any] = {
    "images": "", "image_column": "", "label_column": "", "split_column": "", "group_column": "", "class_names": "",
    "image_size": 224, "fit": "crop", "preprocess": "none", "augment": "flip", "on_bad": "fail", "test_fraction": 0.2,
    "val_fraction": 0.0, "arch": "resnet18", "implementation": "own", "bottleneck_stride": "3x3", "stem": "imagenet",
    "head": "linear", "pretrained": "none", "freeze_epochs": 0, "epochs": 10, "batch_size": 32, "micro_batch": 0,
    "lr": 0.01, "optimizer": "sgd", "momentum": 0.9, "weight_decay": 5e-4, "nesterov": False, "schedule": "cosine",
    "warmup_epochs": 0.0, "clip_norm": 0.0, "loss": "ce", "label_smoothing": 0.0, "sampler": "shuffle",
    "select_on": "test_acc", "patience": 0, "eval_train": False, "precision": "auto", "deterministic": False,
    "threads": 0, "compile": False, "cuda_graphs": "auto", "on_oom": "fail",
}  # fmt: skip
"""Defaults of the settings at this version; a setting at its default is left out of the key."""
run = sa.table(
    "run", sa.column("id", sa.Integer()), sa.column("spec", sa.String()), sa.column("group_key", sa.String())
)


def upgrade() -> None:
    op.add_column("run", sa.Column("findings", sa.JSON(), nullable=True))
    op.add_column("run", sa.Column("group_key", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_run_group_key", "run", ["group_key"])
    _fill()


def _fill() -> None:
    connection = op.get_bind()
    found = [
        {"this": run_id, "key": _group_key(json.loads(text))}
        for run_id, text in connection.execute(sa.select(run.c.id, run.c.spec))
    ]
    if found:
        written = run.update().values(group_key=sa.bindparam("key"))
        connection.execute(written.where(run.c.id == sa.bindparam("this")), found)


def _group_key(spec: dict[str, Any]) -> str:
    kept = {
        name: value
        for name, value in spec.items()
        if name not in APART and (name not in DEFAULTS or value != DEFAULTS[name])
    }
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def downgrade() -> None:
    op.drop_index("ix_run_group_key", "run")
    for name in ("group_key", "findings"):
        op.drop_column("run", name)
