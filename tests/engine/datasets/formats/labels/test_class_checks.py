"""Test classes that no training image has."""

from pathlib import Path

import pytest
from pictures import touch
from trees import classes, tree

from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions


def said(path: Path) -> list[tuple[str, str, str]]:
    found = survey_folder(path, ReadOptions()).problems
    return [(problem.severity, problem.kind, problem.text) for problem in found]


@pytest.mark.parametrize(
    "names", [("Cat", "cat"), ("big cat", "big_cat"), ("BigCat", "big-cat"), ("cat ", "cat")]
)
def test_splits_whose_classes_differ_by_case_or_blanks(tmp_path: Path, names: tuple[str, str]) -> None:
    train, test = names
    tree(tmp_path, *classes("train", train, "Dog"), *classes("test", test, "dog"))
    errors = [text for severity, kind, text in said(tmp_path) if severity == "error"]
    assert len(errors) == 1 and "no class of the test images is a class of the train images" in errors[0]
    assert "Dog and dog" in errors[0] and "differ by case, blanks or the like alone" in errors[0]
    assert "missing_class" not in [kind for _, kind, _ in said(tmp_path)]


def test_splits_that_share_no_class(tmp_path: Path) -> None:
    tree(
        tmp_path,
        *classes("train", "cat", "dog"),
        *classes("test", "owl", "fox"),
        *classes("val", "owl", "cat"),
    )
    errors = [text for severity, _, text in said(tmp_path) if severity == "error"]
    assert len(errors) == 1 and "train has cat, dog, test has fox, owl:" in errors[0]


def test_a_table_whose_splits_share_no_class(tmp_path: Path) -> None:
    touch(tmp_path / "im", *(f"{number}.png" for number in range(12)))
    rows = [f"{n},{'ab'[n % 2]},train\n" if n < 8 else f"{n},{'AB'[n % 2]},test\n" for n in range(12)]
    (tmp_path / "l.csv").write_text("image,label,split\n" + "".join(rows))
    assert [kind for severity, kind, _ in said(tmp_path) if severity == "error"] == ["untrained_classes"]


def test_some_classes_that_are_not_trained_are_warnings(tmp_path: Path) -> None:
    tree(tmp_path, *classes("train", "Cat", "dog"), *classes("test", "cat", "dog", "owl"))
    found = said(tmp_path)
    assert {severity for severity, _, _ in found} == {"warning"}
    assert [kind for _, kind, _ in found] == ["near_classes", *["missing_class"] * 3]
    assert "classes 'Cat' and 'cat' differ by case" in found[0][2]


def test_classes_of_one_split_that_are_nearly_one(tmp_path: Path) -> None:
    tree(tmp_path, *classes(".", "No DR", "no_dr", "mild"))
    assert [kind for _, kind, _ in said(tmp_path)] == ["near_classes"]


def test_refusals_of_class_folders_name_no_column(tmp_path: Path) -> None:
    tree(tmp_path, *classes(".", *(f"kind {number} of it" for number in range(30)), each=1))
    texts = [text for severity, _, text in said(tmp_path) if severity == "error"]
    assert "30 class folders with 30 images" in texts[0] and texts[1].endswith("has no test images: add some")
    assert not any("label_column" in text or "test_fraction" in text for text in texts)


def test_a_split_that_is_drawn_by_no_share_can_be_helped(tmp_path: Path) -> None:
    tree(tmp_path, *classes("."))
    found = survey_folder(tmp_path, ReadOptions(test_fraction=0)).problems
    assert [problem.text for problem in found if problem.severity == "error"] == [
        f"{tmp_path} has no test images: add some, or change test_fraction"
    ]
