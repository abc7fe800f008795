"""A run's document as lines for people, 80 columns wide unless the terminal has more."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.analysis.selection import how_chosen
from engine.spec.run_spec import FIELDS, GROUP_OF
from tui.formatting import decimals, plain

INDENT = 14
LOG_LINES, LOG_LINES_FAILED = 10, 50
NAME_WIDTH = 32
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of the table of epochs; dropped where no epoch has a value."""

    key: str
    label: str
    width: int
    places: int

    def cell(self, row: Row) -> str:
        value = row[self.key]
        texts = [decimals(value, self.places)]
        if value is not None:
            texts += [f"{value:.1f}", f"{value:.1e}"]
        return next((text for text in texts if len(text) <= self.width), texts[-1]).rjust(self.width)


EPOCH_COLUMNS = (
    ("while training", (Column("train_loss", "loss", 7, 4), Column("train_acc", "acc", 5, 4))),
    ("val", (Column("val_acc", "acc", 5, 4), Column("val_kappa", "kappa", 5, 3))),
    (
        "test",
        (
            Column("test_nll", "nll", 7, 4),
            Column("test_acc", "acc", 5, 4),
            Column("balanced_acc", "bal.", 5, 4),
            Column("macro_f1", "F1", 5, 3),
            Column("kappa", "kappa", 5, 3),
            Column("auc_referable", "AUC", 5, 3),
            Column("ece", "ECE", 5, 3),
        ),
    ),
)


def show_lines(document: dict[str, Any]) -> Iterator[str]:
    """Settings and states, then the epochs, the chosen epoch class by class, and the end of the log."""
    width = shutil.get_terminal_size().columns
    yield from _facts(document, width)
    metrics = document["metrics"]
    if stopped_early(document):
        early = f"stopped early: after epoch {document['last']['epoch']} of {document['epochs']}, no better "
        yield from textwrap.wrap(
            f"{early}{document['select_on']} for {document['patience']} epochs (patience)", width
        )
    if metrics:
        yield ""
        yield from epoch_table(metrics)
        yield from _best(document, width)
    if document["log_tail"]:
        yield ""
        most = LOG_LINES_FAILED if document["status"] == "failed" else LOG_LINES
        yield from (plain(line) for line in document["log_tail"][-most:])


def stopped_early(document: Mapping[str, Any]) -> bool:
    """Whether patience ended the run before its last epoch."""
    last = document["last"]
    return document["status"] == "done" and last is not None and last["epoch"] < document["epochs"]


def _facts(document: Mapping[str, Any], width: int) -> Iterator[str]:
    apart = ("metrics", "log_tail", "class_names", "best", *FIELDS)
    settings: dict[str, list[str]] = {}
    for name in FIELDS:
        settings.setdefault(GROUP_OF[name].lower(), []).append(f"{name} {_value(document[name])}")
    for key, value in document.items():
        if key == FIELDS[0]:
            for group, parts in settings.items():
                yield from _wrapped(group, parts, width)
        if key not in apart and value not in (None, "", [], {}):
            parts = _parts(value) if isinstance(value, dict) else [_value(value)]
            yield from _wrapped(key, parts, width)


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
    """The parts beside a heading; a part is broken only where it is longer than a line."""
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


def epoch_table(rows: Sequence[Row]) -> Iterator[str]:
    """One line an epoch, under a heading that says how its numbers were measured."""
    groups = [
        (title, [column for column in columns if any(row[column.key] is not None for row in rows)])
        for title, columns in EPOCH_COLUMNS
    ]
    shown = [(title, columns) for title, columns in groups if columns]
    titles = [title.ljust(sum(column.width + 1 for column in columns) - 1) for title, columns in shown]
    yield "  ".join([" " * 5, *titles]).rstrip()
    heads = [" ".join(column.label.rjust(column.width) for column in columns) for _, columns in shown]
    yield "  ".join(["epoch", *heads])
    for row in rows:
        cells = [" ".join(column.cell(row) for column in columns) for _, columns in shown]
        yield "  ".join([str(row["epoch"]).rjust(5), *cells])


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
    for line in _apart(row, document["metrics"][-1]):
        yield from textwrap.wrap(line, width)


def class_table(names: Sequence[str], row: Row) -> Iterator[str]:
    """One line a class; nothing for an epoch measured before these were."""
    if row["confusion"] is None or row["precision"] is None:
        return
    labels = [plain(name) for name in names] or [str(number) for number in range(len(row["confusion"]))]
    space = max(5, min(max(map(len, labels)), NAME_WIDTH))
    yield f"{'class':{space}}  images  answered  precision  recall     F1"
    columns = (row["confusion"], row["answers"], row["precision"], row["recall"], row["f1"])
    for label, (counts, answered, precision, recall, f1) in zip(
        labels, zip(*columns, strict=True), strict=True
    ):
        short = label if len(label) <= space else label[: space - 1] + "…"
        yield (
            f"{short:{space}}  {sum(counts):6}  {answered:8}  {decimals(precision):>9}"
            f"  {decimals(recall):>6}  {decimals(f1):>5}"
        )


def _apart(row: Row, last: Row) -> Iterator[str]:
    """What does not fit a table: referable images, groups, the train images measured afterwards."""
    if row["auc_referable"] is not None and row["sensitivity_referable"] is not None:
        yield (
            f"referable (grade 2 or more): AUC {decimals(row['auc_referable'], 3)}; sensitivity "
            f"{decimals(row['sensitivity_referable'], 3)} at specificity "
            f"{decimals(row['specificity_referable'], 3)} as answered, "
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
            f"train images after epoch {last['epoch']}, in evaluation mode and not augmented: "
            f"accuracy {decimals(last['eval_train_acc'])}, nll {decimals(last['eval_train_nll'])}"
        )
