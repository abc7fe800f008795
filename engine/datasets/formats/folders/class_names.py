"""Names of folders that are classes, judged among the folders beside them and, where a name is at odds with these, by
the names of the images."""

import re
from collections.abc import Mapping, Set
from pathlib import Path

from engine.datasets.formats.folders.folder_files import entries_of, has_images, images_below, is_data
from engine.datasets.formats.names.folder_names import (
    MASK_MARK,
    PICTURES,
    Names,
    doubtful_classes,
    sort_names,
)
from engine.datasets.formats.names.walk import holds_images, subfolders
from engine.datasets.formats.split_names import words_in

_LEAST = 20
"""A folder beside `train` or `images` that holds fewer images than a part so small tells nothing of these."""


def class_names(root: Path, *, in_split: bool) -> list[str]:
    """List the folders that may be classes by their names; inside a split one of several may be called `train`."""
    names = folder_names(root)
    if in_split and len(names.classes) > 1 and len(names.splits) == 1:
        return sorted({*names.classes, *names.splits})
    return list(names.classes)


def folder_names(path: Path) -> Names:
    """Sort the folders in a folder by what their names say, and their files where one name is at odds with the others.

    The class `train` beside `bus` and `car`, and `masks` beside `no_masks`, are classes."""
    names = sort_names([folder.name for folder in subfolders(path)])
    doubtful = (*names.splits, *names.media)
    if (
        len(doubtful) != 1
        or names.parts
        or names.others
        or any(is_data(each.name) for each in entries_of(path))
    ):
        return names
    name = doubtful[0]
    others = [each for each in names.classes if each not in doubtful_classes(names.classes)]
    own = _stems(path / name)
    stems = {each: found for each in others if len(found := _stems(path / each)) * _LEAST > len(own)}
    is_class = _is_train_class if names.splits else _is_media_class
    return names.taking(name) if is_class(path / name, stems) else names


def _is_train_class(folder: Path, others: Mapping[str, Set[str]]) -> bool:
    """Return True for a folder `train` that holds images alone beside two or more classes."""
    is_flat = has_images(folder) and not any(map(holds_images, subfolders(folder)))
    return folder.name.lower() == "train" and len(others) > 1 and is_flat and _has_own_images(folder, others)


def _is_media_class(folder: Path, others: Mapping[str, Set[str]]) -> bool:
    """Return True for a folder `masks` or similar beside a class such as `no_masks` or classes with other images."""
    if any(each.lower().endswith(folder.name.lower()) for each in others):
        return holds_images(folder)
    return bool(others) and _has_own_images(folder, others)


def _has_own_images(folder: Path, others: Mapping[str, Set[str]]) -> bool:
    """Return True for a folder whose images are not called like those of the classes beside it, or are as these are
    among themselves, because all are numbered; by the names without a word such as mask, and by their numbers."""
    stems = _stems(folder)
    may_be_numbered = not set(words_in(folder.name)) & PICTURES
    for key in (_unmarked, _numbers):
        ours, theirs = set(map(key, stems)), [set(map(key, each)) for each in others.values()]
        are_numbered = may_be_numbered and any(_overlap(theirs[0], each) for each in theirs[1:])
        if _overlap(ours, set().union(*theirs)) and not are_numbered:
            return False
    return bool(stems)


def _overlap(ours: Set[str], theirs: Set[str]) -> bool:
    """Return True where most of some keys are among others."""
    return len(ours & theirs) * 2 > len(ours)


def _unmarked(stem: str) -> str:
    return MASK_MARK.sub("", stem).lower()


def _numbers(stem: str) -> str:
    """Return the numbers in a name, else the name."""
    return " ".join(re.findall(r"\d+", stem)) or stem


def _stems(folder: Path) -> frozenset[str]:
    """List the file names of the images below a folder, without suffix."""
    return frozenset(image.rpartition("/")[2].rpartition(".")[0] for image in images_below(folder))
