"""Pooled predictions of a cross-validation in `show --group`: one confusion matrix over all images."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from engine.analysis.groups import Group
from engine.files.paths import Home
from engine.store.database import Store
from engine.store.run_numbers import numbered
from tui.cli.groups import MOMENTS
from tui.formatting import decimals, plain

NAME_WIDTH = 16
CORNER = "true, predicted"


def pooled_document(store: Store, home: Home, group: Group) -> dict[str, Any]:
    """Return the keys that a cross-validation adds to `show --group --json`; empty for another group.

    `pooled` has a repetition of the cross-validation an entry, for the best and for the last epochs of its runs; null
    where none can be made. `not_pooled` names the repetitions that are left out, with the reason; null for none."""
    from engine.queries.read_pooled import NotPooled, read_pooled

    if not group.folds:
        return {}
    found: dict[str, list[dict[str, Any]]] = {moment: [] for moment in MOMENTS}
    reasons: dict[str, None] = {}
    for moment in MOMENTS:
        try:
            pooled = read_pooled(store, home, group, moment)
        except NotPooled as reason:
            reasons[str(reason)] = None
            continue
        found[moment] = [asdict(each) for each in pooled.repetitions]
        reasons |= dict.fromkeys(pooled.left_out)
    return {"pooled": found if any(found.values()) else None, "not_pooled": "; ".join(reasons) or None}


def pooled_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the pooled accuracies, and the confusion matrix of the first repetition's last epochs; why repetitions are
    left out."""
    if "pooled" not in document:
        return
    yield ""
    if document["not_pooled"] is not None:
        yield plain(f"not pooled: {document['not_pooled']}")
    if document["pooled"] is None:
        return
    for moment in MOMENTS:
        for each in document["pooled"][moment]:
            groups = f", {each['groups']:,} groups by {each['rule']}" if each["rule"] else ""
            ends = f"{decimals(each['low'])} to {decimals(each['high'])}"
            yield plain(
                f"out of fold, {moment} epochs of {numbered(each['run_ids'])}: accuracy {decimals(each['accuracy'])} "
                f"({ends}; n {each['images']:,}{groups})"
            )
    yield ""
    yield from _matrix((document["pooled"]["last"] or document["pooled"]["best"])[0])


def _matrix(pooled: Mapping[str, Any]) -> Iterator[str]:
    names = [plain(name)[:NAME_WIDTH] for name in pooled["class_names"]]
    space = max(len(CORNER), *map(len, names))
    counts = [[str(count) for count in row] for row in pooled["confusion"]]
    widths = [max(len(name), *(len(row[place]) for row in counts)) for place, name in enumerate(names)]
    heads = " ".join(name.rjust(width) for name, width in zip(names, widths, strict=True))
    yield f"{CORNER:{space}}  {heads}"
    for name, row in zip(names, counts, strict=True):
        cells = " ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{name:{space}}  {cells}"
