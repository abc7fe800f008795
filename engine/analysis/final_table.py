"""Results of a study as plain text for a terminal, at most 100 columns wide, or whole for a file."""

import textwrap
import unicodedata
from collections.abc import Sequence

from engine.analysis.markdown import (
    decimal,
    headline_shown,
    percent,
    printable,
    weights_in_full,
    why_unfinished,
)
from engine.analysis.study import Study, StudyRun, by_data
from engine.metrics.selection import split_of
from engine.spec.plugin_name import arch_shown
from engine.spec.recipe_words import weights_from

WIDTH = 100
WHOLE = 1_000_000
"""Width that cuts nothing."""
COLUMNS = (("run", 6), ("arch", 9), ("weights from", 18), ("best", 6), ("epoch", 5), ("on", 4), ("last", 6),
           ("baseline", 8), ("kappa", 6), ("finding", 14))  # fmt: skip
LEFT = ("run", "arch", "weights from", "on", "finding")
FOOT = 'test accuracies in %; best: epoch chosen on the split under "on"; optimistic where that is test'


def final_table(study: Study, *, is_whole: bool = False) -> str:
    """Write a table for each data set, then the runs without a final result. Control characters in names are
    removed. `is_whole`: nothing is cut, however wide that is."""
    blocks = []
    width = WHOLE if is_whole else WIDTH
    for data, runs in by_data(study.measured).items():
        rows = [[name for name, _ in COLUMNS], *map(_cells, runs)]
        widths = [most for _, most in COLUMNS]
        if is_whole:
            widths = [
                max(least, *(_columns(printable(row[place], WHOLE)) for row in rows))
                for place, least in enumerate(widths)
            ]
        lines = [_line(row, widths) for row in rows]
        origins = dict.fromkeys(
            weights_in_full(run) for run in runs if weights_in_full(run) != weights_from(run.spec)
        )
        notes = [_fit(origin, width) for origin in origins]
        blocks.append("\n".join([_fit(data, width), *lines, *notes]))
    blocks.append(FOOT)
    blocks += _unfinished([run for run in study.runs if not (run.done and run.best)])
    return "\n\n".join(blocks)


def _cells(run: StudyRun) -> list[str]:
    best, last = run.best, run.last
    assert best is not None and last is not None
    return [
        f"#{run.id}{'' if run.done else '*'}",
        arch_shown(run.spec.arch),
        weights_from(run.spec),
        percent(best.number("test_acc")),
        str(best.epoch),
        split_of(run.chosen_by),
        percent(last.number("test_acc")),
        percent(run.baseline),
        decimal(best.number("kappa")),
        "none" if run.findings == () else headline_shown(run),
    ]


def _unfinished(runs: Sequence[StudyRun]) -> list[str]:
    lines: list[str] = []
    for run in runs:
        text = f"#{run.id}* {arch_shown(run.spec.arch)} on {run.data}: {why_unfinished(run)}"
        first, *more = textwrap.wrap(printable(text, 1000), WIDTH - 4)
        lines += [_fit(first, WIDTH), *("    " + _fit(line, WIDTH - 4) for line in more)]
    return ["\n".join(["* without a final result:", *lines])] if lines else []


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for (name, _), width, cell in zip(COLUMNS, widths, cells, strict=True):
        text = _fit(cell, width)
        space = " " * (width - _columns(text))
        padded.append(text + space if name in LEFT else space + text)
    return "  ".join(padded).rstrip()


def _fit(text: str, width: int) -> str:
    """Shorten text to one printable line of at most `width` terminal columns."""
    line = printable(text, width)
    while _columns(line) > width:
        line = line.removesuffix("…")[:-1] + "…"
    return line


def _columns(text: str) -> int:
    """Count terminal columns: East Asian wide letters take two, combining marks none."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(bool(unicodedata.combining(char)) for char in text)
