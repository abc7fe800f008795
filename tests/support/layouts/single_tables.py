"""Layouts of one table and its images, without splits of their own."""

from collections.abc import Sequence

from layouts.case import Case
from layouts.cells import ODD_CELLS, PLAIN_CELLS, CellForm
from layouts.dice import Dice
from layouts.photos import RARE_SUFFIXES, SUFFIXES, Photo, Photos, draw_photos
from layouts.registry import layout
from layouts.sheets import (
    IMAGE_HEADINGS,
    LABEL_HEADINGS,
    ODD_IMAGE_HEADINGS,
    ODD_LABEL_HEADINGS,
    Column,
    Form,
    draw_form,
    draw_odd_form,
    index_column,
    more_columns,
    write_table,
)

FOLDERS = ("", "images", "train_images", "data/imgs", "Photos 2021")


def put(case: Case, photos: Photos, folder: str, told_by: str) -> None:
    """Put all images of a table into a folder."""
    case.describe(photos)
    case.takes_images = True
    for photo in photos.all:
        case.image(beside(folder, photo), photo, told_by=told_by)


def beside(folder: str, photo: Photo) -> str:
    return f"{folder}/{photo.file}" if folder else photo.file


def image_column(heading: str, folder: str, form: CellForm) -> Column:
    return Column(heading, lambda photo: form(beside(folder, photo)))


def label_column(heading: str) -> Column:
    return Column(heading, lambda photo: photo.label)


def draw_plain_cells(dice: Dice, case: Case, folder: str) -> CellForm:
    named = dice.pick(sorted(PLAIN_CELLS))
    case.choices.append(f"cells: {named}")
    return PLAIN_CELLS[named]


def rows_of(dice: Dice, photos: Sequence[Photo]) -> list[Photo]:
    return dice.shuffled(photos)


@layout("table")
def plain_table(dice: Dice, case: Case) -> None:
    """Two columns with headings that are known, in a usual form."""
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    cells = draw_plain_cells(dice, case, folder)
    columns = [
        image_column(dice.pick(IMAGE_HEADINGS), folder, cells),
        label_column(dice.pick(LABEL_HEADINGS)),
    ]
    form = draw_form(dice)
    name = "labels.tsv" if form.delimiter == "\t" else "labels.csv"
    write_table(case, name, form, dice.shuffled(columns), rows_of(dice, photos.all))


@layout("table, headless")
def headless_table(dice: Dice, case: Case) -> None:
    """No header; the first row is the first image."""
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    columns = [image_column("", folder, draw_plain_cells(dice, case, folder)), label_column("")]
    if photos.are_numbered or photos.naming == "comma":
        case.doubtful("numbers or commas in names, no header")
    write_table(
        case, "labels.csv", draw_form(dice), dice.shuffled(columns), rows_of(dice, photos.all), header=False
    )


@layout("table, more columns")
def wide_table(dice: Dice, case: Case) -> None:
    """Other facts beside a label column whose heading is known; where names are numbers, other numbers fit them."""
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    heading, cells = dice.pick(IMAGE_HEADINGS), dice.pick(("file", "stem", "path"))
    case.choices.append(f"cells: {cells}")
    if photos.are_numbered and cells == "stem":
        case.doubtful("numbers as names beside other numbers")
    rows = rows_of(dice, photos.all)
    own = [image_column(heading, folder, PLAIN_CELLS[cells]), label_column(dice.pick(LABEL_HEADINGS))]
    columns = [*own, *dice.some(more_columns(rows), 5)]
    write_table(case, "labels.csv", draw_form(dice), dice.shuffled(columns), rows)


@layout("table, headless with more columns")
def wide_headless_table(dice: Dice, case: Case) -> None:
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    case.doubtful("no header and several columns")
    rows = rows_of(dice, photos.all)
    own = [image_column("", folder, draw_plain_cells(dice, case, folder)), label_column("")]
    columns = dice.shuffled([*own, *dice.some(more_columns(rows), 3)])
    write_table(case, "labels.csv", draw_form(dice), columns, rows, header=False)


@layout("table, odd headings")
def oddly_headed_table(dice: Dice, case: Case) -> None:
    """Headings of other programs, with other facts beside them."""
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    put(case, photos, folder, "Data_Entry.csv")
    case.doubtful("headings that are not known")
    rows = rows_of(dice, photos.all)
    images = dice.pick(ODD_IMAGE_HEADINGS + IMAGE_HEADINGS)
    own = [
        image_column(images, folder, draw_plain_cells(dice, case, folder)),
        label_column(dice.pick(ODD_LABEL_HEADINGS + LABEL_HEADINGS)),
    ]
    columns = dice.shuffled([*own, *dice.some(more_columns(rows), 3)])
    write_table(case, "Data_Entry.csv", draw_form(dice), columns, rows)


@layout("table, index column")
def indexed_table(dice: Dice, case: Case) -> None:
    """Files called 0.png, 1.png …, and a number of the row before their names."""
    photos = draw_photos(dice, namings=("numbers", "zeros", "img"))
    folder = dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    rows = rows_of(dice, photos.all)
    first = index_column(dice.pick(("", "Unnamed: 0", "index", "id", "Age", "no")), rows, dice.number(0, 1))
    cells = dice.pick(("file", "path"))
    columns = [first, image_column("filename", folder, PLAIN_CELLS[cells]), label_column("label")]
    columns = dice.shuffled(columns) if dice.chance() else columns
    write_table(case, "labels.csv", draw_form(dice), columns, rows)


@layout("table, odd image cells")
def odd_cells(dice: Dice, case: Case) -> None:
    """Names of images as other programs write them."""
    photos, folder = draw_photos(dice, suffixes=SUFFIXES[:3]), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    named = dice.pick(sorted(ODD_CELLS))
    case.doubtful(f"cells: {named}")
    columns = [image_column("image", folder, ODD_CELLS[named]), label_column("label")]
    if dice.chance(3):
        columns.append(dice.pick(more_columns(photos.all)))
    write_table(case, "labels.csv", Form(), dice.shuffled(columns), rows_of(dice, photos.all))


@layout("table, odd form")
def odd_form(dice: Dice, case: Case) -> None:
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    cells = draw_plain_cells(dice, case, folder)
    columns = [image_column("image", folder, cells), label_column("label")]
    write_table(
        case, "labels.csv", draw_odd_form(dice, case), dice.shuffled(columns), rows_of(dice, photos.all)
    )


@layout("table, rare suffixes")
def rare_suffixes(dice: Dice, case: Case) -> None:
    photos, folder = draw_photos(dice, suffixes=RARE_SUFFIXES), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    case.doubtful("a suffix that is not one of the usual")
    columns = [image_column("image", folder, draw_plain_cells(dice, case, folder)), label_column("label")]
    write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))


@layout("table, labels missing")
def labels_missing(dice: Dice, case: Case) -> None:
    """Some images have no label, or one that says so."""
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    case.describe(photos)
    nothing = dice.pick(("", "nan", "NA", "N/A", "?", "-1", "None", "null", "unlabeled"))
    case.doubtful(f"some labels are {nothing!r}")
    without = {photo.stem for photo in photos.all if photo.number % 5 == 0}
    for photo in photos.all:
        if photo.stem in without:
            case.blank(beside(folder, photo))
        else:
            case.image(beside(folder, photo), photo, told_by="labels.csv")
    label = Column("label", lambda photo: nothing if photo.stem in without else photo.label)
    columns = [image_column("image", folder, PLAIN_CELLS["file"]), label]
    write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))


@layout("table, labels as numbers")
def numbered_labels(dice: Dice, case: Case) -> None:
    """Grades as spreadsheets and pandas write them."""
    photos, folder = draw_photos(dice, schemes=("grades", "from one")), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    written = dice.pick(("{}", "{}.0", "0{}", "{}.00"))
    columns = [
        image_column("image", folder, draw_plain_cells(dice, case, folder)),
        Column("level", lambda photo: written.format(photo.label)),
    ]
    write_table(case, "labels.csv", draw_form(dice), dice.shuffled(columns), rows_of(dice, photos.all))


@layout("table, label number and name")
def two_label_columns(dice: Dice, case: Case) -> None:
    """The label twice: as a number and in words; both are right."""
    photos, folder = draw_photos(dice, schemes=("words", "codes", "spaces")), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    case.doubtful("the label twice")
    number = {name: str(place) for place, name in enumerate(photos.classes)}
    case.aliases = {name: {number[name]} for name in photos.classes}
    headings = dice.pick(
        (("label", "label_name"), ("label_id", "label"), ("class_id", "class_name"), ("y", "class"))
    )
    columns = [
        image_column("image", folder, draw_plain_cells(dice, case, folder)),
        Column(headings[0], lambda photo: number[photo.label]),
        label_column(headings[1]),
    ]
    write_table(case, "labels.csv", Form(), dice.shuffled(columns), rows_of(dice, photos.all))
