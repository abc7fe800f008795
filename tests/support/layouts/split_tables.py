"""Layouts of tables that tell the authors' splits: by column, by table, by folder."""

import json
from collections.abc import Mapping

from layouts.case import Case
from layouts.cells import PLAIN_CELLS
from layouts.dice import Dice
from layouts.photos import SPLITS, THREE, Photo, Photos, draw_photos
from layouts.registry import layout
from layouts.sheets import (
    IMAGE_HEADINGS,
    LABEL_HEADINGS,
    Column,
    Form,
    class_column,
    draw_form,
    more_columns,
    write_table,
)
from layouts.single_tables import FOLDERS, beside, draw_plain_cells, image_column, label_column, rows_of

SPLIT_HEADINGS = ("split", "Split", "set", "subset", "partition", "dataset")
PLAIN_WORDS: tuple[Mapping[str, str], ...] = (
    {"train": "train", "val": "val", "test": "test"},
    {"train": "Training", "val": "Validation", "test": "Testing"},
    {"train": "TRAIN", "val": "VALID", "test": "TEST"},
    {"train": "train", "val": "dev", "test": "test"},
)
ODD_COLUMNS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("is_valid", {"train": "False", "val": "True"}),
    ("is_valid", {"train": "0", "val": "1"}),
    ("is_train", {"train": "1", "test": "0"}),
    ("is_test", {"train": "False", "test": "True"}),
    ("train", {"train": "True", "test": "False"}),
    ("partition", {"train": "0", "val": "1", "test": "2"}),
    ("split", {"train": "0", "val": "1", "test": "2"}),
    ("split", {"train": "tr", "val": "va", "test": "te"}),
    ("Usage", {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}),
    ("usage", {"train": "train", "test": "test"}),
    ("phase", {"train": "train", "val": "val", "test": "test"}),
    ("mode", {"train": "training_set", "test": "test_set"}),
    ("split", {"train": "train", "val": "val", "test": "holdout"}),
    ("split", {"train": "train_split", "test": "test_split"}),
    ("image_set", {"train": "train", "val": "val", "test": "test"}),
)
EITHER = {"PublicTest": ("val", "test"), "holdout": ("val", "test")}
"""Words that may be read as more than one split."""


def put(case: Case, photos: Photos, folder: str, told_by: str, words: Mapping[str, str]) -> None:
    case.describe(photos)
    case.takes_images = True
    for photo in photos.all:
        splits = EITHER.get(words[photo.split], (photo.split,))
        case.image(beside(folder, photo), photo, splits=splits, told_by=told_by)


@layout("split column")
def split_column(dice: Dice, case: Case) -> None:
    words = dice.pick(PLAIN_WORDS)
    photos, folder = draw_photos(dice, splits=dice.pick((SPLITS, THREE))), dice.pick(FOLDERS)
    heading = dice.pick(SPLIT_HEADINGS)
    case.says_splits = heading
    put(case, photos, folder, "labels.csv", words)
    columns = [
        image_column(dice.pick(IMAGE_HEADINGS), folder, draw_plain_cells(dice, case, folder)),
        label_column(dice.pick(LABEL_HEADINGS)),
        Column(heading, lambda photo: words[photo.split]),
    ]
    write_table(case, "labels.csv", draw_form(dice), dice.shuffled(columns), rows_of(dice, photos.all))


@layout("split column, odd")
def odd_split_column(dice: Dice, case: Case) -> None:
    """Splits in columns and words of others."""
    heading, words = dice.pick(ODD_COLUMNS)
    case.doubtful(f"splits in {heading}: {', '.join(words.values())}")
    photos, folder = draw_photos(dice, splits=tuple(words)), dice.pick(FOLDERS)
    case.says_splits = heading
    put(case, photos, folder, "labels.csv", words)
    columns = [
        image_column("path", folder, draw_plain_cells(dice, case, folder)),
        label_column("label"),
        Column(heading, lambda photo: words[photo.split]),
        *dice.some(more_columns(photos.all), 1),
    ]
    write_table(case, "labels.csv", Form(), dice.shuffled(columns), rows_of(dice, photos.all))


@layout("split column, headless")
def headless_split_column(dice: Dice, case: Case) -> None:
    words = dice.pick(PLAIN_WORDS)
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    case.doubtful("no header and three columns")
    case.says_splits = "3"
    put(case, photos, folder, "labels.csv", words)
    columns = [
        image_column("", folder, draw_plain_cells(dice, case, folder)),
        label_column(""),
        Column("", lambda photo: words[photo.split]),
    ]
    write_table(
        case, "labels.csv", draw_form(dice), dice.shuffled(columns), rows_of(dice, photos.all), header=False
    )


@layout("fold column")
def fold_column(dice: Dice, case: Case) -> None:
    """Folds for cross-validation: no split, and no labels."""
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    case.describe(photos)
    case.doubtful("folds")
    for photo in photos.all:
        case.image(beside(folder, photo), photo, told_by="labels.csv")
    columns = [
        image_column("image", folder, draw_plain_cells(dice, case, folder)),
        label_column("label"),
        Column(
            dice.pick(("fold", "kfold", "Fold", "cv", "partition", "split")),
            lambda photo: str(photo.number % 5),
        ),
    ]
    write_table(case, "labels.csv", Form(), dice.shuffled(columns), rows_of(dice, photos.all))


TABLE_NAMES = (
    {"train": "train.csv", "test": "test.csv", "val": "val.csv"},
    {"train": "train.csv", "test": "test.csv", "val": "valid.csv"},
    {"train": "train_labels.csv", "test": "test_labels.csv", "val": "validation_labels.csv"},
    {"train": "training.csv", "test": "testing.csv", "val": "validation.csv"},
)
FOLDER_FORMS = ("", "images", "{}", "{}_images", "images/{}")


def folder_of(form: str, split: str) -> str:
    return form.format(split)


@layout("tables by split")
def tables_by_split(dice: Dice, case: Case) -> None:
    """A table for each split; all images in one folder, or each split's in its own."""
    splits = dice.pick((SPLITS, THREE))
    photos, names = draw_photos(dice, splits=splits), dice.pick(TABLE_NAMES)
    _tables(dice, case, photos, {split: names[split] for split in splits}, dice.pick(FOLDER_FORMS))


@layout("tables by split, same numbers")
def same_numbers(dice: Dice, case: Case) -> None:
    """Each split is numbered from 0, so that only the folder tells the images apart."""
    drawn = draw_photos(dice, namings=("numbers",))
    counts = dict.fromkeys(SPLITS, 0)
    again = []
    for photo in drawn.all:
        again.append(Photo(str(counts[photo.split]), photo.suffix, photo.label, photo.split, photo.number))
        counts[photo.split] += 1
    photos = Photos(tuple(again), drawn.classes, drawn.scheme, "numbers")
    case.doubtful("both splits numbered from 0")
    _tables(
        dice,
        case,
        photos,
        {"train": "train.csv", "test": "test.csv"},
        dice.pick(("{}", "{}_images", "images/{}")),
    )


@layout("tables by split, odd names")
def oddly_named_tables(dice: Dice, case: Case) -> None:
    names = dice.pick(
        (
            {"train": "train.csv", "test": "holdout.csv"},
            {"train": "a. Training Labels.csv", "test": "b. Testing Labels.csv"},
            {"train": "labels_part1.csv", "test": "labels_part2.csv"},
            {"train": "trainLabels15.csv", "test": "testLabels15.csv"},
            {"train": "train.txt", "test": "test.txt"},
            {"train": "dev.csv", "test": "eval.csv"},
        )
    )
    case.doubtful("odd names of tables")
    _tables(dice, case, draw_photos(dice), names, dice.pick(FOLDER_FORMS))


def _tables(dice: Dice, case: Case, photos: Photos, names: Mapping[str, str], form: str) -> None:
    case.describe(photos)
    case.says_splits = [*names.values()][-1]
    headings = dice.pick(IMAGE_HEADINGS), dice.pick(LABEL_HEADINGS)
    for split, name in names.items():
        folder = folder_of(form, split)
        for photo in photos.of(split):
            case.image(beside(folder, photo), photo, splits=[split], told_by=name)
        cells = PLAIN_CELLS["file"] if "/" in folder else PLAIN_CELLS[dice.pick(("file", "stem"))]
        columns = [image_column(headings[0], folder, cells), label_column(headings[1])]
        write_table(case, name, Form(), columns, rows_of(dice, photos.of(split)))


@layout("table in each split's folder")
def tables_in_folders(dice: Dice, case: Case) -> None:
    """`metadata.csv` or `.jsonl` beside the images of each split."""
    splits = dice.pick((SPLITS, THREE))
    photos = draw_photos(dice, splits=splits)
    kind = dice.pick(("metadata.csv", "metadata.jsonl", "labels.csv", "_classes.csv", "_annotations.csv"))
    case.describe(photos)
    case.doubtful(f"{kind} in each split's folder")
    case.says_splits = kind
    for split in splits:
        name = f"{split}/{kind}"
        for photo in photos.of(split):
            case.image(f"{split}/{photo.file}", photo, splits=[split], told_by=name)
        rows = rows_of(dice, photos.of(split))
        if kind == "metadata.jsonl":
            lines = [json.dumps({"file_name": photo.file, "label": photo.label}) for photo in rows]
            case.text(name, "\n".join(lines) + "\n")
        elif kind == "_classes.csv":
            ones = [class_column(each) for each in photos.classes]
            write_table(
                case, name, Form(", "), [image_column("filename", "", PLAIN_CELLS["file"]), *ones], rows
            )
        else:
            columns = [image_column("file_name", "", PLAIN_CELLS["file"]), label_column("label")]
            write_table(case, name, Form(), columns, rows)
