"""Small labelled sets: images with names, classes and splits as people write them."""

from collections.abc import Sequence
from dataclasses import dataclass

from layouts.dice import Dice

SPLITS = ("train", "test")
THREE = ("train", "test", "val")

GRADES = ("0", "1", "2", "3", "4")
FROM_ONE = ("1", "2", "3", "4", "5")
WORDS: dict[str, tuple[str, ...]] = {
    "words": ("cat", "dog", "fox", "owl", "bee"),
    "remarks": ("none", "mild", "severe", "No DR", "unknown"),
    "wnids": ("n01443537", "n01629819", "n01641577", "n01644900", "n02056570"),
    "number words": ("one", "two", "three", "four", "five"),
    "spaces": ("golden retriever", "grey fox", "barn owl", "honey bee", "house cat"),
    "unicode": ("café", "naïve", "Größe", "猫", "étoile"),
    "case": ("Cat", "DOG", "fox", "Owl", "bEE"),
    "letters": ("A", "B", "C", "D", "E"),
    "codes": ("nv", "mel", "bkl", "df", "vasc"),
    "hundreds": ("100", "200", "300", "400", "500"),
    "yes and no": ("no", "yes", "maybe", "never", "always"),
    "true and false": ("True", "False", "Both", "Neither", "Other"),
    "hyphens": ("t-shirt", "top-hat", "x-ray", "anti-tank", "e-bike"),
    "vehicles": ("train", "car", "bus", "tram", "boat"),
    "face masks": ("with_mask", "without_mask", "mask_weared_incorrect", "no_mask", "mask"),
    "numbered": ("class_1", "class_2", "class_3", "class_4", "class_5"),
    "stars": ("grade 1", "grade 2", "grade 3", "grade 4", "grade 5"),
    "fakes": ("original", "fake", "edited", "real", "test"),
    "sums": ("3+3", "3+4", "4+3", "4+4", "5+5"),
    "roman": ("I", "II", "III", "IV", "V"),
    "ranges": ("0-10", "11-20", "21-30", "31-40", "41-50"),
    "regions": ("EU", "NA", "AS", "AF", "SA"),
    "halves": ("0.5", "1.5", "2.5", "3.5", "4.5"),
    "gaps": ("0", "2", "4", "6", "8"),
    "bodies": ("left eye", "right eye", "images", "data", "labels"),
}
DOUBTFUL_IN_TABLES = ("hundreds", "gaps", "halves", "regions", "fakes")
"""Classes that a reader of tables may doubt: numbers that are no grades, words that may mean something else."""
DOUBTFUL_IN_FOLDERS = ("vehicles", "fakes", "bodies")
"""Classes whose folders have the names of splits or of what is no class."""
NUMBERS: dict[str, tuple[str, ...]] = {"grades": GRADES, "from one": FROM_ONE}
CLASSES = {**WORDS, **NUMBERS}

NAMES = {
    "img": "IMG_{:04d}",
    "eyes": "{}",
    "zeros": "{:05d}",
    "numbers": "{}",
    "isic": "ISIC_{:07d}",
    "hex": "{:012x}",
    "spaces": "photo ({})",
    "unicode": "café_{}",
    "dots": "scan.2021.{}",
    "hyphens": "a-{}-b",
    "upper": "DSC{:05d}",
    "percent": "img%20{}",
    "comma": "img, {}",
    "hash": "scan#{}",
    "apostrophe": "it's {}",
    "splits": "test_{}",
    "parts": "a..{}",
    "emoji": "🐕{}",
}
SUFFIXES = (".jpg", ".png", ".jpeg", ".tif", ".bmp", ".webp", ".JPG", ".PNG", ".tiff", ".Jpeg")
RARE_SUFFIXES = (".jfif", ".gif", ".ppm")
"""Of files that are images, though not of the seven usual suffixes."""


@dataclass(frozen=True)
class Photo:
    """One image of a labelled set."""

    stem: str
    suffix: str
    label: str
    split: str
    """Split that the authors put it in; only some layouts tell."""
    number: int
    """Number from 0 in an order that tells nothing about the class."""

    @property
    def file(self) -> str:
        return self.stem + self.suffix


@dataclass(frozen=True)
class Photos:
    """A labelled set, and how its names and classes are written."""

    all: tuple[Photo, ...]
    classes: tuple[str, ...]
    scheme: str
    naming: str

    @property
    def are_numbered(self) -> bool:
        """True where a stem is a number, and so could be the cell of any column of numbers."""
        return self.naming in ("numbers", "zeros", "hex")

    def of(self, split: str) -> list[Photo]:
        return [photo for photo in self.all if photo.split == split]


def draw_photos(
    dice: Dice,
    *,
    schemes: Sequence[str] = tuple(CLASSES),
    namings: Sequence[str] = tuple(NAMES),
    splits: Sequence[str] = SPLITS,
    suffixes: Sequence[str] = SUFFIXES,
    more: int = 0,
) -> Photos:
    """Draw 6 to 40 images of 2 to 5 classes; every split has an image of each class.

    The first class has `more` images besides."""
    scheme, naming = dice.pick(schemes), dice.pick(namings)
    classes = CLASSES[scheme][: dice.number(2, 5)]
    least = max(3, len(splits))
    each = [dice.number(least, 8) + (0 if place else more) for place, _ in enumerate(classes)]
    places = [
        (label, splits[turn] if turn < len(splits) else dice.pick(("train", *splits)))
        for label, count in zip(classes, each, strict=True)
        for turn in range(count)
    ]
    numbers = dice.shuffled(range(len(places)))
    one, are_mixed = dice.pick(suffixes), dice.chance(6)
    photos = [
        Photo(_stem(naming, number), dice.pick(suffixes) if are_mixed else one, label, split, number)
        for (label, split), number in zip(places, numbers, strict=True)
    ]
    return Photos(tuple(sorted(photos, key=lambda photo: photo.number)), classes, scheme, naming)


def _stem(naming: str, number: int) -> str:
    if naming == "eyes":
        return f"{100 + number // 2}_{('left', 'right')[number % 2]}"
    if naming == "hex":
        return f"{0xABCDE0123 + number * 7919:012x}"
    return NAMES[naming].format(number)
