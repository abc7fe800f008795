"""`ls --groups` and `show --group`: groups of runs as documents and as text."""

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.analysis.groups import Group, Moment, labels_of
from engine.analysis.summary import Summary
from engine.metrics.catalogue import find_metric, numbers
from engine.queries.read_groups import IN_LISTS
from engine.short_names import short_names
from engine.store.run_numbers import numbered
from tui.cli.table import print_table
from tui.formatting import decimals, plain

MOMENTS: tuple[Moment, ...] = ("best", "last")
HEAD = (
    "runs", "what", "data", "n", "covers", "best", "95 %", "last", "95 % of last", "balanced", "kappa", "baseline",
    "remark",
)  # fmt: skip
MAY_GO = ("baseline", "kappa", "balanced", "95 % of last", "last", "data", "covers")
MAY_SHRINK = ("remark", "what", "data")
SORT_KEYS = ("id", "best", "kappa")
NO_INTERVAL = "–"


def group_document(group: Group, metrics: Mapping[Moment, Sequence[str]] = IN_LISTS) -> dict[str, Any]:
    """Return a group of `ls --groups --json`: its runs, what its numbers cover, and a summary of each metric."""
    return {
        "key": group.key,
        "label": group.label,
        "run_ids": list(group.run_ids),
        "counted": [each.run_id for each in group.counted],
        "not_done": {str(each.run_id): each.status for each in group.not_done},
        "repeats": {str(run): earlier for run, earlier in group.repeats.items()},
        "other_data": list(group.other_data),
        "differing": list(group.differing),
        "covers": group.covers,
        "splits": len(group.splits),
        "folds": group.folds,
        "overlap": group.overlap if len(group.splits) > 1 else 0.0,
        "data": group.setting("data"),
        "baseline": group.baseline,
        "remarks": group.remarks(),
        "metrics": {
            moment: {key: group.summary(key, moment).as_json() for key in keys}
            for moment, keys in metrics.items()
        },
    }


def every_metric(group: Group) -> dict[Moment, list[str]]:
    """Return the metrics of the catalogue that a counted run of the group has, by the epoch that they are of."""
    return {
        moment: [
            each.key
            for each in numbers()
            if any(member.number(each.key, moment) is not None for member in group.counted)
        ]
        for moment in MOMENTS
    }


def whole_document(group: Group) -> dict[str, Any]:
    """Return the document of `show --group --json`: every metric of the catalogue, and the members."""
    counted = {each.run_id for each in group.counted}
    members = [
        {
            **{
                name: getattr(each, name)
                for name in ("run_id", "status", "name", "seed", "split_seed", "fold")
            },
            "counted": each.run_id in counted,
            "baseline": each.baseline,
            "best": dict(each.best),
            "last": dict(each.last),
        }
        for each in group.members
    ]
    return {**group_document(group, every_metric(group)), "members": members}


def sorted_groups(groups: Sequence[Group], key: str) -> list[Group]:
    """Sort groups by their first run, or the best mean first."""
    if key == "id":
        return list(groups)
    metric = {"best": "test_acc", "kappa": "kappa"}[key]
    means = {group.key: group.summary(metric).mean for group in groups}
    return sorted(groups, key=lambda group: (means[group.key] is None, -(means[group.key] or 0.0)))


def print_groups(groups: Sequence[Group]) -> None:
    """Print a table with one line for each group."""
    names, labels = short_names(group.setting("data") for group in groups), labels_of(groups)
    rows = [_row(group, labels[group.key], names[group.setting("data")]) for group in groups]
    print_table(HEAD, rows, right=("n", "baseline"), may_go=MAY_GO, may_shrink=MAY_SHRINK)


def _row(group: Group, label: str, data: str) -> tuple[str, ...]:
    best, last = group.summary("test_acc"), group.summary("test_acc", "last")
    return (
        numbered(group.run_ids).partition(" ")[2],
        label,
        data,
        str(best.n),
        group.covers,
        mean_and_sd(best),
        interval(best),
        mean_and_sd(last),
        interval(last),
        mean_and_sd(group.summary("balanced_acc")),
        mean_and_sd(group.summary("kappa"), 3),
        decimals(group.baseline),
        "; ".join(group.remarks()),
    )


def mean_and_sd(found: Summary, places: int = 4) -> str:
    """Format `.9312 ± .0041`; the mean alone where there is no deviation, `–` without values."""
    if found.sd is None:
        return decimals(found.mean, places)
    return f"{decimals(found.mean, places)} ± {decimals(found.sd, places)}"


def interval(found: Summary, places: int = 4) -> str:
    """Format `.9261 to .9363`; say where all values are equal, `–` where there is no interval."""
    if found.is_constant:
        return "all equal"
    if found.low is None:
        return NO_INTERVAL
    return f"{decimals(found.low, places)} to {decimals(found.high, places)}"


def group_lines(group: Group, document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the text of `show --group`: what the group is, a summary of each metric of a report, then its members."""
    width = shutil.get_terminal_size().columns
    about = f"{numbered(group.run_ids)}: {group.label}, on {group.setting('data')}"
    yield from textwrap.wrap(plain(about), width)
    for text in (covers_in_words(group), *(f"{remark}" for remark in group.remarks())):
        yield from textwrap.wrap(plain(text), width)
    for moment in MOMENTS:
        yield ""
        yield from _metric_table(group, moment, document["metrics"][moment])
    yield ""
    yield from _members(group)


def covers_in_words(group: Group) -> str:
    """Say what n counts, and what the 95 % interval of the mean covers and does not."""
    n = group.summary("test_acc").n
    match group.covers:
        case "nothing":
            return f"n {n}: one run counts, and shows no spread"
        case "seeds":
            text = (
                f"n {n} seeds on one split: the interval covers the weights drawn at random, the order of images and "
                "their augmentation, not the choice of train and test images"
            )
        case "splits" | "seeds and splits" | "folds" | "seeds and folds":
            what = "folds" if group.folds else "splits"
            text = f"n {n} {what}: the interval covers {group.covers}; it is wider, for their training images overlap"
    return text


def _metric_table(group: Group, moment: Moment, found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    labels = {key: find_metric(key).label for key in found if find_metric(key).is_in("report")}
    space = max(map(len, labels.values()), default=0)
    yield f"{f'{moment} epoch of each run':{space}}  {'n':>3}  {'mean ± sd':23}  95 % interval of the mean"
    for key, label in labels.items():
        summary, places = group.summary(key, moment), find_metric(key).metric.places
        cells = f"{summary.n:3}  {mean_and_sd(summary, places):23}  {interval(summary, places)}"
        yield f"{label:{space}}  {cells}".rstrip()


def _members(group: Group) -> Iterator[str]:
    counted = {each.run_id for each in group.counted}
    columns = [name for name in group.differing] or ["seed"]
    heads = [name.replace("_", " ") for name in columns]
    yield "  ".join(["   run", "status   ", *heads, "best acc", "last acc", "counted"])
    for each in group.members:
        cells = [f"{getattr(each, name):>{len(head)}}" for name, head in zip(columns, heads, strict=True)]
        numbers_shown = [decimals(each.number("test_acc", moment)).rjust(8) for moment in MOMENTS]
        why = "yes" if each.run_id in counted else "no"
        yield "  ".join([f"{each.run_id:6}", f"{each.status:9}", *cells, *numbers_shown, why])
