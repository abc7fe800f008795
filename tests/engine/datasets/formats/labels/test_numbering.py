"""Numbers as labels: from 0, from 1, with gaps, as names of folders."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import touch

from engine.datasets.formats.labels.classes import Classes, classes_in_words, find_classes
from engine.datasets.index import Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions


def classes_of(labels: Sequence[object], *class_names: str, are_words: bool = False) -> Classes:
    texts = list(map(str, labels))
    return find_classes(texts, [f"{row}.png" for row in range(len(texts))], class_names, are_words=are_words)


def kinds(found: Classes) -> list[str]:
    return [problem.kind for problem in found.problems]


def folders(root: Path, *names: str, **options: object) -> Survey:
    touch(root, *(f"{name}/{number}.png" for name in names for number in range(5)))
    return survey_folder(root, ReadOptions(**options))  # type: ignore[arg-type]


@given(st.integers(2, 60), st.integers(0, 1), st.randoms())
def test_numbers_without_a_gap_are_classes_of_these_names(many: int, first: int, random: object) -> None:
    labels = [first + row % many for row in range(4 * many)]
    random.shuffle(labels)  # type: ignore[attr-defined]
    found = classes_of(labels)
    assert found.names == tuple(str(first + place) for place in range(many)) and found.are_numbers
    assert [found.names[number or 0] for number in found.numbers] == list(map(str, labels))
    assert kinds(found) == ["labels_from_one"] * first
    assert {problem.severity for problem in found.problems} <= {"note"}


def test_labels_from_one_are_said(tmp_path: Path) -> None:
    [note] = classes_of([1, 2, 3, 4, 5] * 6).problems
    assert note.text == (
        "labels go from 1 to 5: 5 classes with these names: class_names 0,1,2,3,4,5 if there is a class 0 too"
    )
    with_zero = classes_of([1, 2, 3, 4, 5] * 6, *"012345")
    assert with_zero.names == tuple("012345") and with_zero.numbers[:2] == (1, 2) and not with_zero.problems


def test_names_are_given_to_numbers_from_zero_or_from_one() -> None:
    names = ("none", "mild", "severe")
    assert classes_of([0, 1, 2, 2], *names).numbers == (0, 1, 2, 2)
    assert classes_of([0, 1, 1], *names).numbers == (0, 1, 1)
    from_one = classes_of([1, 2, 3, 3], *names)
    assert from_one.numbers == (0, 1, 2, 2)
    assert from_one.problems[0].text == "labels go from 1 to 3: label 1 is none, label 3 is severe"
    assert classes_of([1, 2, 2], *names).numbers == (1, 2, 2), "without the last they count from 0"
    assert kinds(classes_of([0, 1, 2, 3], *names)) == ["label_out_of_range"]


@pytest.mark.parametrize("labels", [(0, 2, 4), (10, 20, 30), (0, 5), (1, 3, 5), (5, 6, 7), (1, 2, 40, 50)])
def test_gaps_are_refused_with_the_line_that_works(labels: tuple[int, ...]) -> None:
    found = classes_of(labels * 10)
    [problem] = found.problems
    listed = ",".join(map(str, labels))
    assert problem.severity == "error" and problem.kind == "label_gaps"
    assert f"take these for all classes with class_names {listed}, or number them from 0" in problem.text
    fixed = classes_of(labels * 10, *map(str, labels))
    assert fixed.names == tuple(map(str, labels)) and not fixed.problems and fixed.are_numbers
    assert Counter(fixed.numbers) == dict.fromkeys(range(len(labels)), 10)


def test_one_grade_may_lack() -> None:
    found = classes_of([0, 1, 3, 4] * 5)
    assert found.names == tuple("01234") and not found.problems and found.numbers[:4] == (0, 1, 3, 4)


def test_slips_stay_errors() -> None:
    usual = [0, 1, 2, 3, 4] * 20
    assert kinds(classes_of([*usual, -1])) == ["negative_label"]
    assert kinds(classes_of([*usual, "two"])) == ["label_slip"]
    [stray] = classes_of([*usual, 99, 99]).problems
    assert stray.text.startswith("label 99 is too large for 6 classes: number them from 0 (2 of 102 images")
    assert stray.text.endswith(": class_names 0,1,2,3,4,99 if it is a class")
    from_one = classes_of([*([1, 2, 3] * 20), 99])
    assert from_one.names == ("1", "2", "3")
    assert kinds(from_one) == ["label_out_of_range", "labels_from_one"]


def test_numbers_of_another_kind_are_not_written_out() -> None:
    problem = classes_of(range(1000, 3000, 2)).problems[0]
    assert problem.text == (
        "labels 1000, 1002, 1004, 1006, 1008 and 995 more have gaps, so that the classes are not clear: "
        "number them from 0"
    )


def test_folders_are_called_as_they_are(tmp_path: Path) -> None:
    months = [str(number) for number in range(1, 13)]
    index = folders(tmp_path / "a", *months).checked()
    assert index.class_names == tuple(months) and not index.ordered, "sorted as numbers, without a class 0"
    assert index.counts("train") == [4] * 12
    with_other = folders(tmp_path / "b", "0", "7", "other").checked()
    assert with_other.class_names == ("0", "7", "other")
    named = folders(tmp_path / "c", "0", "1", "2", class_names=("cat", "dog", "owl")).checked()
    assert named.class_names == ("cat", "dog", "owl") and named.counts("train") == [4, 4, 4]
    listed = folders(tmp_path / "a", *months, class_names=tuple(reversed(months))).checked()
    assert listed.class_names[0] == "12" and not listed.ordered


def test_the_first_classes_are_named() -> None:
    assert classes_in_words(("cat", "dog", "fox"), (1120, 98, 7)) == "cat 1,120, dog 98, fox 7"
    six = classes_in_words(tuple("abcdef"), (1,) * 6)
    assert six == "a 1, b 1, c 1, d 1, e 1, f 1", "none is left out to save no room"
    assert classes_in_words(tuple("abcdefg"), (1,) * 7) == "a 1, b 1, c 1, d 1, e 1 and 2 more"
    assert classes_in_words(("x" * 40, "y"), (1, 2)) == "x" * 23 + "… 1, y 2"


def test_a_description_is_one_line_and_names_classes(tmp_path: Path) -> None:
    line = folders(tmp_path, *(f"class {number}" for number in range(102))).checked().describe()
    assert (
        "102 classes (train: class 0 4, class 1 4, class 10 4, class 100 4, class 101 4 and 97 more)" in line
    )
    assert "\n" not in line
    alone = folders(tmp_path / "t", "a", "b", test_fraction=1.0).checked().describe()
    assert "2 classes (test: a 5, b 5)" in alone
