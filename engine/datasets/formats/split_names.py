"""Names that people give to splits, in cells, folders and file names of tables."""

import re
from collections.abc import Collection
from dataclasses import dataclass

SPLITS = ("train", "val", "test")
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "trainval", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "validating", "dev", "development"), "val"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
SHORT_WORDS = {"tr": "train", "va": "val", "te": "test", "ts": "test"}
"""Words for splits only where train and another are beside each other."""
SECOND_TESTS = ("holdout", "heldout", "eval", "evaluation")
"""Words for a test split where no other name says test."""
FILLERS = frozenset(
    (
        "set", "sets", "data", "dataset", "split", "subset", "part", "folder", "dir", "files", "image", "images", "img",
        "imgs", "pic", "pics", "picture", "pictures", "photo", "photos", "samples", "the", "of", "for",
    )
)  # fmt: skip
"""Words that add nothing to the name of a split."""
_GLUED = re.compile("(?:labels?|sets?|data|dataset|images?|imgs?|split|folder)$")


@dataclass(frozen=True)
class _Reading:
    """Meaning of the name of a split."""

    split: str
    is_second: bool
    """True for a word such as holdout."""
    rest: str
    """The other words, which name nothing that is known: `seg` of `seg_train`."""


def words_in(name: str) -> list[str]:
    """Return the words of a name in lower case, without numbers: `TrainSet_2` has train and set."""
    joined = re.sub(r"(?i)\b(h[eo]ld)[\W_]*out", r"\1out", name.replace("_", " "))
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", joined)
    return re.findall(r"[^\W\d_]+", apart.lower())


def split_in_name(stem: str) -> str | None:
    """Return the split in a name: `train` for `train_images`, `test` for `testLabels`; None for none or several.

    Other words in the name are passed over, so this is for names that surely belong to a data set's files."""
    found = {SPLIT_WORDS.get(_word_of_split(word) or "") for word in words_in(stem)} - {None}
    return found.pop() if len(found) == 1 else None


def splits_of(names: Collection[str]) -> dict[str, str]:
    """Return the split of each of these names that is a split's, judged among the others.

    A name is a split's where it has the word for one and at most fillers and numbers beside it (`a. Training Set`,
    `test1`), or where another name has the same further words with another split (`seg_train`, `seg_test`):
    `train station` and `test tube` are none. Words such as holdout stand for test where no other name does."""
    readings = {name: reading for name in names if (reading := _read(name)) is not None}
    if not readings:
        short = {name: SHORT_WORDS[name.lower()] for name in names if name.lower() in SHORT_WORDS}
        return short if "train" in short.values() and len({*short.values()}) > 1 else {}
    family = _family(readings.values())
    chosen = {name: reading for name, reading in readings.items() if reading.rest == family}
    has_test = any(each.split == "test" and not each.is_second for each in chosen.values())
    return {name: each.split for name, each in chosen.items() if not (each.is_second and has_test)}


def split_class_names(names: Collection[str]) -> list[str]:
    """Return the names that have a split and a class in one (`cat_train`, `cat_test`, `dog_train`, `dog_test`): those
    whose further words several splits share, where there are several such words."""
    readings = {name: reading for name in names if (reading := _read(name)) is not None and reading.rest}
    shared = {rest for rest, splits in _splits_by_rest(readings.values()).items() if len(splits) > 1}
    return (
        sorted(name for name, reading in readings.items() if reading.rest in shared)
        if len(shared) > 1
        else []
    )


def is_like_split(name: str) -> bool:
    """Return True for a name that is a split's by itself, and for words such as holdout."""
    reading = _read(name)
    return reading is not None and not reading.rest


def _family(readings: Collection[_Reading]) -> str:
    """Return the further words of the names that are taken: none, unless these words have several splits."""
    splits = _splits_by_rest(readings)
    several = [rest for rest, found in splits.items() if len(found) > 1]
    return several[0] if len(several) == 1 and "" not in splits else ""


def _splits_by_rest(readings: Collection[_Reading]) -> dict[str, set[str]]:
    splits: dict[str, set[str]] = {}
    for each in readings:
        splits.setdefault(each.rest, set()).add(each.split)
    return splits


def _read(name: str) -> _Reading | None:
    words = words_in(name)
    splits = {split for split in map(_split_of_word, words) if split is not None}
    if not splits or splits - {"train", "val"} and len(splits) > 1:
        return None
    others = [word for word in words if _split_of_word(word) is None and word not in FILLERS]
    rest = " ".join(word for word in others if len(word) > 1)
    is_second = all(_word_of_split(word) not in SPLIT_WORDS for word in words)
    return _Reading("train" if "train" in splits else splits.pop(), is_second, rest)


def _split_of_word(word: str) -> str | None:
    found = _word_of_split(word)
    return None if found is None else SPLIT_WORDS.get(found, "test")


def _word_of_split(word: str) -> str | None:
    """Return the word for a split in one with a filler glued to it, such as `trainset`; None where there is none."""
    for each in (word, re.sub(_GLUED, "", word)):
        if each in SPLIT_WORDS or each in SECOND_TESTS:
            return each
    return None
