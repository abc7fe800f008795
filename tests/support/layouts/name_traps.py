"""Layouts whose files have names that a reader may take for each other."""

from layouts.case import Case
from layouts.cells import PLAIN_CELLS
from layouts.dice import Dice
from layouts.photos import Photo, Photos, draw_photos
from layouts.registry import layout
from layouts.sheets import Column, Form, write_table
from layouts.single_tables import FOLDERS, beside, image_column, label_column, put, rows_of

PAIRS = {
    "case": ("scan{}", "SCAN{}"),
    "zeros": ("{}", "00{}"),
    "Unicode form": ("caf\u00e9_{}", "cafe\u0301_{}"),
    "decimals": ("{}", "{}.0"),
    "more letters": ("img{}", "img{}_2"),
    "inner suffix": ("x{}", "x{}.jpg"),
    "spaces": ("a {}", "a  {}"),
}
"""Two stems for each number, so that half the files have a near neighbour."""
SAME = ("case", "Unicode form", "inner suffix")
"""Pairs of which one may be taken for the other where that is not there."""


@layout("near names")
def near_names(dice: Dice, case: Case) -> None:
    """Pairs of files whose names are nearly the same, with labels of their own; the table has each name exactly."""
    drawn = draw_photos(dice, schemes=("grades", "words"), namings=("numbers",), suffixes=(".jpg", ".png"))
    pair = dice.pick(sorted(PAIRS))
    case.choices.append(f"pairs that differ in {pair}")
    again = [_renamed(photo, PAIRS[pair][photo.number % 2], photo.number // 2) for photo in drawn.all]
    photos = Photos(tuple(again), drawn.classes, drawn.scheme, "pairs")
    folder = dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    cells = dice.pick(("file", "path"))
    columns = [image_column("image", folder, PLAIN_CELLS[cells]), label_column("label")]
    write_table(case, "labels.csv", Form(), dice.shuffled(columns), rows_of(dice, photos.all))


@layout("near names, one missing")
def near_names_missing(dice: Dice, case: Case) -> None:
    """The table's file is not there, and one of nearly the same name is, which belongs to no row."""
    photos = draw_photos(dice, schemes=("grades", "words"), namings=("numbers",), suffixes=(".jpg", ".png"))
    case.describe(photos)
    pair = dice.pick(sorted(PAIRS))
    case.doubtful(f"files that differ from the table's in {pair}")
    folder = dice.pick(FOLDERS)
    case.takes_images = True
    first, other = PAIRS[pair] if dice.chance() else PAIRS[pair][::-1]
    for photo in photos.all:
        is_here = photo.number % 4 > 0
        named = _renamed(photo, first if is_here else other, photo.number)
        if is_here or pair in SAME:
            case.image(beside(folder, named), named, told_by="labels.csv")
        else:
            case.blank(beside(folder, named))
    images = Column("image", lambda photo: _renamed(photo, first, photo.number).file)
    write_table(case, "labels.csv", Form(), [images, label_column("label")], rows_of(dice, photos.all))


def _renamed(photo: Photo, form: str, number: int) -> Photo:
    return Photo(form.format(number), photo.suffix, photo.label, photo.split, photo.number)


@layout("two images a row")
def two_images(dice: Dice, case: Case) -> None:
    """ODIR's: a row for each patient, with a file for each eye and one label."""
    drawn = draw_photos(dice, schemes=("words", "grades", "codes"), suffixes=(".jpg",), namings=("numbers",))
    case.describe(drawn)
    case.doubtful("two images a row")
    folder = dice.pick(("", "images"))
    for photo in drawn.all:
        for eye in ("left", "right"):
            named = _renamed(photo, f"{{}}_{eye}", photo.number)
            case.image(beside(folder, named), named, told_by="data.csv")
    columns = [
        Column("ID", lambda photo: str(photo.number)),
        Column("Left-Fundus", lambda photo: f"{photo.number}_left.jpg"),
        Column("Right-Fundus", lambda photo: f"{photo.number}_right.jpg"),
        label_column("label"),
    ]
    write_table(case, "data.csv", Form(), dice.shuffled(columns), rows_of(dice, drawn.all))


@layout("mask column")
def mask_column(dice: Dice, case: Case) -> None:
    """Each row names an image and its mask; both are files."""
    photos = draw_photos(dice, suffixes=(".png",))
    case.describe(photos)
    heading = dice.pick(("image", "filename", "image_path"))
    for photo in photos.all:
        case.image(f"images/{photo.file}", photo, told_by="labels.csv")
        case.blank(f"masks/{photo.stem}_m.png")
    columns = [
        Column(dice.pick(("mask", "mask_path", "segmentation")), lambda photo: f"masks/{photo.stem}_m.png"),
        image_column(heading, "images", PLAIN_CELLS["path"]),
        label_column("label"),
    ]
    write_table(case, "labels.csv", Form(), dice.shuffled(columns), rows_of(dice, photos.all))


@layout("long tables")
def long_table(dice: Dice, case: Case) -> None:
    """Over 200 rows of one class, in one folder, before all others: what the first rows show is not what follows."""
    photos = draw_photos(dice, more=210, suffixes=(".jpg",))
    case.describe(photos)
    first = photos.classes[0]
    folders = dice.pick((("images", "images"), ("part1", "part2"), ("", "more")))
    if photos.are_numbered:
        case.doubtful("numbers as names")
    number = {photo.stem: str(place) for place, photo in enumerate(rows_of(dice, photos.all))}
    for photo in photos.all:
        case.image(beside(folders[photo.label != first], photo), photo, told_by="labels.csv")
    more = [
        Column("quality", lambda photo: "1" if photo.label == first else str(photo.number % 3)),
        Column("index", lambda photo: number[photo.stem]),
        Column("split_old", lambda photo: "train" if photo.label == first else ""),
    ]
    columns = [Column("image", lambda photo: photo.file), label_column("label"), *dice.some(more, 2)]
    rows = sorted(photos.all, key=lambda photo: photos.classes.index(photo.label))
    write_table(case, "labels.csv", Form(), dice.shuffled(columns), rows)
