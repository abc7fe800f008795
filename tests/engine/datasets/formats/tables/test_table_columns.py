"""Columns of tables as they are published: images, labels, one column a class, several labels, splits of others."""

from collections.abc import Callable
from pathlib import Path

import pytest
from indexes import kinds, labels_by_name, survey
from pictures import touch

COUNT = 24
LABELS = [number % 4 for number in range(COUNT)]
ORDER = sorted(range(COUNT), key=lambda number: number * 7 % COUNT)
"""Rows in an order in which the number of a row is never that of its image's label."""


def table(root: Path, head: str, row: Callable[[int, int], str], files: str = "{}.png") -> Path:
    """`labels.csv` with a line for each image; `row` makes it from its place in the table and the image's number."""
    touch(root, *(files.format(number) for number in range(COUNT)))
    lines = [row(place, number) + "\n" for place, number in enumerate(ORDER)]
    (root / "labels.csv").write_text(f"{head}\n" + "".join(lines))
    return root


def truth(names: str = "{}") -> dict[str, str]:
    return {f"{number}.png": names.format(label) for number, label in enumerate(LABELS)}


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (",filename,label", lambda place, number: f"{place},{number}.png,c{LABELS[number]}"),
        ("Age,Image,Label", lambda place, number: f"{place * 5 % COUNT},{number}.png,c{LABELS[number]}"),
        ("id,image,label", lambda place, number: f"{place},{number},c{LABELS[number]}"),
        ("x,file_name,class", lambda place, number: f"{place},{number},c{LABELS[number]}"),
        ("class,path", lambda _place, number: f"c{LABELS[number]},./{number}.png"),
        ("target;n;id_code", lambda place, number: f"c{LABELS[number]};{place};{number}"),
        ("age,photo of,label", lambda place, number: f"{place},data/{number}.jpg,c{LABELS[number]}"),
    ],
)
def test_a_column_of_numbers_is_not_taken_for_the_images(
    tmp_path: Path, head: str, row: Callable[[int, int], str]
) -> None:
    found = survey(table(tmp_path, head, row))
    assert found.usable, [each.text for each in found.problems]
    assert labels_by_name(found) == truth("c{}")


def test_where_two_columns_name_images_the_user_chooses(tmp_path: Path) -> None:
    head, row = "left,right,label", lambda place, number: f"{place}.png,{number}.png,c{LABELS[number]}"
    found = survey(table(tmp_path, head, row))
    assert (
        "several columns that name images (column left and column right): name one" in found.problems[0].text
    )
    assert labels_by_name(survey(tmp_path, image_column="right")) == truth("c{}")
    (tmp_path / "labels.csv").write_text((tmp_path / "labels.csv").read_text().replace("left", "image"))
    assert survey(tmp_path).usable, "a known heading decides"
    found = survey(
        table(tmp_path, "image,n,label", lambda place, number: f"{number},{place},c{LABELS[number]}")
    )
    assert labels_by_name(found) == truth("c{}") and kinds(found, "warning") == ["image_column"]
    assert "column n names images that are here too, column image is taken" in found.warnings[0].text


def test_numbers_under_no_known_heading_are_a_guess_that_is_said(tmp_path: Path) -> None:
    found = survey(table(tmp_path, "case no,label", lambda _place, number: f"{number},c{LABELS[number]}"))
    assert labels_by_name(found) == truth("c{}") and "the numbers in column case no" in found.warnings[0].text
    found = survey(table(tmp_path, "age,label", lambda place, _number: f"{place // 2},c{place % 4}"))
    assert not found.usable, "a column that repeats its numbers names no images"


def test_a_table_with_unclear_labels_wins_over_the_folders_of_its_images(tmp_path: Path) -> None:
    def row(_place: int, number: int) -> str:
        return f"{number},{number % 5},{LABELS[number]}"

    for number in range(COUNT):
        touch(tmp_path / ("north", "south")[number % 2], f"{number}.png")
    lines = "".join(row(0, number) + "\n" for number in range(COUNT))
    (tmp_path / "meta.csv").write_text("image,age,result\n" + lines)
    found = survey(tmp_path)
    assert (
        kinds(found) == ["no_layout"]
        and "name one as label_column (image, age, result)" in found.problems[0].text
    )
    assert "move it elsewhere if the folders are the classes" in found.problems[0].text
    assert labels_by_name(survey(tmp_path, label_column="result")) == truth()
    paths = "".join(
        f"{('north', 'south')[number % 2]}/{number}.png,{number % 5},x{number % 3}\n"
        for number in range(COUNT)
    )
    (tmp_path / "meta.csv").write_text("image,age,result\n" + paths)
    found = survey(tmp_path)
    assert found.usable and kinds(found, "warning") == ["table_not_used"], (
        "the table was made from the folders"
    )
    (tmp_path / "meta.csv").write_text("image,width,height\n")
    assert kinds(survey(tmp_path), "note") == ["unused_tables"]


def test_one_column_a_class_is_read_as_classes(tmp_path: Path) -> None:
    names = ["MEL", "NV", "BCC", "AKIEC"]

    def one_hot(true: str, false: str) -> Callable[[int, int], str]:
        return lambda _place, number: (
            f"{number}.png," + ",".join(true if column == LABELS[number] else false for column in range(4))
        )

    wanted = {f"{number}.png": names[label] for number, label in enumerate(LABELS)}
    for true, false in (("x", ""), ("1.0", "0.0"), ("True", "False"), ("1", "0")):
        found = survey(table(tmp_path, "image,MEL,NV,BCC,AKIEC", one_hot(true, false)))
        assert labels_by_name(found) == wanted and not found.checked().ordered
        assert found.why.endswith("one column for each class (MEL, NV, BCC, AKIEC)")
    found = survey(tmp_path, label_column="MEL")
    assert kinds(found, "warning") == ["one_of_one_hot"] and found.checked().class_names == ("0", "1")
    more = survey(
        table(
            tmp_path,
            "image,age,MEL,NV,BCC,AKIEC,male",
            lambda place, number: (
                f"{number}.png,{place},"
                + ",".join(str(int(column == LABELS[number])) for column in range(4))
                + f",{place % 2}"
            ),
        )
    )
    assert labels_by_name(more) == wanted, "other columns of 0 and 1 are no class"


def test_several_columns_that_hold_are_no_classes(tmp_path: Path) -> None:
    head = "image,cardiomegaly,effusion,hernia"
    found = survey(
        table(
            tmp_path, head, lambda place, number: f"{number}.png,{number % 2},{place % 2},{number % 3 // 2}"
        )
    )
    assert (
        "several labels for an image, one column each (cardiomegaly, effusion, hernia)"
        in found.problems[0].text
    )
    assert survey(tmp_path, label_column="effusion").usable


@pytest.mark.parametrize("sign", ["|", ";", ","])
def test_several_labels_in_a_cell_are_never_a_class_unasked(tmp_path: Path, sign: str) -> None:
    cells = ["nv", "mel", f"nv{sign}mel", "bkl"]
    found = survey(
        table(tmp_path, "image,label", lambda _place, number: f'{number}.png,"{cells[LABELS[number]]}"')
    )
    assert found.usable and kinds(found, "warning") == ["several_labels"]
    assert found.warnings[0].count == 6 and "run learns one label" in found.warnings[0].text
    wanted = {name: cells[int(label)] for name, label in truth().items() if label != "2"}
    assert labels_by_name(found) == wanted
    if sign != ",":
        asked = survey(tmp_path, class_names=tuple(cells))
        assert asked.checked().class_names == tuple(cells) and not kinds(asked, "warning")


@pytest.mark.parametrize("sign", [" ", "+", "/", " & "])
def test_labels_that_may_be_several_stay_classes_with_a_warning(tmp_path: Path, sign: str) -> None:
    cells = ["red", "car", f"red{sign}car", "bus"]
    found = survey(
        table(tmp_path, "image,label", lambda _place, number: f"{number}.png,{cells[LABELS[number]]}")
    )
    assert found.checked().class_names == tuple(sorted(cells))
    assert kinds(found, "warning") == ["maybe_several_labels"] and found.warnings[0].count == 6
    assert not kinds(survey(tmp_path, class_names=tuple(cells)), "warning")


def test_one_column_a_class_with_some_odd_rows(tmp_path: Path) -> None:
    def row(_place: int, number: int, odd: str) -> str:
        return (
            f"{number}.png,{odd if number < 3 else ','.join(str(int(c == LABELS[number])) for c in range(4))}"
        )

    head = "image,MEL,NV,BCC,AKIEC"
    found = survey(table(tmp_path, head, lambda place, number: row(place, number, "0,0,0,0")))
    assert kinds(found) == ["missing_label"] and found.problems[-1].count == 3
    found = survey(table(tmp_path, head, lambda place, number: row(place, number, "1,1,0,0")))
    assert found.usable and kinds(found, "warning") == ["several_labels"] and found.warnings[0].count == 3


def test_names_with_signs_in_them_are_classes(tmp_path: Path) -> None:
    cells = ["golden retriever", "cat, domestic", "dog, domestic", "black/white"]
    found = survey(
        table(tmp_path, "image,label", lambda _place, number: f'{number}.png,"{cells[LABELS[number]]}"')
    )
    assert found.checked().class_names == tuple(sorted(cells)) and not kinds(found, "warning")


def test_more_images_with_several_labels_than_with_one_are_refused(tmp_path: Path) -> None:
    cells = ["nv", "nv|mel", "mel|bkl", "nv|bkl"]
    found = survey(
        table(tmp_path, "image,label", lambda _place, number: f"{number}.png,{cells[LABELS[number]]}")
    )
    assert kinds(found) == ["several_labels"]


@pytest.mark.parametrize(
    ("heading", "cells", "splits"),
    [
        ("is_valid", ["True", "False"], ["val", "train"]),
        ("is_test", ["1", "0"], ["test", "train"]),
        ("is_train", ["yes", "no"], ["train", "test"]),
        ("Usage", ["Training", "PublicTest", "PrivateTest"], ["train", "val", "test"]),
        ("train", ["True", "False"], ["train", "test"]),
        ("split", ["tr", "va", "te"], ["train", "val", "test"]),
        ("partition", ["0", "1", "2"], ["train", "val", "test"]),
        ("partition", ["0.0", "1.0", "2.0"], ["train", "val", "test"]),
        ("fold", ["1", "2", "3"], ["test", "train", "train"]),
    ],
)
def test_splits_of_others_are_noticed_and_taken_when_named(
    tmp_path: Path, heading: str, cells: list[str], splits: list[str]
) -> None:
    def row(_place: int, number: int) -> str:
        return f"{number}.png,c{LABELS[number]},{cells[number // 4 % len(cells)]}"

    found = survey(table(tmp_path, f"image,label,{heading}", row))
    said = [problem for problem in found.problems if problem.kind == "split_not_used"]
    assert len(said) == 1 and f"column {heading} looks like a split" in said[0].text
    assert said[0].text.endswith(f"take it with split_column {heading}")
    index = survey(tmp_path, split_column=heading).checked()
    wanted = {f"{number}.png": splits[number // 4 % len(cells)] for number in range(COUNT)}
    given = dict(zip(index.names, index.splits, strict=True))
    if "test" in splits:
        assert given == wanted
    else:  # a test split is drawn from train
        assert {name for name, split in given.items() if split == "val"} == {
            name for name, split in wanted.items() if split == "val"
        }


def test_the_fold_for_testing_can_be_chosen(tmp_path: Path) -> None:
    found = survey(
        table(
            tmp_path,
            "image,label,fold",
            lambda _place, number: f"{number}.png,c{LABELS[number]},{number // 8}",
        ),
        split_column="fold=2",
    )
    index = found.checked()
    assert {index.names[row] for row in index.rows_of("test")} == {
        f"{number}.png" for number in range(16, 24)
    }
    assert "2 is test" in " ".join(problem.text for problem in found.problems)
    assert "has no '7', it has 0, 1, 2" in survey(tmp_path, split_column="fold=7").problems[0].text


def test_a_column_that_names_no_splits_is_refused_with_what_is_accepted(tmp_path: Path) -> None:
    found = survey(
        table(
            tmp_path,
            "image,label,site",
            lambda _place, number: f"{number}.png,c{LABELS[number]},s{number % 3}",
        ),
        split_column="site",
    )
    text = found.problems[0].text
    assert "column site names no splits" in text and "train, val and test" in text and "is_valid" in text


def test_labels_that_say_that_there_is_none_are_warned_of(tmp_path: Path) -> None:
    for word in ("NA", "?", "unlabeled", "-1"):
        cells = ["cat", "dog", "fox", word]
        found = survey(
            table(tmp_path, "image,label", lambda _place, number: f"{number}.png,{cells[LABELS[number]]}")  # noqa: B023
        )
        assert kinds(found, "warning") == [
            "doubtful_label"
        ] and f"6 of 24 images have the label {word!r}" in (found.warnings[0].text)
    cells = ["none", "mild", "moderate", "severe"]
    found = survey(
        table(tmp_path, "image,label", lambda _place, number: f"{number}.png,{cells[LABELS[number]]}")
    )
    assert not kinds(found, "warning"), "none is the lowest grade here"


def test_other_tables_beside_the_labels(tmp_path: Path) -> None:
    table(tmp_path, "image,label", lambda _place, number: f"{number}.png,c{LABELS[number]}")
    (tmp_path / "statistics.csv").write_text("class,count\n0,12\n1,7\n")
    found = survey(tmp_path)
    assert labels_by_name(found) == truth("c{}") and kinds(found, "warning") == ["table_not_used"]
    (tmp_path / "statistics.csv").write_text("id,label\n" + "".join(f"{n},c0\n" for n in range(COUNT)))
    (tmp_path / "statistics.csv").rename(tmp_path / "sample_submission.csv")
    found = survey(tmp_path)
    assert labels_by_name(found) == truth("c{}") and kinds(found, "warning") == []


def test_a_test_table_without_labels_has_no_other_ones(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number}.png" for number in range(COUNT)))
    (tmp_path / "train.csv").write_text(
        "image,class,site\n" + "".join(f"{n}.png,c{LABELS[n]},{n % 2}\n" for n in range(18))
    )
    (tmp_path / "test.csv").write_text(
        "image,site\n" + "".join(f"{n}.png,{n % 2}\n" for n in range(18, COUNT))
    )
    found = survey(tmp_path)
    assert labels_by_name(found) == {
        name: label for name, label in truth("c{}").items() if int(name[:-4]) < 18
    }
    assert "test.csv (has no column class, which holds the labels in train.csv)" in found.problems[-1].text


def test_masks_of_the_same_names_are_not_the_images(tmp_path: Path) -> None:
    table(
        tmp_path,
        "image,label",
        lambda _place, number: f"{number}.png,c{LABELS[number]}",
        files="images/{}.png",
    )
    touch(tmp_path / "annotations", *(f"{number}.png" for number in range(COUNT)))
    found = survey(tmp_path)
    assert found.checked().root == tmp_path / "images" and kinds(found, "warning") == ["several_folders"]


@pytest.mark.parametrize("name", ["sample_submission.csv", "submission_format.csv", "predictions.csv"])
def test_a_submission_is_never_taken_for_the_labels(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "train", *(f"{number}.png" for number in range(COUNT)))
    (tmp_path / name).write_text("id,label\n" + "".join(f"{n},{n % 2}\n" for n in range(COUNT)))
    assert not survey(tmp_path).usable
    (tmp_path / "labels.csv").write_bytes(b"id,label\n" + b"".join(b"%d,K\xf6ln\n" % n for n in range(COUNT)))
    assert "labels.csv is not a CSV text file" in survey(tmp_path).problems[0].text
    assert survey(tmp_path / name).usable, "the file itself may be given"


def test_texts_beside_class_folders_are_no_labels(tmp_path: Path) -> None:
    paths = [f"{word}/{number}.png" for word in ("cat", "dog") for number in range(12)]
    touch(tmp_path, *paths)
    lines = "".join(f"{path} {number % 3}\n" for number, path in enumerate(paths))
    for name in ("captions.txt", "list.lst"):
        (tmp_path / name).write_text(lines)
        found = survey(tmp_path)
        assert found.checked().class_names == ("cat", "dog") and kinds(found, "warning") == ["table_not_used"]
        (tmp_path / name).unlink()


def test_two_copies_of_a_table_are_one(tmp_path: Path) -> None:
    table(tmp_path, "image,label", lambda _place, number: f"{number}.png,c{LABELS[number]}")
    (tmp_path / "list.txt").write_text("".join(f"{n}.png c{LABELS[n]}\n" for n in range(COUNT)))
    found = survey(tmp_path)
    assert labels_by_name(found) == truth("c{}") and kinds(found, "warning") == ["table_not_used"]


@pytest.mark.parametrize("head", ["image,fold", "image,partition", "image,is_valid"])
def test_a_column_of_splits_is_never_the_labels(tmp_path: Path, head: str) -> None:
    found = survey(table(tmp_path, head, lambda _place, number: f"{number}.png,{number % 2}"))
    assert not found.usable and "no column of labels" in found.problems[0].text


def test_words_under_split_that_say_nothing_are_told_of(tmp_path: Path) -> None:
    found = survey(
        table(tmp_path, "image,label,split", lambda _p, n: f"{n}.png,c{LABELS[n]},{'AB'[n // 4 % 2]}")
    )
    assert (
        kinds(found, "warning") == ["split_not_used"]
        and "its words (A, B) are not known" in found.warnings[0].text
    )


def test_labels_in_lists_and_with_decimal_commas(tmp_path: Path) -> None:
    cells = ["['nv']", "['mel']", "['nv', 'mel']", '["bkl"]']
    found = survey(table(tmp_path, "image;label", lambda _p, n: f"{n}.png;{cells[LABELS[n]]}"))
    assert kinds(found, "warning") == ["several_labels"] and found.checked().class_names == (
        "bkl",
        "mel",
        "nv",
    )
    found = survey(table(tmp_path, "image;grade", lambda _p, n: f"{n}.png;{LABELS[n]},0"))
    assert found.checked().class_names == ("0", "1", "2", "3") and found.checked().ordered


def test_of_folders_numbered_alike_the_one_of_the_tables_split_is_taken(tmp_path: Path) -> None:
    for folder in ("test", "train"):
        touch(tmp_path / folder, *(f"{number}.png" for number in range(COUNT)))
    rows = "id,label\n" + "".join(f"{number},c{LABELS[number]}\n" for number in range(COUNT))
    (tmp_path / "trainLabels.csv").write_text(rows)
    found = survey(tmp_path)
    assert found.checked().root == tmp_path / "train" and not kinds(found, "warning")
    (tmp_path / "trainLabels.csv").rename(tmp_path / "labels.csv")
    found = survey(tmp_path)
    assert found.checked().root == tmp_path / "train" and kinds(found, "warning") == ["several_folders"]


def test_words_of_other_columns_are_no_splits(tmp_path: Path) -> None:
    words = ["public", "private"]
    found = survey(
        table(tmp_path, "image,label,dataset", lambda _p, n: f"{n}.png,c{LABELS[n]},{words[n // 4 % 2]}"),
        label_column="label",
    )
    assert found.own_splits == () and found.usable
