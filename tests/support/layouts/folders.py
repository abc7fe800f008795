"""Layouts of folders: one for each class, in splits or not, and folders that are no classes."""

from collections.abc import Callable

from layouts.case import Case
from layouts.dice import Dice
from layouts.photos import RARE_SUFFIXES, SPLITS, THREE, Photo, Photos, draw_photos
from layouts.registry import layout

PLAIN_SPLITS = (
    {"train": "train", "test": "test", "val": "val"},
    {"train": "Train", "test": "Test", "val": "Valid"},
    {"train": "training", "test": "testing", "val": "validation"},
    {"train": "TRAIN", "test": "TEST", "val": "DEV"},
    {"train": "training_set", "test": "test_set", "val": "validation_set"},
    {"train": "train_set", "test": "test_set", "val": "val_set"},
)
ODD_SPLITS = (
    {"train": "a. Training Set", "test": "b. Testing Set", "val": "c. Validation Set"},
    {"train": "train", "test": "holdout", "val": "val"},
    {"train": "train", "test": "test1", "val": "val1"},
    {"train": "seg_train", "test": "seg_test", "val": "seg_val"},
    {"train": "train_images", "test": "test_images", "val": "val_images"},
    {"train": "train-jpg", "test": "test-jpg", "val": "val-jpg"},
    {"train": "development", "test": "evaluation", "val": "tuning"},
    {"train": "Train_256", "test": "Test_256", "val": "Val_256"},
    {"train": "01_train", "test": "02_test", "val": "03_val"},
    {"train": "tr", "test": "te", "val": "va"},
    {"train": "train2017", "test": "test2017", "val": "val2017"},
    {"train": "train", "test": "external", "val": "internal"},
)
LOOSE = {"test": ("test", "val"), "val": ("val", "test"), "train": ("train",)}

OTHERWISE: tuple[Callable[[str], str], ...] = (
    str.swapcase,
    str.title,
    lambda name: f"{name.replace(' ', '_')}s",
)


def put_in_classes(case: Case, photos: Photos, names: dict[str, str] | None = None, inner: str = "") -> None:
    """Put the images into a folder for each class, inside the folder of their split where these have names."""
    case.describe(photos)
    for photo in photos.all:
        above = f"{names[photo.split]}/" if names else ""
        splits = [photo.split] if names else []
        case.image(f"{above}{photo.label}/{inner}{photo.file}", photo, splits=splits)


@layout("class folders")
def class_folders(dice: Dice, case: Case) -> None:
    put_in_classes(case, draw_photos(dice))


@layout("class folders, deeper")
def deeper_class_folders(dice: Dice, case: Case) -> None:
    """Folders inside the class folders: by patient, by day, or one called images."""
    photos = draw_photos(dice)
    case.describe(photos)
    form = dice.pick(("images/{file}", "{n}/{file}", "2021-03-{n:02d}/{file}"))
    for photo in photos.all:
        inner = form.format(file=photo.file, n=photo.number % 3)
        case.image(f"{photo.label}/{inner}", photo)


@layout("class folders, rare suffixes")
def rare_class_folders(dice: Dice, case: Case) -> None:
    """One class, or part of one, in files of another suffix."""
    photos = draw_photos(dice)
    case.describe(photos)
    case.doubtful("suffixes that are not the usual ones")
    suffix, part = dice.pick((*RARE_SUFFIXES, ".HEIC", ".dcm", ".jpg_large")), dice.chance()
    last = photos.classes[-1]
    for photo in photos.all:
        is_other = photo.label == last and (photo.number % 2 == 0 or not part)
        case.image(f"{photo.label}/{photo.stem}{suffix if is_other else photo.suffix}", photo)


@layout("split folders with classes")
def split_class_folders(dice: Dice, case: Case) -> None:
    names = dice.pick(PLAIN_SPLITS)
    splits = dice.pick((SPLITS, THREE, ("train", "val")))
    case.says_splits = names[splits[1]]
    put_in_classes(case, draw_photos(dice, splits=splits), names)


@layout("split folders with classes, odd names")
def oddly_named_splits(dice: Dice, case: Case) -> None:
    names = dice.pick(ODD_SPLITS)
    case.doubtful("odd names of splits")
    case.says_splits = names["test"]
    photos = draw_photos(dice, splits=dice.pick((SPLITS, THREE)))
    case.describe(photos)
    for photo in photos.all:
        case.image(f"{names[photo.split]}/{photo.label}/{photo.file}", photo, splits=LOOSE[photo.split])


@layout("split folders with classes, wrapped twice")
def doubled_folders(dice: Dice, case: Case) -> None:
    """`seg_train/seg_train/<class>`, as archives that were unpacked into folders of their names."""
    names = dice.pick((ODD_SPLITS[3], PLAIN_SPLITS[0], PLAIN_SPLITS[4]))
    case.doubtful("split folders inside themselves")
    case.says_splits = names["test"]
    photos = draw_photos(dice)
    case.describe(photos)
    for photo in photos.all:
        folder = names[photo.split]
        case.image(f"{folder}/{folder}/{photo.label}/{photo.file}", photo, splits=[photo.split])


@layout("split folders of other classes")
def other_classes(dice: Dice, case: Case) -> None:
    """The same classes, written otherwise in test."""
    photos = draw_photos(dice, schemes=("case", "words", "spaces"))
    case.describe(photos)
    form = dice.pick(OTHERWISE)
    case.doubtful("classes written otherwise in test")
    case.says_splits = "test"
    for photo in photos.all:
        label = form(photo.label) if photo.split == "test" else photo.label
        case.image(f"{photo.split}/{label}/{photo.file}", photo, splits=[photo.split])


@layout("split folders without classes")
def loose_splits(dice: Dice, case: Case) -> None:
    """Images directly in the splits' folders, and nothing tells their labels."""
    photos = draw_photos(dice)
    names = dice.pick((*PLAIN_SPLITS, *ODD_SPLITS))
    case.describe(photos)
    case.doubtful("folders that are splits")
    for photo in photos.all:
        case.blank(f"{names[photo.split]}/{photo.file}")


@layout("parts without classes")
def loose_parts(dice: Dice, case: Case) -> None:
    """Images in the parts of a download: no part is a class."""
    photos = draw_photos(dice)
    form = dice.pick(
        ("part_{}", "images_{:03d}", "batch{}", "HAM10000_images_part_{}", "patient{}", "fold_{}")
    )
    case.describe(photos)
    case.doubtful("folders that are parts")
    for photo in photos.all:
        case.blank(f"{form.format(1 + photo.number % 3)}/{photo.file}")


@layout("label in the file's name")
def label_in_name(dice: Dice, case: Case) -> None:
    photos = draw_photos(dice, schemes=("words", "codes", "grades"), namings=("numbers", "zeros"))
    case.describe(photos)
    case.doubtful("labels in the files' names")
    form = dice.pick(("{label}.{stem}", "{label}_{stem}", "{stem}_{label}"))
    for photo in photos.all:
        stem = form.format(label=photo.label, stem=photo.stem)
        if photo.split == "train":
            named = Photo(stem, photo.suffix, photo.label, photo.split, photo.number)
            case.image(f"train/{named.file}", named)
        else:
            case.blank(f"test1/{photo.file}")


@layout("masks beside")
def masks_beside(dice: Dice, case: Case) -> None:
    """Annotations of the images in class folders, in files that look like images."""
    photos = draw_photos(dice, schemes=("words", "grades", "codes"))
    put_in_classes(case, photos)
    case.doubtful("masks among the images")
    form = dice.pick(
        ("{label}/{stem}_mask.png", "masks/{stem}.png", "{label} masks/{stem}.png", "{label}/mask/{stem}.png")
    )
    for photo in photos.all:
        case.blank(form.format(label=photo.label, stem=photo.stem))


@layout("variants of class folders")
def variants(dice: Dice, case: Case) -> None:
    """The same classes in `color`, `grayscale`, …: the classes are the inner folders."""
    photos = draw_photos(dice)
    names = dice.pick(
        (("color", "grayscale"), ("amazon", "webcam"), ("224", "512"), ("original", "augmented"), ("a", "b"))
    )
    case.describe(photos)
    case.doubtful("class folders in folders of variants")
    for photo in photos.all:
        for name in names:
            case.image(f"{name}/{photo.label}/{photo.file}", photo)


@layout("unused folder beside classes")
def unused_folders(dice: Dice, case: Case) -> None:
    """A folder of figures or of images to be labelled."""
    put_in_classes(case, draw_photos(dice, schemes=("words", "grades", "codes", "wnids")))
    folder = dice.pick(
        (
            "figures",
            "docs",
            "unlabeled",
            "unsorted",
            "masks",
            "annotations",
            "to_label",
            "predictions",
            "backup",
        )
    )
    case.doubtful(f"a folder {folder} of images")
    for number in range(dice.number(1, 4)):
        case.blank(f"{folder}/plot{number}.png")
