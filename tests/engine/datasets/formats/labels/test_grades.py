"""Whether classes are grades: by heading, by layout, by names, by setting."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from indexes import index_builtin
from pictures import touch

from engine.datasets.formats.labels.grades import LabelSource, find_order, says_grades, severity
from engine.datasets.index import Index, Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions
from engine.datasets.source import index_data
from engine.files.paths import Home
from engine.spec.grid import SpecError, make_spec
from tui.cli.flag_words import flag_setting


def table(root: Path, heading: str, labels: str = "012", **options: object) -> Survey:
    names = [f"{number:02}.png" for number in range(30)]
    touch(root / "images", *names)
    rows = "".join(f"{name},{labels[number % len(labels)]}\n" for number, name in enumerate(names))
    (root / "list.csv").write_text(f"image,{heading}\n{rows}")
    return survey_folder(root / "list.csv", ReadOptions(**options))  # type: ignore[arg-type]


def folders(root: Path, *names: str, **options: object) -> Survey:
    touch(root, *(f"{name}/{number}.png" for name in names for number in range(5)))
    return survey_folder(root, ReadOptions(**options))  # type: ignore[arg-type]


def said(index: Index) -> str:
    return index.order.said(flag_setting)


@pytest.mark.parametrize(
    "heading",
    ["level", "Grade", "diagnosis", "severity", "stage", "retinopathy grade", "dr_level", "Retinopathy_grade",
     "KL grade", "KLGrade", "klgrade", "disease stage", "DR-Stage", "ICDR level (0-4)", "GRADE"],
)  # fmt: skip
def test_a_heading_that_says_grades_makes_numbers_grades(tmp_path: Path, heading: str) -> None:
    assert says_grades(heading)
    index = table(tmp_path, heading).checked()
    assert index.ordered
    assert said(index) == f"in order (column {heading} holds grades; --ordered off if not)"


@pytest.mark.parametrize("heading", ["label", "class", "category", "y", "target", "upgrade", "code"])
def test_numbers_under_any_other_heading_are_codes(tmp_path: Path, heading: str) -> None:
    assert not says_grades(heading)
    index = table(tmp_path, heading, label_column=heading).checked()
    assert not index.ordered and index.class_names == ("0", "1", "2")
    assert said(index) == f"no order (column {heading} does not say so; --ordered on if they are grades)"


def test_a_table_without_a_header_says_nothing(tmp_path: Path) -> None:
    survey = table(tmp_path, "level")
    (tmp_path / "list.csv").write_text("".join(f"{number:02}.png,{number % 3}\n" for number in range(30)))
    assert survey.checked().ordered
    index = survey_folder(tmp_path / "list.csv", ReadOptions()).checked()
    assert said(index).startswith("no order (column 2 does not say so;")


def test_of_the_known_layouts_only_those_of_grades_are_in_order(tmp_path: Path) -> None:
    images, labels = np.zeros((9, 8, 8), np.uint8), np.arange(9) % 3
    for name, is_ordered in (("retinamnist", True), ("RetinaMNIST_224", True), ("pathmnist", False)):
        arrays = {f"{split}_images": images for split in ("train", "test")}
        arrays |= {f"{split}_labels": labels for split in ("train", "test")}
        np.savez(tmp_path / f"{name}.npz", **arrays)
        index = survey_folder(tmp_path / f"{name}.npz", ReadOptions()).checked()
        assert index.ordered == is_ordered, name
    assert said(index) == "no order (pathmnist.npz does not say so; --ordered on if they are grades)"
    assert said(index_builtin("fundus")) == "in order (fundus holds grades; --ordered off if not)"
    assert said(index_builtin("digits")) == "no order (digits do not say so; --ordered on if they are grades)"


def test_a_setting_overrules_the_data(tmp_path: Path) -> None:
    off = table(tmp_path / "a", "level", ordered="off").checked()
    assert not off.ordered and said(off) == "no order (setting ordered is off)"
    on = table(tmp_path / "b", "label", ordered="on").checked()
    assert on.ordered and said(on) == "in order (setting ordered is on)"
    assert off.fingerprint == on.fingerprint and off.digest == on.digest, "the images are the same"
    numbered = folders(tmp_path / "c", "1", "2", "10", ordered="on").checked()
    assert numbered.ordered and numbered.class_names == ("1", "2", "10")
    home = Home.find(tmp_path)
    for name in ("fundus", "digits"):
        for setting in ("on", "off"):
            index = index_data(home, make_spec({"data": name, "ordered": setting}))
            assert index.ordered == (setting == "on"), name


def test_words_in_order_by_setting_need_their_order(tmp_path: Path) -> None:
    survey = folders(tmp_path / "a", "cat", "dog", "fox", ordered="on")
    [problem] = [each for each in survey.problems if each.severity == "error"]
    assert not survey.usable and problem.line == (
        "ordered: the classes are words, and nothing gives their order: "
        "give it with class_names cat,dog,fox, put into order"
    )
    problem = folders(tmp_path / "b", "mild", "none", "severe", ordered="on").problems[0]
    assert problem.text.endswith("give it with class_names none,mild,severe")
    index = folders(
        tmp_path / "a", "cat", "dog", "fox", ordered="on", class_names=("fox", "cat", "dog")
    ).checked()
    assert index.ordered and index.class_names == ("fox", "cat", "dog")


def test_class_names_make_grades_only_of_words_of_severity(tmp_path: Path) -> None:
    plain = folders(tmp_path / "a", "cat", "dog", "fox", class_names=("fox", "cat", "dog")).checked()
    assert not plain.ordered and plain.class_names == ("fox", "cat", "dog")
    names = ("none", "mild", "severe")
    graded = folders(tmp_path / "b", *names, class_names=names).checked()
    assert said(graded) == "in order (the class names are words of severity; --ordered off if not)"
    assert table(tmp_path / "c", "label", class_names=names).checked().ordered, "names of numbers"
    mixed_up = folders(tmp_path / "b", *names, class_names=("mild", "none", "severe")).checked()
    assert not mixed_up.ordered and "do not go from the least severe to the worst" in said(mixed_up)
    alphabetical = folders(tmp_path / "b", *names).checked()
    assert alphabetical.class_names == ("mild", "none", "severe") and not alphabetical.ordered
    assert "give it with --class-names none,mild,severe" in said(alphabetical)
    rising = folders(tmp_path / "d", "mild", "moderate", "severe").checked()
    assert not rising.ordered, "nobody said that their alphabetical order is meant"


def test_a_heading_of_grades_does_not_make_grades_of_other_words(tmp_path: Path) -> None:
    index = table(tmp_path, "diagnosis", "abc", class_names=("c", "b", "a")).checked()
    assert not index.ordered and "column diagnosis holds words that are no grades" in said(index)


@pytest.mark.parametrize(
    "names",
    [
        ("no DR", "mild", "moderate", "severe", "proliferative"),
        ("low", "medium", "high"),
        ("stage I", "stage II", "stage III"),
        ("Stage 1", "Stage 2a", "Stage 2b", "Stage 4"),
        ("none", "minimal", "mild", "moderate", "moderately severe", "severe"),
        ("very low", "low", "medium", "high", "very high"),
        ("grade_1", "grade_2", "grade_10"),
    ],
)
def test_scales(names: tuple[str, ...]) -> None:
    words = LabelSource("column label", is_plural=False)
    order, problems = find_order("auto", words, names, are_numbers=False, are_named=True)
    assert order.is_ordered and not problems
    turned = find_order("auto", words, names[::-1], are_numbers=False, are_named=True)[0]
    assert not turned.is_ordered


@pytest.mark.parametrize(
    "names",
    [("healthy", "early blight", "late blight"), ("normal", "benign", "malignant"), ("mild a", "mild b", "mild c"),
     ("class 1", "class 2", "class 3"), ("cat", "dog", "fox")],
)  # fmt: skip
def test_names_that_are_no_scale(names: tuple[str, ...]) -> None:
    order, _ = find_order("auto", LabelSource(), names, are_numbers=False, are_named=True)
    assert not order.is_ordered


@given(st.text(max_size=12))
def test_any_name_has_a_rank_or_none(name: str) -> None:
    rank = severity(name)
    assert rank is None or 0 <= rank < 1000


def test_two_classes_stay_as_they_were(tmp_path: Path) -> None:
    assert table(tmp_path / "a", "label", "01").checked().ordered
    words = table(tmp_path / "b", "level", ["no", "yes"]).checked()  # type: ignore[arg-type]
    assert (
        not words.ordered
        and said(words) == ""
        and ", 2 classes (train: no 12, yes 12), baseline" in words.describe()
    )


def test_off_is_refused_where_a_setting_needs_the_order() -> None:
    with pytest.raises(
        SpecError, match="ordered: off, and select_on val_kappa needs ordered classes: leave it out"
    ):
        make_spec({"data": "x", "ordered": "off", "select_on": "val_kappa"})
    with pytest.raises(SpecError, match="off, and loss mse-ordinal needs ordered classes"):
        make_spec({"data": "x", "ordered": "off", "loss": "mse-ordinal"})
    with pytest.raises(SpecError, match="ordered: 'maybe' is unknown"):
        make_spec({"data": "x", "ordered": "maybe"})


def test_the_setting_changes_no_digest() -> None:
    plain = make_spec({"data": "x"})
    for setting in ("on", "off"):
        spec = make_spec({"data": "x", "ordered": setting})
        assert (spec.digest(), spec.training_digest()) == (plain.digest(), plain.training_digest())
