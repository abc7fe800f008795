"""Folder names that tell what a folder holds: a split, a part of a download, masks, a class."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.datasets.formats.split_names import is_like_split, splits_of, words_in

MASKS = frozenset(
    (
        "masks", "annotations", "annotation", "groundtruth", "groundtruths", "gt", "gts", "segmentations",
        "segmentation", "thumbnails", "thumbnail", "thumbs", "labels", "bboxes", "imagesets",
    )
)  # fmt: skip
"""Words for what belongs to images and is none of them."""
MASK_MARK = re.compile(
    r"(?i)[ _\-.](?:masks?|seg|segmentation|gt|groundtruth|annotation|thumb|thumbnail)(?:[_\-]?\d+)?$"
)
"""End of the name of an image that is a mask or thumbnail of another: `a_mask`, `a-seg2`."""
PICTURES = frozenset(("images", "image", "imgs", "img", "jpegimages", "pngimages"))
_BESIDE = frozenset(
    ("mask", "label", "photos", "photo", "pictures", "pics", "raw", "xml", "xmls", "json", "csv")
)
"""Words that are classes too, unless a folder such as `images` is beside."""
_QUALIFIERS = frozenset(
    ("original", "originals", "all", "resized", "cropped", "color", "colour", "gray", "grey", "jpg", "jpeg", "png",
     "raw", "processed", "preprocessed", "enhanced", "normalized", "normalised", "augmented", "input", "inputs",
     "labeled", "labelled", "unlabeled", "unlabelled", "tr", "ts", "te", "va", "sets", "the", "and", "of")
)  # fmt: skip
_PART_WORDS = (
    "part|parts|batch|batches|images|image|imgs|img|fold|set|chunk|shard|archive|disk|disc|vol|volume|folder|download|"
    "dir|zip|split|subset|data|dataset|upload|photos|pictures|pics"
)
_PART = re.compile(
    rf"(?:.*[\W_\d])?(?:{_PART_WORDS})[\W_]*(?:\d+(?:[\W_]*of[\W_]*\d+)?\)?|[\W_][a-f])", re.IGNORECASE
)
_MADE_BY_PROGRAMS = re.compile(
    r"(?:new|untitled) folder(?: ?\(?\d+\)?)?|drive-download-.*|\d{3}[A-Z_]{5}", re.IGNORECASE
)
"""Folders that a file manager, a download and a camera make."""
_DRIVE = re.compile(r"(.+)-\d{8}T\d{6}Z(?:-\d{1,4}){1,2}")
"""Parts that Google Drive makes of a folder: `data-20230101T000000Z-001`."""
_CLASS_WORDS = frozenset(
    (
        "class", "classes", "grade", "stage", "level", "lvl", "type", "category", "cat", "kl", "score", "birads",
        "rads", "degree", "severity", "rank", "label", "target", "cluster", "kind", "quality", "star", "stars",
        "rating", "phase", "gesture", "pose", "letter", "digit", "number", "num", "no", "species", "defect", "breed",
        "model", "sign", "age", "isup", "gleason", "tier", "risk", "code", "cls", "lbl", "dr", "drgrade", "option",
    )
)  # fmt: skip
"""Words that number classes: `grade_0`."""
KEPT_BESIDE = frozenset(
    (
        "figures", "figure", "figs", "plots", "docs", "doc", "documentation", "predictions", "preds",
        "results", "output", "outputs", "to label", "unlabeled", "unlabelled", "unsorted", "sorted", "backup",
        "backups", "old", "tmp", "temp", "samples", "examples", "models", "checkpoints", "logs", "scripts",
        "notebooks", "screenshots", "archive", "todo", "inbox", "new", "misc", "trash", "deleted", "rejected",
        "exclude", "excluded", "unused", "ignore", "venv", "recycler", "wandb", "runs", "mlruns", "env", "src",
        "assets", "preview", "previews", "sample images", "readme images", "neuer ordner", "nouveau dossier",
        "nueva carpeta",
    )
)  # fmt: skip
"""Names, as words, of folders that people keep beside their data."""
_COPY = "copy|kopie|copie|copia|backup|bak|old"
_COPIED = re.compile(
    rf"(?:copy|kopie|copie|copia)[\s_\-]+(?:\(\d+\)[\s_\-]+)?(?:of|von|de|di)[\s_\-]+(?P<of>.+)"
    rf"|(?P<first>.+?)(?:[\s_\-]+\(?(?:{_COPY})\)?(?:[\s_\-]*\(?\d+\)?)?|[\s_]*\(\d+\))",
    re.IGNORECASE,
)
"""Names that file managers and people give to copies: `cat (1)`, `Copy of cat`, `cat - Copy (2)`, `cat_old`."""
_WORDNET = re.compile(r"n\d{8}")
_DATE = re.compile(r"(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True)
class Names:
    """Folders side by side, sorted by what their names say."""

    splits: dict[str, str]
    """Split of each folder that is one's."""
    others: tuple[str, ...]
    """Folders like `holdout` that are no split here."""
    parts: tuple[str, ...]
    media: tuple[str, ...]
    """Folders of images as such, of masks, annotations or thumbnails."""
    classes: tuple[str, ...]
    taken: tuple[str, ...] = ()
    """Those of the classes that are called like a split or a folder of all images, and are neither by their files."""

    def taking(self, name: str) -> "Names":
        """Return these names with one more class, which is no split or folder of all images here."""
        splits = {each: split for each, split in self.splits.items() if each != name}
        media = tuple(each for each in self.media if each != name)
        return Names(splits, self.others, self.parts, media, tuple(sorted((*self.classes, name))), (name,))

    @property
    def not_classes(self) -> tuple[str, ...]:
        return (*self.splits, *self.others, *self.parts, *self.media)

    def said(self, folders: Collection[str]) -> str:
        """Say what some of these folders are by their names: `named like a split`; empty where they may be classes."""
        words = {
            "a split": {*self.splits, *self.others},
            "a part of the images": set(self.parts),
            "a folder of all images, masks or annotations": set(self.media),
        }
        found = [word for word, named in words.items() if named & set(folders)]
        return f"named like {' or '.join(found)}" if found else ""


def sort_names(names: Sequence[str]) -> Names:
    """Sort the names of folders side by side."""
    splits = splits_of(names)
    others = tuple(name for name in names if name not in splits and is_like_split(name))
    left = [name for name in names if name not in splits and name not in others]
    parts = tuple(name for name in left if _is_part(name))
    left = [name for name in left if name not in parts]
    media = tuple(name for name in left if _is_media(name) or _is_masks_of(name, left))
    if media or parts:
        media += tuple(name for name in left if set(words_in(name)) <= _BESIDE and words_in(name))
    return Names(splits, others, parts, media, tuple(name for name in left if name not in media))


def _is_part(name: str) -> bool:
    return any(form.fullmatch(name) for form in (_PART, _MADE_BY_PROGRAMS, _DRIVE))


def in_drive_part(name: str) -> str | None:
    """Return the name of the folder that a part made by Google Drive is of; None for any other folder."""
    found = _DRIVE.fullmatch(name)
    return found[1] if found else None


def is_masks(name: str) -> bool:
    """Return True for a folder inside a class that holds masks or the like instead of images of the class."""
    words = _words(name)
    return bool(words & (MASKS | {"mask"})) and words <= MASKS | {"mask"} | _QUALIFIERS | PICTURES


def doubtful_numbers(names: Sequence[str]) -> list[str]:
    """Return the names that differ from others by a number alone, after a word that numbers no classes, or are dates.

    Numbers alone are none: they are classes. An empty list unless they are over half of the names."""
    shapes = Counter(map(_shape, names))
    found = [
        name for name in names if _DATE.fullmatch(name) or (shapes[_shape(name)] > 1 and _is_doubtful(name))
    ]
    return found if len(found) * 2 > len(names) and len(found) > 1 else []


def doubtful_classes(names: Collection[str]) -> list[str]:
    """Return the names of folders that people keep beside their data, and that may be classes all the same."""
    return [name for name in names if (words := words_in(name)) and " ".join(words) in KEPT_BESIDE]


def copied_names(names: Collection[str]) -> list[str]:
    """Return the names that say a copy of another folder: `cat (1)` and `Copy of cat` where there is `cat`."""
    plain = {name.casefold() for name in names}
    return [name for name in names if _is_copy(name.strip(), plain)]


def _is_copy(name: str, names: Collection[str]) -> bool:
    """Return True for a copy, or a copy of a copy, of a folder among `names`, which are in lower case."""
    found = _COPIED.fullmatch(name)
    if not found:
        return False
    first = found["of"] or found["first"]
    return first.casefold() in names or _is_copy(first, names)


def near_names(names: Collection[str]) -> list[tuple[str, str]]:
    """Return pairs of names that differ by case, blanks, hyphens, underscores or Unicode form alone."""
    firsts: dict[str, str] = {}
    pairs = []
    for name in sorted(names):
        plain = unicodedata.normalize("NFKC", name).casefold()
        key = re.sub(r"[\s_\-]+", "", plain) if re.search(r"[^\W\d_]", plain) else plain.strip()
        first = firsts.setdefault(key, name)
        pairs += [(first, name)] if first != name else []
    return pairs


def _is_media(name: str) -> bool:
    words = _words(name)
    return bool(words & (MASKS | PICTURES)) and words <= MASKS | PICTURES | _QUALIFIERS


def _is_masks_of(name: str, names: Collection[str]) -> bool:
    """Return True for masks of a class beside it: `cat masks` beside `cat`."""
    words = words_in(name)
    kept = [word for word in words if word not in MASKS | {"mask"}]
    return kept != words and any(words_in(other) == kept for other in names if other != name)


def _words(name: str) -> set[str]:
    """Return a name's words without ordinals such as `a.`; ground truth counts as one word."""
    words = {word for word in words_in(name) if len(word) > 1}
    return words - {"ground", "truth", "truths"} | {"groundtruth"} if "ground" in words else words


def _shape(name: str) -> str:
    return re.sub(r"\d+", "0", name)


def _is_doubtful(name: str) -> bool:
    if not re.search(r"\d", name) or _WORDNET.fullmatch(name):
        return False
    words = words_in(name)
    if not words or set(words) & _CLASS_WORDS:
        return False
    return words not in ([letter] for letter in "abcdefghijklmnoqrtuvwxyz")
