"""Layouts in which a reader that guesses is led astray."""

from layouts.case import Case
from layouts.cells import PLAIN_CELLS
from layouts.dice import Dice
from layouts.photos import Photo, draw_photos
from layouts.registry import layout
from layouts.sheets import IMAGE_HEADINGS, LABEL_HEADINGS, Column, Form, write_table
from layouts.single_tables import FOLDERS, beside, draw_plain_cells, image_column, label_column, put, rows_of


@layout("two columns of labels")
def two_readers(dice: Dice, case: Case) -> None:
    """Two readers' labels, which differ: no rule tells which are meant."""
    photos, folder = draw_photos(dice, schemes=("grades", "words")), dice.pick(FOLDERS)
    case.describe(photos)
    case.doubtful("two columns of labels that differ")
    for photo in photos.all:
        case.blank(beside(folder, photo))
    headings = dice.pick(
        (("label", "level"), ("grade", "diagnosis"), ("reader_1", "reader_2"), ("label_x", "label_y"))
    )
    other = {photo.stem: photos.classes[photo.number % len(photos.classes)] for photo in photos.all}
    columns = [
        image_column("image", folder, draw_plain_cells(dice, case, folder)),
        label_column(headings[0]),
        Column(headings[1], lambda photo: other[photo.stem]),
    ]
    write_table(case, "labels.csv", Form(), dice.shuffled(columns), rows_of(dice, photos.all))


@layout("labels written in several ways")
def written_otherwise(dice: Dice, case: Case) -> None:
    """`Cat`, `cat` and `CAT` in one table, or as class folders."""
    photos = draw_photos(dice, schemes=("words", "spaces", "case"))
    case.describe(photos)
    case.doubtful("classes that differ in case only")
    is_table = dice.chance()
    for photo in photos.all:
        path = photo.file if is_table else f"{_otherwise(photo)}/{photo.file}"
        case.image(path, photo, told_by="labels.csv" if is_table else "")
    if is_table:
        columns = [image_column("image", "", PLAIN_CELLS["file"]), Column("label", _otherwise)]
        write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))


def _otherwise(photo: Photo) -> str:
    return photo.label.swapcase() if photo.number % 4 == 0 else photo.label


@layout("test table without labels")
def unlabelled_test_table(dice: Dice, case: Case) -> None:
    """`test.csv` has the columns of `train.csv` but the labels; some other column may be taken for them."""
    photos = draw_photos(dice, schemes=("grades", "words"))
    case.describe(photos)
    case.doubtful("a test table without labels")
    headings = dice.pick(IMAGE_HEADINGS), dice.pick(LABEL_HEADINGS)
    other = dice.pick(
        (
            Column("sex", lambda photo: str(photo.number % 2)),
            Column("age_group", lambda photo: str(photo.number % 3)),
            Column("eye", lambda photo: ("left", "right")[photo.number % 2]),
            Column("site", lambda photo: str(photo.number % 2)),
        )
    )
    form = dice.pick(("{}", "images", "{}_images"))
    for photo in photos.all:
        path = beside(form.format(photo.split), photo)
        if photo.split == "train":
            case.image(path, photo, told_by="train.csv")
        else:
            case.blank(path)
    columns = [image_column(headings[0], "", PLAIN_CELLS["file"]), other]
    write_table(case, "test.csv", Form(), columns, photos.of("test"))
    columns.insert(dice.number(0, 2), label_column(headings[1]))
    write_table(case, "train.csv", Form(), columns, rows_of(dice, photos.of("train")))


@layout("two versions of the table")
def two_versions(dice: Dice, case: Case) -> None:
    """An old copy of the table with other labels lies beside it."""
    photos, folder = draw_photos(dice, schemes=("grades", "words")), dice.pick(FOLDERS)
    case.describe(photos)
    case.doubtful("two tables of the same images")
    for photo in photos.all:
        case.blank(beside(folder, photo))
    old = {photo.stem: photos.classes[photo.number % len(photos.classes)] for photo in photos.all}
    images = image_column("image", folder, draw_plain_cells(dice, case, folder))
    names = dice.pick(
        (("labels.csv", "labels (1).csv"), ("labels.csv", "old.csv"), ("train.csv", "train_v2.csv"))
    )
    write_table(case, names[0], Form(), [images, label_column("label")], rows_of(dice, photos.all))
    write_table(case, names[1], Form(), [images, Column("label", lambda photo: old[photo.stem])], photos.all)


@layout("two files of a name")
def two_files(dice: Dice, case: Case) -> None:
    """A mask or a copy of the same name and another suffix beside each image."""
    suffix, other = dice.pick(((".jpg", ".png"), (".png", ".jpg"), (".png", ".bmp"), (".tif", ".png")))
    photos, folder = draw_photos(dice, suffixes=(suffix,)), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    cells = draw_plain_cells(dice, case, folder)
    case.doubtful(f"a {other} beside each {suffix}")
    for photo in photos.all:
        case.blank(beside(folder, Photo(photo.stem, other, photo.label, photo.split, photo.number)))
    columns = [image_column("image", folder, cells), label_column("label")]
    write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))


@layout("foreign prefix, same file names")
def same_tails(dice: Dice, case: Case) -> None:
    """CheXpert's: only the folders tell the images apart, and the paths begin with one that is not there."""
    photos = draw_photos(dice, schemes=("grades", "words", "codes"))
    case.describe(photos)
    case.doubtful("a foreign prefix, and files of one name in many folders")
    views = ("view1_frontal.jpg", "view2_lateral.jpg")
    place = {
        photo.stem: f"train/patient{photo.number // 2:05d}/study1/{views[photo.number % 2]}"
        for photo in photos.all
    }
    for photo in photos.all:
        case.image(place[photo.stem], photo, told_by="train.csv")
    prefix = dice.pick(("CheXpert-v1.0-small/", "/home/me/data/", "data/raw/", ""))
    columns = [Column("Path", lambda photo: prefix + place[photo.stem]), label_column("label")]
    name = dice.pick(("train.csv", "labels.csv"))
    write_table(case, name, Form(), columns, rows_of(dice, photos.all))


@layout("longer tables")
def comments(dice: Dice, case: Case) -> None:
    """Remarks with delimiters, quotes and line ends inside, and lines that are no rows."""
    photos, folder = draw_photos(dice), dice.pick(FOLDERS)
    put(case, photos, folder, "labels.csv")
    remark = dice.pick(("blurred, dark", 'a "good" one', "first line\nsecond line", "0,5", ""))
    columns = [
        image_column("image", folder, draw_plain_cells(dice, case, folder)),
        label_column("label"),
        Column("remark", lambda photo: remark if photo.number % 3 else ""),
    ]
    write_table(case, "labels.csv", Form(dice.pick((",", ";"))), columns, rows_of(dice, photos.all))
    more = dice.pick(("", "# made by hand\n", "Labels of 2021\n\n"))
    last = dice.pick(("", "\n\n", "image,label,remark\n", "Total,40,\n"))
    if more or last.strip():
        case.doubtful("lines that are no rows")
    case.files["labels.csv"] = more.encode() + case.files["labels.csv"] + last.encode()
