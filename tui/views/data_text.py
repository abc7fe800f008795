"""Text of `data check`: a data set described line by line. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from rich.cells import cell_len

from engine.datasets.formats.labels.grades import Order
from engine.problem import NameSetting, Problem, WayOut
from tui.formatting import decimals, fitted, plain

SHOWN_SIZES = 5
MARKS = {"error": "✖", "warning": "⚠", "note": "·"}
GAP = "  "


def data_lines(document: Mapping[str, Any], name_setting: NameSetting) -> Iterator[str]:
    """Yield layout, groups, images of each class and split, problems, and whether the data can be used.

    `document` comes from `engine.datasets.survey.data_document`; `name_setting` words the settings that would help."""
    if document["layout"]:
        yield from _facts(document, name_setting)
        counts = {name: found["per_class"] for name, found in document["splits"].items()}
        yield from ("", *class_lines(document["class_names"], counts), "")
    for severity, mark in MARKS.items():
        for problem in document["problems"]:
            if problem["severity"] == severity:
                yield f"{mark} {_said(problem, name_setting)}"
    warnings = sum(problem["severity"] == "warning" for problem in document["problems"])
    verdict = "✔ usable" if document["usable"] else "✖ cannot be used"
    yield verdict + (f", {warnings} warning{'s' * (warnings != 1)}" if warnings else "")


def _said(problem: Mapping[str, Any], name_setting: NameSetting) -> str:
    ways = tuple(WayOut(**way) for way in problem["ways_out"])
    return Problem("data", problem["severity"], problem["what"], ways_out=ways).said(name_setting)


def _facts(document: Mapping[str, Any], name_setting: NameSetting) -> Iterator[str]:
    yield _fact("layout", document["layout"])
    yield _fact("because", document["why"])
    if document["root"]:
        yield _fact("images in", document["root"])
    yield _fact("classes", _classes(document, name_setting))
    yield from _groups(document)
    for what in ("sizes", "modes"):
        if document[what]:
            yield _fact(what, _frequent(document[what]))
    drawn = [name for name, found in document["splits"].items() if found["drawn"]]
    if drawn:
        seed = f" and split seed {document['split_seed']}" if document["split_seed"] else ""
        yield _fact("split", f"{_drawn(document, drawn)} drawn at random, seeded by their fingerprint{seed}")


def _drawn(document: Mapping[str, Any], drawn: Sequence[str]) -> str:
    """Name the splits that are drawn, and those that the data lack; a fold stands for a test split, lacking or not."""
    if any(problem["kind"] == "folds" for problem in document["problems"]):
        return f"test, one of {document['folds']} folds,{' and val' if 'val' in drawn else ''}"
    lacking = "none" if len(drawn) > 1 or "train" in drawn else f"no {drawn[0]}"
    return f"the data have {lacking}: {' and '.join(drawn)}"


def _fact(name: str, text: str) -> str:
    return f"{name:10} {text}"


def _classes(document: Mapping[str, Any], name_setting: NameSetting) -> str:
    """Word the number of classes, and whether they are in order and why: `5, in order (column level holds grades)`."""
    way = WayOut(**document["ordered_way"]) if document["ordered_way"] else None
    order = Order(document["ordered"], document["ordered_why"], way)
    return ", ".join(filter(None, [str(len(document["class_names"])), order.said(name_setting)]))


def _groups(document: Mapping[str, Any]) -> Iterator[str]:
    groups, shared = document["groups"], document["shared_groups"]
    if groups:
        most = f"at most {groups['largest']:,} images in one"
        yield _fact("groups", f"{groups['count']:,} by {groups['rule']}, {most}")
    if shared:
        share = 100 * shared["images"] / shared["of"]
        images = f"{shared['images']:,} of {shared['of']:,} test images ({share:.1f} %)"
        yield _fact("shared", f"{images} have group members in train")
        score = partial(_score, shared)
        alone = f"group labels alone, without images: {score('')}; over all test images {score('_all')}"
        yield _fact("", alone)


def _score(shared: Mapping[str, Any], suffix: str) -> str:
    kappa = shared[f"kappa{suffix}"]
    text = f"accuracy {decimals(shared[f'accuracy{suffix}'])}"
    return text if kappa is None else f"{text}, quadratic kappa {decimals(kappa)}"


def _frequent(counts: Mapping[str, int]) -> str:
    shown = [f"{name} ({count:,})" for name, count in list(counts.items())[:SHOWN_SIZES]]
    more = f" and {len(counts) - SHOWN_SIZES} others" if len(counts) > SHOWN_SIZES else ""
    return ", ".join(shown) + more


def class_lines(class_names: Sequence[str], counts: Mapping[str, Sequence[int]]) -> list[str]:
    """Return an aligned table: images of each class and split, their sum, and the baseline."""
    rows = [["class", *counts]]
    for number, name in enumerate(class_names):
        rows.append([plain(name), *(f"{counted[number]:,}" for counted in counts.values())])
    rows.append(["all", *(f"{sum(counted):,}" for counted in counts.values())])
    shares = [max(counted) / sum(counted) if sum(counted) else None for counted in counts.values()]
    rows.append(["baseline", *map(decimals, shares)])
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [GAP.join([fitted(row[0], widths[0]), *map(_number, row[1:], widths[1:])]) for row in rows]


def _number(cell: str, width: int) -> str:
    return fitted(cell, width, right=True)
