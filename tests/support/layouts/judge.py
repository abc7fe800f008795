"""Judge of what a reader made of a case, by the truth about each image's file."""

import os
import re
import tempfile
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.index import SKIPPED, Index, Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions
from engine.problem import Problem
from layouts.case import Case, Truth

READ, WARNED, REFUSED, SILENT = "read", "warned", "refused", "silent wrong"
WARNED_WRONG = "warned, wrong"
OUTCOMES = (READ, WARNED, WARNED_WRONG, REFUSED, SILENT)

GENERAL = {"no_header", "missing_class", "shared_groups", "copies", "dark_levels", "in_several_splits"}
"""Kinds of warnings that tell of no doubt about labels, splits or images that are used."""


@dataclass(frozen=True)
class Judgement:
    outcome: str
    wrongs: tuple[str, ...]
    """Return what was read wrongly, in words."""
    problems: tuple[str, ...]

    def is_bad(self, case: Case) -> bool:
        """Return True for what is read wrong in silence, and for plain data that are refused or read wrong."""
        return self.outcome == SILENT or case.plain and self.outcome in (REFUSED, WARNED_WRONG)

    @property
    def shown(self) -> str:
        return "\n".join(
            [f"{self.outcome}: {'; '.join(self.wrongs)}", *(f"  {each}" for each in self.problems)]
        )


def judged(case: Case) -> Judgement:
    """Write a case to a new folder, read it and judge what was read."""
    with tempfile.TemporaryDirectory(prefix="layout-") as made:
        folder = Path(made).resolve() / "home" / "retina"  # readers may look at what lies beside the data
        case.write(folder)
        return judge(case, folder, survey_folder(folder / case.given, ReadOptions()))


def judge(case: Case, folder: Path, survey: Survey) -> Judgement:
    said = tuple(
        f"{each.severity} {each.kind}: {each.text.replace(str(folder), '…')[:300]}"
        for each in survey.problems
    )
    if survey.index is None or not survey.usable:
        return Judgement(REFUSED, (), said)
    doubts = [each for each in survey.warnings if each.kind not in GENERAL]
    uncovered, covered = _wrongs(case, folder, survey, survey.index)
    if uncovered and not doubts:
        return Judgement(SILENT, tuple(uncovered + covered), said)
    if uncovered:
        return Judgement(WARNED_WRONG, tuple(uncovered + covered), said)
    return Judgement(WARNED if survey.warnings or covered else READ, tuple(covered), said)


def _wrongs(case: Case, folder: Path, survey: Survey, index: Index) -> tuple[list[str], list[str]]:
    """Return what is wrong and told by no problem of its own, and what is wrong and told."""
    assert index.root is not None
    rows = {
        _relative(index.root / name, folder): (index.class_names[label], split)
        for name, label, split in zip(index.names, index.labels, index.splits, strict=True)
        if split != SKIPPED
    }
    silent: list[str] = []
    told: list[str] = []
    labels = Counter(
        f"images of {truth.label} read as {rows[path][0]}"
        for path, truth in case.truth.items()
        if path in rows and not _is(case, rows[path][0], truth.label)
    )
    silent += [f"{count} {what}" for what, count in labels.items()]
    if strangers := [path for path in rows if path not in case.truth]:
        silent.append(f"{len(strangers)} files used that are no labelled images, such as {strangers[0]}")
    known = {name for truth in case.truth.values() if truth.label for name in case.names_of(truth.label)}
    if more := [name for name in index.class_names if not _known(name, known)]:
        is_told = all(
            any(each.kind == "missing_class" and name in each.text for each in survey.warnings)
            for name in more
        )
        (told if is_told else silent).append(f"classes that are none: {', '.join(more)}")
    left = [path for path in case.truth if path not in rows]
    if unsaid := [path for path in left if not _mentioned(path, case.truth[path], survey)]:
        silent.append(f"{len(unsaid)} labelled images left out and not mentioned, such as {unsaid[0]}")
    elif left:
        told.append(f"{len(left)} labelled images left out, as a problem says")
    for what, is_silent in _wrong_splits(case, rows, survey):
        (silent if is_silent else told).append(what)
    return silent, told


def _wrong_splits(case: Case, rows: dict[str, tuple[str, str]], survey: Survey) -> list[tuple[str, bool]]:
    stated = {path: truth.splits for path, truth in case.truth.items() if truth.splits and path in rows}
    if not stated:
        return []
    if not survey.own_splits:
        is_said = (
            any(_names(each, case.says_splits) for each in survey.problems) if case.says_splits else True
        )
        return [(f"the splits of {case.says_splits} are not used", not is_said)]
    wrong = Counter(
        f"images of {'/'.join(splits)} read into {rows[path][1]}"
        for path, splits in stated.items()
        if rows[path][1] not in splits and not ("train" in splits and rows[path][1] not in survey.own_splits)
    )
    return [(f"{count} {what}", True) for what, count in wrong.items()]


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(os.path.normpath(path), folder)


def _plain(text: str) -> str:
    """Reduce a class's name: `01`, `1` and `1.0` are the same, and so are both Unicode forms of a word."""
    whole = re.fullmatch(r"0*(\d+)(\.0+)?", text.strip(), re.ASCII)
    return whole[1] if whole else unicodedata.normalize("NFC", text.strip())


def _is(case: Case, found: str, label: str | None) -> bool:
    return label is not None and _known(found, case.names_of(label))


def _known(found: str, names: set[str]) -> bool:
    return _plain(found) in {_plain(name) for name in names}


def _mentioned(path: str, truth: Truth, survey: Survey) -> bool:
    """Return True where a problem names the image, its folder, its suffix or the table that states its label."""
    folder, _, file = path.rpartition("/")
    suffix = f".{file.rpartition('.')[2]}"
    words = [
        file,
        suffix,
        *filter(None, folder.split("/")[-2:]),
        *filter(None, [truth.told_by.rpartition("/")[2]]),
    ]
    return any(
        each.kind == "extra_files" or any(_names(each, word) for word in words) for each in survey.problems
    )


def _names(problem: Problem, word: str) -> bool:
    text = "\n".join([problem.text, *problem.values])
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
