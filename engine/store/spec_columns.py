"""Columns of a run's row that mirror its spec, and those that training fills."""

from typing import Any

from engine.spec.run_spec import RunSpec

MIRRORED = (
    "data", "arch", "pretrained", "lr", "epochs", "batch_size", "seed", "image_size", "precision", "passes",
    "needs_card", "gpus",
)  # fmt: skip
OF_SPEC = ("spec", "spec_hash", "group_key", "memory_key", *MIRRORED)
UNTRAINED: dict[str, Any] = {
    "doing": "", "epoch": 0, "step": 0, "steps_per_epoch": 0, "class_names": [], "ordered_why": "",
    "environment": {}, "memory_place": "", "trains_alone": False,
    **dict.fromkeys((
        "baseline", "best_epoch", "best", "best_acc", "best_balanced_acc", "best_kappa", "last_acc", "best_metrics",
        "last_metrics", "verdict", "verdict_evidence", "verdict_ruled_out", "verdict_suggestion", "verdict_change",
        "findings", "headline", "severity", "images_per_s", "training_counts", "peak_memory_gb", "is_ordered", "leak",
        "started_at",
    )),
}  # fmt: skip
"""Column values of a run before its first attempt."""


def of_spec(spec: RunSpec) -> dict[str, Any]:
    """Return the columns that hold a spec and mirror it."""
    mirrored = {name: getattr(spec, name) for name in MIRRORED}
    digests = {
        "spec_hash": spec.digest(),
        "group_key": spec.group_digest(),
        "memory_key": spec.memory_digest(),
    }
    return {"spec": spec.to_json(), **digests, **mirrored}
