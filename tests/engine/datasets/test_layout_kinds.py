"""Data sets laid out in every way met in the wild: what is read is true, or the reader refuses or warns.

RESNET_TUI_LAYOUT_EXAMPLES asks for more cases than the default, and prints what became of each kind."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from layouts.case import Case
from layouts.dice import Dice
from layouts.judge import OUTCOMES, READ, REFUSED, SILENT, judge, judged
from layouts.kinds import KINDS, cases, draw_case

from engine.datasets.index import Index, Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions

EXAMPLES = int(os.environ.get("RESNET_TUI_LAYOUT_EXAMPLES", "330"))
COUNTS: dict[str, Counter[str]] = {}


@pytest.fixture(scope="module", autouse=True)
def table_of_outcomes() -> Iterator[None]:
    yield
    if "RESNET_TUI_LAYOUT_EXAMPLES" in os.environ:
        print("\n" + f"{'kind':42s}" + "".join(f"{each:>15s}" for each in OUTCOMES))
        for kind, counts in COUNTS.items():
            print(f"{kind:42s}" + "".join(f"{counts[each] or '':>15}" for each in OUTCOMES))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_is_true_or_told(kind: str) -> None:
    counts = COUNTS.setdefault(kind, Counter())

    @settings(
        max_examples=max(EXAMPLES // len(KINDS), 1),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(kind))
    def examine(case: Case) -> None:
        found = judged(case)
        counts[found.outcome] += 1
        assert not found.is_bad(case), f"{case.shown()}\n{found.shown}"

    examine()


@pytest.fixture
def plain(tmp_path: Path) -> tuple[Case, Survey, Index]:
    """A case with the lab's CSVs, which are read."""
    case = draw_case(Dice(lambda low, _high: low), "the lab's CSVs")
    case.write(tmp_path)
    survey = survey_folder(tmp_path, ReadOptions())
    assert survey.index is not None
    return case, replace(survey, problems=()), survey.index


def test_the_judge_accepts_the_truth(plain: tuple[Case, Survey, Index], tmp_path: Path) -> None:
    case, survey, _ = plain
    assert judge(case, tmp_path, survey).outcome == READ


def test_the_judge_sees_a_wrong_label(plain: tuple[Case, Survey, Index], tmp_path: Path) -> None:
    case, survey, index = plain
    wrong = replace(index, labels=(1 - index.labels[0], *index.labels[1:]))
    assert judge(case, tmp_path, replace(survey, index=wrong)).outcome == SILENT


def test_the_judge_sees_a_wrong_split(plain: tuple[Case, Survey, Index], tmp_path: Path) -> None:
    case, survey, index = plain
    swapped = {"train": "test", "test": "train"}
    wrong = replace(index, splits=tuple(swapped[split] for split in index.splits))
    assert judge(case, tmp_path, replace(survey, index=wrong)).outcome == SILENT


def test_the_judge_sees_an_image_left_out(plain: tuple[Case, Survey, Index], tmp_path: Path) -> None:
    case, survey, index = plain
    fewer = replace(index, names=index.names[1:], labels=index.labels[1:], splits=index.splits[1:])
    assert judge(case, tmp_path, replace(survey, index=fewer)).outcome == SILENT


def test_the_judge_sees_an_image_that_is_none(plain: tuple[Case, Survey, Index], tmp_path: Path) -> None:
    case, survey, index = plain
    more = replace(
        index, names=(*index.names, "mask.png"), labels=(*index.labels, 0), splits=(*index.splits, "train")
    )
    assert judge(case, tmp_path, replace(survey, index=more)).outcome == SILENT


def test_the_judge_sees_a_class_that_is_none(plain: tuple[Case, Survey, Index], tmp_path: Path) -> None:
    case, survey, index = plain
    more = replace(index, class_names=(*index.class_names, "images"))
    assert judge(case, tmp_path, replace(survey, index=more)).outcome == SILENT


def test_the_judge_sees_splits_that_are_not_used(plain: tuple[Case, Survey, Index], tmp_path: Path) -> None:
    case, survey, _ = plain
    assert judge(case, tmp_path, replace(survey, own_splits=())).outcome == SILENT


def test_the_judge_takes_no_index_for_a_refusal(plain: tuple[Case, Survey, Index], tmp_path: Path) -> None:
    case, survey, _ = plain
    assert judge(case, tmp_path, replace(survey, index=None)).outcome == REFUSED
