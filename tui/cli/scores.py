"""`show --curves` and `show --threshold`: what a run's scores are worth, as documents and as text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.analysis.run_curves import EpochCurves
from engine.analysis.threshold import ThresholdError, Told, find_target, read_criterion, threshold_for
from engine.files.paths import Home
from engine.metrics.curves.document import split_document
from engine.metrics.curves.split_curves import ALL_CLASSES
from engine.metrics.selection import how_chosen, is_optimistic
from engine.queries.image_groups import GroupReader
from engine.queries.run_curves import Scorer
from engine.spec.grid import load_spec
from engine.store import listing
from engine.store.database import Store
from engine.store.tables import Run
from tui.cli.output import CliError
from tui.formatting import decimals, fitted, plain

if TYPE_CHECKING:
    from engine.analysis.comparison.share_interval import ShareInterval

NAME_CELLS = 24
SHARES = ("sensitivity", "specificity", "ppv", "npv")


def curves_document(store: Store, home: Home, run_id: int) -> dict[str, Any]:
    """Return the curves of the best and of the last epoch, of test and val split, or why there are none."""
    run = _run(store, run_id)
    scorer, document = _scorer(home, run), dict[str, Any]()
    for key, epoch, last in (("best", run.best_epoch, False), ("last", run.epoch, True)):
        found = scorer.curves(epoch, last=last)
        document[key] = {"undefined": found} if isinstance(found, str) else _epoch_document(found)
    return document


def _epoch_document(curves: EpochCurves) -> dict[str, Any]:
    return {
        "epoch": curves.epoch,
        "undefined": None,
        "intervals_count": curves.counted,
        "test": split_document(curves.test),
        "val": split_document(curves.val) if curves.val is not None else None,
    }


def curves_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of each epoch and split: AUC with its interval, average precision, calibration error."""
    for which, found in document.items():
        if found["undefined"]:
            yield f"{which}: {plain(found['undefined'])}"
            continue
        for split in ("test", "val"):
            if found[split] is None:
                continue
            yield f"{which} epoch {found['epoch']}, {found[split]['images']:,} {split} images"
            heads = f"{'images':>7} {'AUC':>6} {'95 %':>13} {'avg. precision':>15} {'calibration error':>18}"
            yield f"{'':{NAME_CELLS}} {heads}"
            yield from map(_curve_line, found[split]["curves"])
            yield f"95 %: {plain(found['intervals_count'])}"
            yield ""
    yield "points of the curves: show ID --curves --json"


def _curve_line(curve: Mapping[str, Any]) -> str:
    roc, steps, diagram = curve["roc"], curve["precision_recall"], curve["reliability"]
    interval = roc["auc_interval"] if roc else None
    name = fitted(plain(curve["of"]), NAME_CELLS)
    between = f"{decimals(interval[0], 3)} to {decimals(interval[1], 3)}" if interval else "–"
    images = curve["images"] if curve["of"] == ALL_CLASSES else curve["positives"]
    numbers = (
        f"{images:>7,} {decimals(roc and roc['auc'], 3):>6} {between:>13} "
        f"{decimals(steps and steps['average_precision'], 3):>15} "
        f"{decimals(diagram and diagram['calibration_error'], 3):>18}"
    )
    why = f"  ({plain(curve['undefined'])})" if curve["undefined"] else ""
    return f"{name} {numbers}{why}"


def threshold_document(
    store: Store, home: Home, run_id: int, criterion: str, name: str | None
) -> dict[str, Any]:
    """Choose a threshold on the val images of the best epoch and tell it on the test images. Raises CliError."""
    run = _run(store, run_id)
    scorer = _scorer(home, run)
    try:
        wanted = read_criterion(criterion)
        found = scorer.scores(run.best_epoch, last=False)
        if isinstance(found, str):
            raise ThresholdError(found)
        gives_grade = found.test.scores.shape[1] == 1
        target = find_target(name, run.class_names, ordered=scorer.is_ordered, gives_grade=gives_grade)
        chosen = threshold_for(found, target, wanted, groups_of=lambda names: scorer.groups_of(names)[0])
    except ThresholdError as problem:
        raise CliError(f"run {run_id}: {problem}") from problem
    spec = scorer.spec
    return {
        "run": run_id,
        "epoch": chosen.epoch,
        "epoch_chosen": how_chosen(spec.select_on, spec.epochs),
        "is_optimistic": is_optimistic(spec.select_on, spec.epochs),
        "of": chosen.target.name,
        "wished": {chosen.criterion.rate: chosen.criterion.value},
        "threshold": chosen.threshold if math.isfinite(chosen.threshold) else None,
        "intervals_count": scorer.groups_of(found.test.names)[1],
        "val": _told_document(chosen.val),
        "test": _told_document(chosen.test),
    }


def _told_document(told: Told) -> dict[str, Any]:
    """Shares with their intervals, and the images and groups that each is a share of."""
    return {
        "images": told.images,
        "positives": told.positives,
        **{name: _share_document(getattr(told, name)) for name in SHARES},
    }


def _share_document(share: ShareInterval | None) -> dict[str, Any]:
    if share is None:
        return {"value": None, "interval": None, "of_images": 0, "of_groups": 0, "images": 0}
    return {
        "value": share.share,
        "interval": [share.low, share.high],
        "of_images": share.images,
        "of_groups": share.groups,
        "images": round(share.share * share.images),
    }


def threshold_lines(document: Mapping[str, Any]) -> Iterator[str]:
    ((what, value),) = document["wished"].items()
    yield (
        f"#{document['run']} epoch {document['epoch']} ({document['epoch_chosen']}): "
        f"{plain(document['of'])} with {what} of at least {value:g}"
    )
    threshold = document["threshold"]
    yield "positive where the score is at least " + (
        f"{threshold:.6g}" if threshold is not None else "more than any val image's: none is called positive"
    )
    yield ""
    yield f"{'':13}{'val images, which chose it':32}test images, which did not"
    for name in SHARES:
        label = name.upper() if len(name) == 3 else name
        cells = [_share_text(document[split][name]) for split in ("val", "test")]
        yield f"{label:13}{cells[0]:32}{cells[1]}".rstrip()
    yield ""
    share = 100 * document["test"]["positives"] / document["test"]["images"]
    yield f"PPV and NPV are for images of which {share:.0f} % are {plain(document['of'])}, as the test images are."
    yield f"95 % intervals are Wilson's, {plain(document['intervals_count'])}."


def _share_text(share: Mapping[str, Any]) -> str:
    if share["value"] is None:
        return "–  of 0 images"
    low, high = (decimals(end, 3) for end in share["interval"])
    counts = f"{share['images']:,} of {share['of_images']:,}"
    return f"{decimals(share['value'], 3)}  {low} to {high}  {counts}"


def _run(store: Store, run_id: int) -> Run:
    with store.read() as session:
        return listing.get_run(session, run_id)


def _scorer(home: Home, run: Run) -> Scorer:
    spec, is_ordered = load_spec(run.spec, run.id), bool(run.is_ordered)
    groups = GroupReader(home)
    return Scorer(home, run.id or 0, spec, run.class_names, is_ordered, groups, run.status, run.epoch)
