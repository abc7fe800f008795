"""Layouts whose labels are not one cell a row: one column a class, several labels a cell, lists of lines."""

from layouts.case import Case
from layouts.cells import PLAIN_CELLS
from layouts.dice import Dice
from layouts.photos import SPLITS, Photo, draw_photos
from layouts.registry import layout
from layouts.sheets import Column, Form, class_column, more_columns, write_table
from layouts.single_tables import FOLDERS, beside, draw_plain_cells, image_column, label_column, put, rows_of


@layout("one column a class")
def one_hot(dice: Dice, case: Case) -> None:
    photos, folder = (
        draw_photos(dice, schemes=("codes", "words", "unicode", "letters", "spaces")),
        dice.pick(FOLDERS),
    )
    put(case, photos, folder, "GroundTruth.csv")
    case.doubtful("one column a class")
    one, zero = dice.pick((("1", "0"), ("1.0", "0.0"), ("True", "False"), ("x", "")))
    ones = [class_column(each, one, zero) for each in photos.classes]
    more = dice.some(more_columns(photos.all), 1) if dice.chance(3) else []
    columns = [image_column("image", folder, draw_plain_cells(dice, case, folder)), *ones, *more]
    write_table(case, "GroundTruth.csv", Form(), columns, rows_of(dice, photos.all))


@layout("one column a class, several true")
def several_hot(dice: Dice, case: Case) -> None:
    """Images with findings of several classes, or of none: no single class is right."""
    photos, folder = draw_photos(dice, schemes=("codes", "words")), dice.pick(FOLDERS)
    case.describe(photos)
    case.doubtful("several columns are true")
    both = {photo.stem for photo in photos.all if photo.number % 4 == 0}
    value = dice.pick(("1", "0"))
    for photo in photos.all:
        _put_none(case, beside(folder, photo), photo, photo.stem in both)
    ones = [class_column(each, also=dict.fromkeys(both, value)) for each in photos.classes]
    columns = [image_column("image", folder, PLAIN_CELLS["stem"]), *ones]
    write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))


@layout("several labels a cell")
def several_labels(dice: Dice, case: Case) -> None:
    photos, folder = draw_photos(dice, schemes=("words", "codes", "letters")), dice.pick(FOLDERS)
    case.describe(photos)
    joint = dice.pick(("|", ";", " ", ", ", "+", "/"))
    case.doubtful(f"several labels a cell, joined by {joint!r}")
    both = {photo.stem for photo in photos.all if photo.number % 4 == 0}
    for photo in photos.all:
        _put_none(case, beside(folder, photo), photo, photo.stem in both)
    first, second = photos.classes[:2]
    label = Column("labels", lambda photo: f"{first}{joint}{second}" if photo.stem in both else photo.label)
    columns = [image_column("image", folder, PLAIN_CELLS["file"]), label]
    write_table(case, "Data_Entry.csv", Form(), columns, rows_of(dice, photos.all))


def _put_none(case: Case, path: str, photo: Photo, has_none: bool) -> None:
    """Add an image; a labelled one that has no single class counts as wrong where it is used."""
    if has_none:
        case.blank(path)
    else:
        case.image(path, photo, told_by="labels.csv")


@layout("an image on several rows")
def repeated_rows(dice: Dice, case: Case) -> None:
    """A row for each finding or box: the same image again, with the same label or with another."""
    photos, folder = draw_photos(dice, schemes=("words", "grades")), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    other = dice.chance()
    case.doubtful("images on several rows, " + ("with other labels" if other else "with the same label"))
    rows = [*photos.all, *[photo for photo in photos.all if photo.number % 3 == 0]]
    seen: set[str] = set()

    def label(photo: Photo) -> str:
        if other and photo.stem in seen:
            return photos.classes[(photos.classes.index(photo.label) + 1) % len(photos.classes)]
        seen.add(photo.stem)
        return photo.label

    columns = [image_column("image", folder, PLAIN_CELLS["file"]), Column("label", label)]
    write_table(case, "labels.csv", Form(), columns, rows)


@layout("lines of name and label")
def lines(dice: Dice, case: Case) -> None:
    """`0012.jpg 3` in .txt or .lst files, for each split or for all."""
    photos = draw_photos(
        dice, schemes=("grades", "words", "from one"), namings=("img", "zeros", "isic", "numbers")
    )
    folder = dice.pick(("", "images"))
    case.describe(photos)
    case.doubtful("lines of name and label")
    suffix, delimiter = dice.pick((".txt", ".lst", ".csv")), dice.pick((" ", "\t", ","))
    is_split = dice.chance()
    cells = PLAIN_CELLS[dice.pick(("file", "path", "stem"))]
    for split in SPLITS if is_split else ("labels",):
        name, those = f"{split}{suffix}", photos.of(split) if is_split else list(photos.all)
        case.says_splits = name if is_split else ""
        for photo in those:
            case.image(beside(folder, photo), photo, splits=[split] if is_split else [], told_by=name)
        columns = [image_column("", folder, cells), label_column("")]
        write_table(case, name, Form(delimiter), columns, rows_of(dice, those), header=False)


@layout("list of classes beside")
def list_of_classes(dice: Dice, case: Case) -> None:
    """Numbers in the table, and their names in another file."""
    photos, folder = draw_photos(dice, schemes=("words", "spaces")), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    case.doubtful("numbers as labels, names beside")
    number = {name: str(place) for place, name in enumerate(photos.classes)}
    case.aliases = {name: {number[name]} for name in photos.classes}
    columns = [
        image_column("image", folder, draw_plain_cells(dice, case, folder)),
        Column("label", lambda photo: number[photo.label]),
    ]
    write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))
    name, line = dice.pick((("classes.csv", "{0},{1}"), ("classes.txt", "{1}"), ("names.txt", "{0} {1}")))
    case.text(name, "".join(f"{line.format(place, each)}\n" for each, place in number.items()))
