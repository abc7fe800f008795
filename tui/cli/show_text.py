"""Text of `show`: a run's document as lines as wide as the terminal, 80 characters where there is none."""

import shutil
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.analysis.finding import NO_FINDINGS, SIGNS
from engine.metrics.catalogue import numbers, split_metrics
from engine.metrics.metric import SPLIT_HEADINGS, Split, SplitMetric
from engine.metrics.ranking import REFERABLE_GRADE
from engine.metrics.selection import how_chosen
from engine.spec.constants import EVALUATED_TRAIN_IMAGES
from engine.spec.run_spec import FIELDS, GROUP_OF
from engine.store.run_numbers import numbered
from tui.formatting import decimals, plain, seconds

INDENT = 14
LOG_LINES, LOG_LINES_FAILED = 10, 50
NAME_WIDTH = 32
Row = Mapping[str, Any]
GROUPS: tuple[Split, ...] = ("train", "val", "test")
"""Groups of columns of the table of epochs, from left to right."""


def show_lines(document: dict[str, Any]) -> Iterator[str]:
    """Yield settings and state, then the epochs, the best epoch class by class, and the end of the log."""
    width = shutil.get_terminal_size().columns
    yield from _facts(document, width)
    yield from finding_lines(document["findings"], width)
    metrics = document["metrics"]
    if stopped_early(document):
        early = f"stopped early: after epoch {document['last']['epoch']} of {document['epochs']}, no better "
        yield from textwrap.wrap(
            f"{early}{document['select_on']} for {document['patience']} epochs (patience)", width
        )
    if metrics:
        yield ""
        yield from epoch_table(metrics, width, document["select_on"])
        yield from _best(document, width)
    if document["log_tail"]:
        yield ""
        most = LOG_LINES_FAILED if document["status"] == "failed" else LOG_LINES
        yield from (plain(line) for line in document["log_tail"][-most:])


def finding_lines(findings: Sequence[Mapping[str, Any]] | None, width: int) -> Iterator[str]:
    """Yield each finding with its severity, evidence, what it rules out and its suggestion; that there is none; nothing
    before the first epoch."""
    if findings is None:
        return
    if not findings:
        yield from _wrapped("findings", [NO_FINDINGS], width)
    for number, each in enumerate(findings):
        since = f" since epoch {each['since_epoch']}" if each["since_epoch"] is not None else ""
        head = f"{SIGNS[each['severity']]} {each['severity']}: {each['headline']}{since}"
        more = (("", each["evidence"]), ("ruled out: ", each["ruled_out"]), ("try: ", each["suggestion"]))
        parts = [head, *(f"{name}{text}" for name, text in more if text)]
        for place, part in enumerate(parts):
            yield from _wrapped("" if number or place else "findings", [part], width)


def stopped_early(document: Mapping[str, Any]) -> bool:
    """Return True where patience ended the run before its last epoch."""
    last = document["last"]
    return document["status"] == "done" and last is not None and last["epoch"] < document["epochs"]


def _facts(document: Mapping[str, Any], width: int) -> Iterator[str]:
    apart = (
        "metrics",
        "log_tail",
        "verdict",
        "findings",
        "headline",
        "class_names",
        "best",
        "best_metrics",
        "last_metrics",
        "group_key",
        "intervals",
        *FIELDS,
    )
    settings: dict[str, list[str]] = {}
    for name in FIELDS:
        settings.setdefault(GROUP_OF[name].lower(), []).append(f"{name} {_value(document[name])}")
    for key, value in document.items():
        if key == FIELDS[0]:
            for group, parts in settings.items():
                yield from _wrapped(group, parts, width)
        if key == "time_line" and value is not None:
            yield from _wrapped("time line", _time_line(value), width)
        elif key == "group" and value is not None:
            yield from _wrapped(key, _group(document["id"], value), width)
        elif key not in apart and value not in (None, "", [], {}):
            parts = _parts(value) if isinstance(value, dict) else [_value(value)]
            yield from _wrapped(key, parts, width)
            if key == "baseline" and (intervals := _intervals(document.get("intervals") or {})):
                yield from _wrapped("intervals", intervals, width)


def _intervals(intervals: Mapping[str, Any]) -> list[str]:
    """Word the 95 % intervals of the test accuracies: `best epoch 3: .7912 to .8411 (n 400, 213 groups by …)`."""
    parts = []
    for moment, found in intervals.items():
        if found is not None:
            groups = f", {found['groups']:,} groups by {found['by']}" if found["groups"] else ""
            ends = f"{decimals(found['low'])} to {decimals(found['high'])}"
            parts.append(
                f"{moment} epoch {found['epoch']}: test_acc {ends} (95 %, n {found['images']:,}{groups})"
            )
    return parts


def _time_line(document: Mapping[str, Any]) -> list[str]:
    """Word the seconds and the share of each phase: `training 34.1 s (78 %)`."""
    several = f" in {document['attempts']} attempts" if document["attempts"] > 1 else ""
    phases = (
        f"{each['name']} {seconds(each['seconds'])} ({each['share']:.1%})".replace("%)", " %)")
        for each in document["phases"]
    )
    return [f"{seconds(document['wall_s'])}{several}:", *phases]


def _group(run_id: int, group: Mapping[str, Any]) -> list[str]:
    differing = (
        f"differing in {', '.join(group['differing'])}" if group["differing"] else "equal in all settings"
    )
    return [numbered(group["run_ids"]), f"{differing}:", f"resnet-tui show {run_id} --group"]


def _parts(values: Mapping[str, Any]) -> list[str]:
    return [f"{key} {_value(value)}" for key, value in values.items() if value not in (None, "", {})]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return ", ".join(_parts(value))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _wrapped(head: str, parts: Iterable[str], width: int) -> Iterator[str]:
    """Wrap the parts of a row beside its heading; break a part only where it is longer than a line."""
    room = max(width - INDENT, 20)
    lines = [""]
    for part in parts:
        text = plain(part)
        if lines[-1] and len(lines[-1]) + 2 + len(text) > room:
            lines.append("")
        pieces = textwrap.wrap(text, room, break_on_hyphens=False) if len(text) > room else [text]
        lines[-1] += ("  " if lines[-1] else "") + (pieces[0] if pieces else "")
        lines += pieces[1:]
    for number, line in enumerate(lines):
        yield f"{head if not number else '':{INDENT - 1}} {line}".rstrip()


def epoch_table(rows: Sequence[Row], width: int, selected_on: str = "") -> Iterator[str]:
    """Yield one line per epoch, under a heading that says on which images the numbers were measured.

    Shows as many metrics with a value as fit, the most important first, and always `selected_on`."""
    groups = _grouped(_fitting(rows, width, selected_on))
    titles = [title.ljust(_group_width(title, columns)) for title, columns in groups]
    yield "  ".join([" " * 5, *titles]).rstrip()

    def line(first: str, cell: Callable[[SplitMetric], str]) -> str:
        texts = [
            " ".join(map(cell, columns)).rjust(_group_width(title, columns)) for title, columns in groups
        ]
        return "  ".join([first.rjust(5), *texts])

    yield line("epoch", lambda shown: shown.metric.short.rjust(_width(shown)))
    for row in rows:
        yield line(str(row["epoch"]), lambda shown, row=row: _cell(shown, row))  # type: ignore[misc]


def _fitting(rows: Sequence[Row], width: int, selected_on: str) -> list[SplitMetric]:
    """Return the metrics to show, in table order; while they are too wide, the longest group loses its last."""
    shown = [
        each
        for each in numbers()
        if (each.is_in("epochs") and each.split in GROUPS) or _chose(each, selected_on)
        if any(row[each.key] is not None for row in rows)
    ]
    while 5 + sum(2 + _group_width(*group) for group in _grouped(shown)) > width:
        longest = max((columns for _, columns in _grouped(shown)), key=len)
        may_go = [each for each in longest[1:] if not _chose(each, selected_on)]
        if not may_go:
            break
        shown.remove(may_go[-1])
    return shown


def _chose(shown: SplitMetric, selected_on: str) -> bool:
    return bool(shown.select_on) and shown.select_on == selected_on


def _grouped(shown: Sequence[SplitMetric]) -> list[tuple[str, list[SplitMetric]]]:
    groups = [(SPLIT_HEADINGS[split], [each for each in shown if each.split == split]) for split in GROUPS]
    return [(title, columns) for title, columns in groups if columns]


def _group_width(title: str, columns: Sequence[SplitMetric]) -> int:
    return max(len(title), sum(map(_width, columns)) + len(columns) - 1)


def _width(shown: SplitMetric) -> int:
    """Return a column's width: a share is `.8269`; numbers that may exceed 1 have a digit more."""
    number = 1 + shown.metric.places + (not shown.metric.is_share and shown.metric.places > 3)
    return max(5, number, len(shown.metric.short))


def _cell(shown: SplitMetric, row: Row) -> str:
    """Format a number for its column, with fewer decimals where it is too wide."""
    value, width = row[shown.key], _width(shown)
    texts = [decimals(value, shown.metric.places)]
    if value is not None:
        texts += [f"{value:.1f}", f"{value:.0e}"]
    return next((text for text in texts if len(text) <= width), texts[-1]).rjust(width)


def _best(document: Mapping[str, Any], width: int) -> Iterator[str]:
    best, last = document["best"], document["last"]
    row = next((each for each in document["metrics"] if best and each["epoch"] == best["epoch"]), None)
    if best is None or row is None:
        return
    chosen = how_chosen(best["selected_on"], document["epochs"])
    text = f"best: epoch {best['epoch']}, test accuracy {decimals(best['test_acc'])}; {chosen}"
    if last is not None:
        text += f"; last: epoch {last['epoch']}, {decimals(last['test_acc'])}"
    yield ""
    yield from textwrap.wrap(text, width)
    yield from class_table(document["class_names"], row)
    further = _further(row, document["select_on"], width)
    for line in (*further, *_apart(document, row, document["metrics"][-1])):
        yield from textwrap.wrap(line, width)


def class_table(names: Sequence[str], row: Row) -> Iterator[str]:
    """Yield one line per class; nothing for an epoch of an older version, which has no metrics per class."""
    if row["confusion"] is None or row["precision"] is None:
        return
    labels = [plain(name) for name in names] or [str(number) for number in range(len(row["confusion"]))]
    space = max(5, min(max(map(len, labels)), NAME_WIDTH))
    shown = [each for each in split_metrics() if each.metric.is_per_class and row[each.key] is not None]
    heads = [each.metric.short.rjust(max(6, len(each.metric.short))) for each in shown]
    yield "  ".join([f"{'class':{space}}", "images", *heads])
    columns = [row[each.key] for each in shown]
    for label, counts, *values in zip(labels, row["confusion"], *columns, strict=True):
        short = label if len(label) <= space else label[: space - 1] + "…"
        cells = [
            decimals(value, each.metric.places).rjust(len(head))
            for each, head, value in zip(shown, heads, values, strict=True)
        ]
        yield "  ".join([f"{short:{space}}", f"{sum(counts):6}", *cells])


def _further(row: Row, selected_on: str, width: int) -> Iterator[str]:
    """Yield the metrics of the best epoch that have no column in the table of epochs."""
    columns = {each.key for each in _fitting([row], width, selected_on)}
    found = [
        f"{each.label} {decimals(row[each.key], each.metric.places)}"
        for each in numbers()
        if each.is_in("compare") and each.key not in columns and row[each.key] is not None
        if each.split in ("test", "val")
    ]
    if found:
        yield f"also at epoch {row['epoch']}: {', '.join(found)}"


def _apart(document: Mapping[str, Any], row: Row, last: Row) -> Iterator[str]:
    """Yield results that fit no table: referable images, groups, train images in evaluation mode."""
    names = document["class_names"]
    if row["auc_referable"] is not None and row["sensitivity_referable"] is not None:
        lowest = plain(names[REFERABLE_GRADE])
        yield (
            f"referable (class {lowest} or worse): AUC {decimals(row['auc_referable'], 3)}; sensitivity "
            f"{decimals(row['sensitivity_referable'], 3)} at specificity "
            f"{decimals(row['specificity_referable'], 3)} as predicted, "
            f"{decimals(row['sensitivity_referable_at_93'], 3)} at .93 or more, "
            f"{decimals(row['sensitivity_referable_at_98'], 3)} at .98 or more"
        )
    if row["images_seen_group"] is not None:
        yield (
            f"test accuracy with a group member in train: {decimals(row['test_acc_seen_group'])} "
            f"(n {row['images_seen_group']:,}); without: {decimals(row['test_acc_unseen_group'])} "
            f"(n {row['images_unseen_group']:,})"
        )
    if last["eval_train_acc"] is not None:
        yield (
            f"{'all' if document['eval_train'] else f'up to {EVALUATED_TRAIN_IMAGES:,}'} train images after epoch "
            f"{last['epoch']}, in evaluation mode without augmentation: "
            f"accuracy {decimals(last['eval_train_acc'])}, NLL {decimals(last['eval_train_nll'])}"
        )
