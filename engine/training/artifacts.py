"""Files of a run other than its checkpoints: weights, predictions, scores."""

import contextlib
import csv
import io
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from engine.datasets.index import Index
from engine.files.epoch_predictions import EPOCH, array_bytes
from engine.files.paths import Fence, RunPaths, sync_folder, write_atomic
from engine.metrics.evaluation import Evaluation
from engine.models.weight_files import WeightsError, read_weights_metadata
from engine.recipes.losses import LOSSES
from engine.recipes.normalizations import NORMALIZATIONS
from engine.text import csv_cell, csv_path
from engine.training.context import RunContext
from engine.training.measure import Choice
from engine.training.memory_layout import LAYOUT
from engine.training.objective import grade_thresholds

ABOUT_WEIGHTS = (
    "arch", "bottleneck_stride", "stem", "data", "image_size", "fit", "resize", "preprocess", "normalize", "augment",
    "loss", "select_on",
)  # fmt: skip
"""Fields of a spec in the weights' metadata, enough to preprocess an image as the run did: resize it to `packed_px`,
then take its middle of `image_size`."""


def weights_about(
    context: RunContext, index: Index, best: Choice, provenance: str, plugin_sha256: str | None
) -> dict[str, object]:
    """Return the metadata of best.safetensors: what its outputs mean, how an image is made ready for it, how good it is
    and where it comes from; `provenance` is the digest of the images that it was trained on."""
    spec = context.spec
    return {
        **spec.model_dump(include=set(ABOUT_WEIGHTS)),
        "packed_px": spec.packed_px,
        **asdict(best),
        "class_names": list(index.class_names),
        "ordered": index.ordered,
        **({"thresholds": grade_thresholds(len(index.class_names))} if LOSSES[spec.loss].gives_grade else {}),
        "mean": NORMALIZATIONS[spec.normalize].mean,
        "std": NORMALIZATIONS[spec.normalize].std,
        "precision": context.precision,
        LAYOUT: context.layout.stages,
        "run": context.run_id,
        "data_fingerprint": index.fingerprint,
        "provenance": provenance,
        **({"plugin_sha256": plugin_sha256} if plugin_sha256 is not None else {}),
    }


def write_predictions(
    paths: RunPaths,
    names: list[str],
    labels: list[str],
    evaluation: Evaluation,
    classes: list[str],
    *,
    last: bool,
    val_epoch: int | None,
    fence: Fence,
) -> None:
    """Write predictions.csv and scores.npy of the test split, or of the val split after `val_epoch`.

    predictions.csv has the columns image, label, answer (the predicted class) and score (its probability, or the grade
    under an ordinal loss), those of the val split epoch too; scores.npy is float32, images × classes, or images × 1."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    val, epoch = val_epoch is not None, [] if val_epoch is None else [val_epoch]
    table.writerow(["image", "label", "answer", "score", *([EPOCH] if val else [])])
    for name, label, answer, scores in zip(
        names, labels, evaluation.predictions, evaluation.scores, strict=True
    ):
        score = scores[answer] if len(scores) > 1 else scores[0]
        table.writerow([csv_path(name), csv_cell(label), csv_cell(classes[answer]), f"{score:.6f}", *epoch])
    content = text.getvalue().encode(errors="surrogateescape")
    write_atomic(paths.predictions(last=last, val=val), content, fence=fence)
    write_atomic(paths.scores(last=last, val=val), array_bytes(evaluation.scores), fence=fence)


def drop_predictions(paths: RunPaths, *, last: bool, fence: Fence) -> None:
    """Delete files of a val split that an earlier start had and this one has not."""
    with fence():
        for path in (paths.predictions(last=last, val=True), paths.scores(last=last, val=True)):
            path.unlink(missing_ok=True)


def settle_best(paths: RunPaths, best_epoch: int | None, fence: Fence) -> None:
    """Move the pending files of the best epoch to their places, once the checkpoint contains that epoch.

    Pending files of an epoch without a checkpoint are deleted; that epoch is trained again."""
    pending = paths.pending
    if not pending.folder.is_dir():
        return
    with fence():
        if best_epoch is not None and _epoch_of(pending.best) == best_epoch:
            # The weights last: they name the epoch, so that after a kill the files left can be assigned to it. The val
            # split first, which names its epoch: where the test split's files are of the new epoch, so are they.
            for waiting, place in (
                (pending.predictions(val=True), paths.predictions(val=True)),
                (pending.scores(val=True), paths.scores(val=True)),
                (pending.predictions(), paths.predictions()),
                (pending.scores(), paths.scores()),
                (pending.best, paths.best),
            ):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(waiting, place)
        shutil.rmtree(pending.folder, ignore_errors=True)
    sync_folder(paths.folder)


def _epoch_of(weights: Path) -> int | None:
    try:
        found = read_weights_metadata(weights).get("epoch")
    except WeightsError:
        return None
    return found if isinstance(found, int) else None


def write_bad_list(path: Path, bad: Mapping[str, str]) -> None:
    """Write the reason for each unreadable image, one a line; delete the file where there is none."""
    if not bad:
        path.unlink(missing_ok=True)
        return
    write_atomic(path, "".join(f"{why}\n" for why in bad.values()).encode(errors="surrogateescape"))
