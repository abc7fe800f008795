"""Layouts of well-known data sets, as they are when unpacked."""

import io
from typing import Any

from layouts.case import Case, Truth
from layouts.cells import PLAIN_CELLS
from layouts.dice import Dice
from layouts.photos import SPLITS, THREE, draw_photos
from layouts.registry import layout
from layouts.sheets import Column, Form, draw_form, write_table
from layouts.single_tables import beside, image_column, label_column, rows_of

GRADED = ("grades",)


@layout("the lab's CSVs")
def lab(dice: Dice, case: Case) -> None:
    photos = draw_photos(dice, schemes=GRADED, namings=("eyes", "img", "isic", "numbers"))
    case.describe(photos)
    case.says_splits = "train_img.csv"
    folder, header = dice.pick(("", "train", "images")), dice.chance(4)
    cells = PLAIN_CELLS[dice.pick(("stem", "file"))]
    for photo in photos.all:
        case.image(beside(folder, photo), photo, splits=[photo.split], told_by=f"{photo.split}_img.csv")
    for split in SPLITS:
        rows = rows_of(dice, photos.of(split))
        images, labels = image_column("image", folder, cells), label_column("level")
        write_table(case, f"{split}_img.csv", Form(), [images], rows, header=header)
        write_table(case, f"{split}_label.csv", Form(), [labels], rows, header=header)


@layout("Kaggle's")
def kaggle(dice: Dice, case: Case) -> None:
    """Labelled train images; test images without labels, and a form to fill in for them."""
    photos = draw_photos(dice, schemes=GRADED, namings=("eyes",))
    case.describe(photos)
    folder = dice.pick(("train", "", "resized_train"))
    for photo in photos.all:
        case.image(beside(folder, photo), photo, told_by="trainLabels.csv")
    columns = [image_column("image", folder, PLAIN_CELLS["stem"]), label_column("level")]
    write_table(case, "trainLabels.csv", Form(), columns, rows_of(dice, photos.all))
    if dice.chance():
        case.doubtful("test images to be submitted")
        for number in range(6):
            case.blank(f"test/{900 + number}_left.jpeg")
        case.text("sampleSubmission.csv", "image,level\n" + "".join(f"{900 + n}_left,0\n" for n in range(6)))


@layout("APTOS'")
def aptos(dice: Dice, case: Case) -> None:
    photos = draw_photos(dice, schemes=GRADED, namings=("hex",), suffixes=(".png",))
    case.describe(photos)
    for photo in photos.all:
        case.image(f"train_images/{photo.file}", photo, told_by="train.csv")
    columns = [image_column("id_code", "train_images", PLAIN_CELLS["stem"]), label_column("diagnosis")]
    write_table(case, "train.csv", Form(), columns, rows_of(dice, photos.all))
    tests = [f"{0xFACE000 + number * 7:012x}" for number in range(5)]
    if dice.chance():
        for name in tests:
            case.blank(f"test_images/{name}.png")
    case.text("test.csv", "id_code\n" + "".join(f"{name}\n" for name in tests))
    if dice.chance():
        case.doubtful("a form to fill in")
        case.text("sample_submission.csv", "id_code,diagnosis\n" + "".join(f"{name},0\n" for name in tests))


@layout("MedMNIST's array")
def medmnist(dice: Dice, case: Case) -> None:
    import numpy as np

    photos = draw_photos(dice, schemes=GRADED, splits=THREE)
    case.describe(photos)
    arrays: dict[str, Any] = {}
    for split in THREE:
        those = photos.of(split)
        shape = (len(those), 4, 4, 3) if dice.chance() else (len(those), 4, 4)
        arrays[f"{split}_images"] = np.zeros(shape, dtype=np.uint8)
        labels = np.array([int(photo.label) for photo in those])
        arrays[f"{split}_labels"] = labels[:, None] if dice.chance() else labels
        for row, photo in enumerate(those):
            case.truth[f"retinamnist.npz#{split}/{row}"] = Truth(photo.label, (split,), "retinamnist.npz")
    content = io.BytesIO()
    np.savez(content, **arrays)
    case.files["retinamnist.npz"] = content.getvalue()
    case.says_splits = "retinamnist.npz"
    case.given = dice.pick(("", "retinamnist.npz"))


@layout("DDR's")
def ddr(dice: Dice, case: Case) -> None:
    """Images directly in the splits' folders; beside each folder a list of names and grades."""
    photos = draw_photos(dice, schemes=GRADED, splits=THREE, namings=("zeros", "img"))
    case.describe(photos)
    case.doubtful("lists of names and labels")
    names = {"train": "train", "test": "test", "val": "valid"}
    case.says_splits = "train.txt"
    for photo in photos.all:
        split = names[photo.split]
        case.image(f"{split}/{photo.file}", photo, splits=[photo.split], told_by=f"{split}.txt")
    cells = PLAIN_CELLS[dice.pick(("file", "path", "stem"))]
    for split, name in names.items():
        columns = [image_column("", name, cells), label_column("")]
        write_table(case, f"{name}.txt", Form(" "), columns, rows_of(dice, photos.of(split)), header=False)


@layout("IDRiD's")
def idrid(dice: Dice, case: Case) -> None:
    """Images in `a. Training Set`, tables in another folder beside; both splits may be numbered alike."""
    photos = draw_photos(dice, schemes=GRADED, namings=("img",), suffixes=(".jpg",))
    case.describe(photos)
    case.doubtful("tables in another folder")
    above, below = "1. Original Images", "2. Groundtruths"
    folders = {"train": "a. Training Set", "test": "b. Testing Set"}
    for split, folder in folders.items():
        name = f"{below}/{folder[0]}. IDRiD_Disease Grading_{folder[3:].replace('Set', 'Labels')}.csv"
        for photo in photos.of(split):
            case.image(f"{above}/{folder}/{photo.file}", photo, splits=[split], told_by=name)
        columns = [
            image_column("Image name", folder, PLAIN_CELLS["stem"]),
            label_column("Retinopathy grade"),
            Column("Risk of macular edema ", lambda photo: str(photo.number % 3)),
        ]
        write_table(case, name, Form(), columns, rows_of(dice, photos.of(split)))
    case.given = dice.pick(("", above))
    if case.given:
        case.truth = {}


@layout("HAM10000's")
def ham(dice: Dice, case: Case) -> None:
    """One table of many columns, images in two parts."""
    photos = draw_photos(dice, schemes=("codes",), namings=("isic",), suffixes=(".jpg",))
    case.describe(photos)
    case.doubtful("images in parts, an odd heading")
    for photo in photos.all:
        part = 1 + (photo.number * 3 > len(photos.all))
        case.image(f"HAM10000_images_part_{part}/{photo.file}", photo, told_by="HAM10000_metadata.csv")
    columns = [
        Column("lesion_id", lambda photo: f"HAM_{photo.number // 2:07d}"),
        image_column("image_id", "", PLAIN_CELLS["stem"]),
        label_column(dice.pick(("dx", "label", "diagnosis"))),
        Column("dx_type", lambda photo: ("histo", "follow_up")[photo.number % 2]),
        Column("age", lambda photo: f"{40 + photo.number % 5}.0"),
        Column("sex", lambda photo: ("male", "female")[photo.number % 2]),
        Column("localization", lambda photo: ("back", "trunk", "face")[photo.number % 3]),
    ]
    write_table(case, "HAM10000_metadata.csv", Form(), columns, rows_of(dice, photos.all))


@layout("images in parts")
def parts(dice: Dice, case: Case) -> None:
    """One plain table; its images in two to four folders."""
    photos = draw_photos(dice)
    case.describe(photos)
    form = dice.pick(("images_{:03d}/images/{}", "part{}/{}", "images/part{}/{}", "{}/{}", "set_{}/imgs/{}"))
    count = dice.number(2, 4)
    if photos.are_numbered or form == "images/part{}/{}":
        case.doubtful("numbers as names, images in parts")
    for photo in photos.all:
        case.image(form.format(1 + photo.number % count, photo.file), photo, told_by="labels.csv")
    heading = dice.pick(("image", "filename"))
    columns = [image_column(heading, "", PLAIN_CELLS[dice.pick(("file", "stem"))]), label_column("label")]
    write_table(case, "labels.csv", draw_form(dice), columns, rows_of(dice, photos.all))


@layout("same names in parts")
def same_names_in_parts(dice: Dice, case: Case) -> None:
    """Cameras or centres that number their images alike; the table's folder column, or its paths, tell them apart."""
    photos = draw_photos(dice, namings=("numbers", "img"))
    case.describe(photos)
    case.doubtful("the same file names in several folders")
    has_paths = dice.chance()
    place = {photo.stem: f"cam{photo.number % 2}/{photo.number // 2}.jpg" for photo in photos.all}
    for photo in photos.all:
        case.image(place[photo.stem], photo, told_by="labels.csv")
    if has_paths:
        images = [Column("image", lambda photo: place[photo.stem])]
    else:
        images = [
            Column("camera", lambda photo: place[photo.stem].split("/")[0]),
            Column("image", lambda photo: place[photo.stem].split("/")[1]),
        ]
    rows = rows_of(dice, photos.all)
    rows = rows if dice.chance() else sorted(photos.all, key=lambda photo: photo.number % 2)
    write_table(case, "labels.csv", Form(), [*images, label_column("label")], rows)


@layout("two copies of all images")
def copies(dice: Dice, case: Case) -> None:
    """Images and their masks, or two sizes, under the same names in two folders, with one table."""
    photos = draw_photos(dice, suffixes=(".png",))
    case.describe(photos)
    folders = dice.pick(
        (("images", "masks"), ("images", "annotations"), ("large", "small"), ("original", "processed"))
    )
    case.doubtful("the same names in two folders")
    is_mask = folders[1] in ("masks", "annotations")
    for photo in photos.all:
        case.image(f"{folders[0]}/{photo.file}", photo, told_by="labels.csv")
        if is_mask:
            case.blank(f"{folders[1]}/{photo.file}")
        elif dice.chance(8):
            continue
        else:
            case.blank(f"{folders[1]}/{photo.file}")
    columns = [image_column("image", "", PLAIN_CELLS["stem"]), label_column("label")]
    write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))


@layout("Tiny ImageNet's")
def tiny(dice: Dice, case: Case) -> None:
    photos = draw_photos(dice, schemes=("wnids",), namings=("numbers",), splits=("train", "val"))
    case.describe(photos)
    case.doubtful("val's labels in a list")
    case.says_splits = "val"
    lines = []
    for photo in photos.of("train"):
        case.image(f"train/{photo.label}/images/{photo.label}_{photo.file}", photo, splits=["train"])
    for photo in photos.of("val"):
        case.image(f"val/images/val_{photo.file}", photo, splits=["val"], told_by="val/val_annotations.txt")
        lines.append(f"val_{photo.file}\t{photo.label}\t0\t0\t62\t62\n")
    case.text("val/val_annotations.txt", "".join(lines))
    if dice.chance():
        for number in range(4):
            case.blank(f"test/images/test_{number}.JPEG")


@layout("class folders and a table")
def folders_and_table(dice: Dice, case: Case) -> None:
    """Both tell the labels, and agree; the table may name its images by path or by file."""
    photos = draw_photos(dice)
    case.describe(photos)
    for photo in photos.all:
        case.image(f"{photo.label}/{photo.file}", photo, told_by="labels.csv")
    if photos.are_numbered:
        case.doubtful("numbers as names")
    form = dice.pick(("path", "file"))
    cells = {"path": lambda photo: f"{photo.label}/{photo.file}", "file": lambda photo: photo.file}[form]
    columns = [Column("image", cells), label_column("label")]
    write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))


@layout("split folders and a table")
def split_folders_and_table(dice: Dice, case: Case) -> None:
    """One table of all images; folders train and test hold them."""
    photos = draw_photos(dice)
    case.describe(photos)
    case.doubtful("splits by folder, labels by table")
    case.says_splits = "test"
    for photo in photos.all:
        case.image(f"{photo.split}/{photo.file}", photo, splits=[photo.split], told_by="labels.csv")
    form = dice.pick(("path", "file"))
    cells = {"path": lambda photo: f"{photo.split}/{photo.file}", "file": lambda photo: photo.file}[form]
    columns = [Column("image", cells), label_column("label")]
    write_table(case, "labels.csv", Form(), columns, rows_of(dice, photos.all))
