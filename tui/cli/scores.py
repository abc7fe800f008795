"""`show --curves` and `show --threshold`: what a run's scores are worth, as documents and as text."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from engine.analysis.interval import wilson_interval
from engine.analysis.run_curves import EpochCurves, EpochScores, curves_of, read_epoch_scores
from engine.analysis.threshold import ThresholdError, find_target, read_wish, threshold_for
from engine.files.paths import Home
from engine.metrics.curves.document import split_document
from engine.metrics.curves.operating_point import OperatingPoint
from engine.metrics.curves.split_curves import ALL_CLASSES
from engine.metrics.selection import how_chosen, is_optimistic
from engine.spec.grid import load_spec
from engine.store import listing
from engine.store.database import Store
from engine.store.tables import Run
from tui.cli.output import CliError
from tui.formatting import decimals, fitted, plain

NAME_CELLS = 24


def curves_document(store: Store, home: Home, run_id: int) -> dict[str, Any]:
    """Return the curves of the best and of the last epoch, of test and val split, or why there are none."""
    run = _run(store, run_id)
    document: dict[str, Any] = {}
    for key, epoch, last in (("best", run.best_epoch, False), ("last", run.epoch, True)):
        found = _read(home, run, epoch, last=last)
        if isinstance(found, str):
            document[key] = {"undefined": found}
            continue
        curves = curves_of(found, run.class_names, ordered=bool(run.is_ordered))
        document[key] = _epoch_document(curves)
    return document


def _epoch_document(curves: EpochCurves) -> dict[str, Any]:
    return {
        "epoch": curves.epoch,
        "undefined": None,
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


def threshold_document(store: Store, home: Home, run_id: int, wish: str, name: str | None) -> dict[str, Any]:
    """Choose a threshold on the val images of the best epoch and tell it on the test images. Raises CliError."""
    run = _run(store, run_id)
    try:
        wanted = read_wish(wish)
        found = _read(home, run, run.best_epoch, last=False)
        if isinstance(found, str):
            raise ThresholdError(found)
        gives_grade = found.test.scores.shape[1] == 1
        target = find_target(name, run.class_names, ordered=bool(run.is_ordered), gives_grade=gives_grade)
        chosen = threshold_for(found, target, wanted)
    except ThresholdError as problem:
        raise CliError(f"run {run_id}: {problem}") from problem
    spec = load_spec(run.spec)
    return {
        "run": run_id,
        "epoch": chosen.epoch,
        "epoch_chosen": how_chosen(spec.select_on, spec.epochs),
        "is_optimistic": is_optimistic(spec.select_on, spec.epochs),
        "of": chosen.target.name,
        "wished": {chosen.wish.what: chosen.wish.value},
        "threshold": chosen.val.threshold if math.isfinite(chosen.val.threshold) else None,
        "val": _point_document(chosen.val),
        "test": _point_document(chosen.test),
    }


def _point_document(point: OperatingPoint) -> dict[str, Any]:
    """Shares with their intervals (Wilson, images taken as independent) and the images that each is a share of."""
    parts = {
        "sensitivity": (point.found, point.found + point.missed),
        "specificity": (point.spared, point.spared + point.alarms),
        "ppv": (point.found, point.found + point.alarms),
        "npv": (point.spared, point.spared + point.missed),
    }
    return {
        "images": point.found + point.missed + point.alarms + point.spared,
        "positives": point.found + point.missed,
        **{
            name: {
                "value": getattr(point, name),
                "interval": list(wilson_interval(part / whole, whole)) if whole else None,
                "of_images": whole,
                "images": part,
            }
            for name, (part, whole) in parts.items()
        },
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
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        label = name.upper() if len(name) == 3 else name
        cells = [_share_text(document[split][name]) for split in ("val", "test")]
        yield f"{label:13}{cells[0]:32}{cells[1]}".rstrip()
    yield ""
    share = 100 * document["test"]["positives"] / document["test"]["images"]
    yield f"PPV and NPV are for images of which {share:.0f} % are {plain(document['of'])}, as the test images are."
    yield "95 % intervals are Wilson's, images taken as independent."


def _share_text(share: Mapping[str, Any]) -> str:
    if share["value"] is None:
        return "–  of 0 images"
    low, high = (decimals(end, 3) for end in share["interval"])
    counts = f"{share['images']:,} of {share['of_images']:,}"
    return f"{decimals(share['value'], 3)}  {low} to {high}  {counts}"


def _run(store: Store, run_id: int) -> Run:
    with store.read() as session:
        return listing.get_run(session, run_id)


def _read(home: Home, run: Run, epoch: int | None, *, last: bool) -> EpochScores | str:
    return read_epoch_scores(home.run(run.id or 0), run.class_names, epoch, last=last)
