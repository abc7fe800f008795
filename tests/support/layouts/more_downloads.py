"""Layouts of further well-known data sets, whose folders and tables stand beside each other."""

import gzip
import struct

from layouts.case import Case, Truth
from layouts.dice import Dice
from layouts.photos import Photo, draw_photos
from layouts.registry import layout
from layouts.sheets import Column, Form, write_table
from layouts.single_tables import rows_of


@layout("test folder without labels")
def unlabelled_test_folder(dice: Dice, case: Case) -> None:
    """Class folders in train; images to be classified directly in test."""
    photos = draw_photos(
        dice, splits=("train", "test", "train")
    )  # two images a class: one can be drawn for test
    case.describe(photos)
    folder = dice.pick(("test", "test1", "Test"))
    for photo in photos.all:
        if photo.split == "train":
            case.image(f"train/{photo.label}/{photo.file}", photo)
        else:
            case.blank(f"{folder}/{photo.file}")


@layout("Oxford Pets'")
def pets(dice: Dice, case: Case) -> None:
    """Labels in the names and in a list; masks in a folder beside the images."""
    photos = draw_photos(dice, schemes=("words", "hyphens"), namings=("numbers",), suffixes=(".jpg",))
    case.describe(photos)
    case.doubtful("a list of names and labels, masks beside")
    lines = []
    for photo in photos.all:
        stem = f"{photo.label}_{photo.number}"
        case.image(f"images/{stem}.jpg", photo, told_by="annotations/list.txt")
        case.blank(f"annotations/trimaps/{stem}.png")
        lines.append(f"{stem} {photos.classes.index(photo.label) + 1} {1 + photo.number % 2} 1\n")
    case.aliases = {name: {str(number)} for number, name in enumerate(photos.classes, 1)}
    case.text("annotations/list.txt", "#Image CLASS-ID SPECIES BREED ID\n" + "".join(lines))
    for split, photos_of in (("trainval", photos.of("train")), ("test", photos.of("test"))):
        names = {f"{photo.label}_{photo.number} " for photo in photos_of}
        case.text(
            f"annotations/{split}.txt", "".join(line for line in lines if line.startswith(tuple(names)))
        )


@layout("CUB's")
def birds(dice: Dice, case: Case) -> None:
    """Class folders inside `images`, masks in the same class folders inside `segmentations`, splits in lists."""
    photos = draw_photos(dice, schemes=("words",), namings=("img",))
    case.describe(photos)
    case.doubtful("class folders in a folder, lists beside")
    has_masks = dice.chance()
    names = {name: f"{number:03d}.{name}" for number, name in enumerate(photos.classes, 1)}
    case.aliases = {name: {folder} for name, folder in names.items()}
    for photo in photos.all:
        case.image(f"images/{names[photo.label]}/{photo.file}", photo)
        if has_masks:
            case.blank(f"segmentations/{names[photo.label]}/{photo.stem}.png")
    listed = list(enumerate(photos.all, 1))
    case.text("images.txt", "".join(f"{n} {names[photo.label]}/{photo.file}\n" for n, photo in listed))
    case.text("train_test_split.txt", "".join(f"{n} {int(photo.split == 'train')}\n" for n, photo in listed))
    case.text("classes.txt", "".join(f"{n} {name}\n" for n, name in enumerate(names.values(), 1)))


@layout("GTSRB's")
def signs(dice: Dice, case: Case) -> None:
    """Class folders in Train, images directly in Test, an icon of each class in Meta, and a table of each."""
    photos = draw_photos(dice, schemes=("grades",), namings=("zeros",), suffixes=(".png",))
    case.describe(photos)
    case.doubtful("splits by folder and by table")
    case.says_splits = "Test"
    label, has_icons = dice.pick(("ClassId", "label")), dice.chance()
    for split, name in (("train", "Train"), ("test", "Test")):
        place = {
            photo.stem: f"Train/{photo.label}/{photo.file}" if split == "train" else f"Test/{photo.file}"
            for photo in photos.of(split)
        }
        for photo in photos.of(split):
            case.image(place[photo.stem], photo, splits=[split], told_by=f"{name}.csv")
        columns = [
            Column("Width", lambda photo: str(25 + photo.number % 3)),
            Column(label, lambda photo: photo.label),
            Column("Path", lambda photo, place=place: place[photo.stem]),  # type: ignore[misc]
        ]
        write_table(case, f"{name}.csv", Form(), columns, rows_of(dice, photos.of(split)))
    if has_icons:
        icons = [Photo(grade, ".png", grade, "", number) for number, grade in enumerate(photos.classes)]
        for icon in icons:
            case.blank(f"Meta/{icon.file}")
        columns = [Column("Path", lambda icon: f"Meta/{icon.file}"), Column(label, lambda icon: icon.label)]
        write_table(case, "Meta.csv", Form(), columns, icons)


@layout("labels in another program's file")
def other_files(dice: Dice, case: Case) -> None:
    """Parts or splits with images, and labels in a file that is no table of text."""
    photos = draw_photos(dice)
    case.describe(photos)
    case.doubtful("labels in a file that is not read")
    name = dice.pick(("labels.xlsx", "labels.json", "annotations.xml", "train.tfrecord", "labels.mat"))
    folders = dice.pick((("images", "images2"), ("train2017", "val2017"), ("set1", "set2")))
    for photo in photos.all:
        case.blank(f"{folders[photo.number % 2]}/{photo.file}")
    case.files[name] = b"PK\x03\x04 not text"


@layout("MNIST's IDX files")
def mnist(dice: Dice, case: Case) -> None:
    """MNIST and its kin: pairs of files of bytes, plain or in gzip, of train and t10k."""
    photos = draw_photos(dice, schemes=("grades",), splits=("train", "test", "train"))
    case.describe(photos)
    zipped = dice.chance()
    for split, part in (("train", "train"), ("test", "t10k")):
        chosen = photos.of(split)
        images, labels = (f"{part}-{what}-ubyte{'.gz' * zipped}" for what in ("images-idx3", "labels-idx1"))
        parts = {
            images: struct.pack(">IIII", 0x803, len(chosen), 4, 4) + bytes(16 * len(chosen)),
            labels: struct.pack(">II", 0x801, len(chosen)) + bytes(int(photo.label) for photo in chosen),
        }
        case.files |= {name: gzip.compress(content) if zipped else content for name, content in parts.items()}
        for row, photo in enumerate(chosen):
            case.truth[f"{images}#{split}/{row}"] = Truth(photo.label, (split,), labels)
    case.says_splits = images
