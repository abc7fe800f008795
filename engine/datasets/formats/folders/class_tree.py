"""Folders of classes: where they are, and the images and other files of each."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.datasets.formats.folders.class_names import class_names, folder_names
from engine.datasets.formats.folders.folder_files import entries_of, has_images, is_data
from engine.datasets.formats.names.folder_names import (
    MASK_MARK,
    Names,
    doubtful_numbers,
    in_drive_part,
    is_masks,
    sort_names,
)
from engine.datasets.formats.names.image_files import CONTAINERS, is_image, may_be_picture, suffix_of
from engine.datasets.formats.names.walk import holds_images, subfolders, walk_images

_MAX_DEPTH, _MAX_FOLDERS = 4, 200
_MARKERS = ("mask", "seg", "gt", "groundtruth", "annotation", "thumb")


@dataclass
class ClassFolder:
    """Files of one folder that is a class; paths are relative to it."""

    folder: Path
    images: list[str]
    unread: list[str] = field(default_factory=list)
    """Files that may be pictures, in a format that is not decoded; files of arrays where there is nothing else."""
    masks: list[str] = field(default_factory=list)
    """Images that are masks or thumbnails of others by their name or folder."""
    inner: frozenset[str] = frozenset()
    """Folders in it that hold images."""

    @property
    def name(self) -> str:
        return self.folder.name


def class_folders(root: Path, *, in_split: bool) -> list[ClassFolder]:
    """Read the folders in `root` that may be classes, sorted by name."""
    return [_read_class(root / name) for name in class_names(root, in_split=in_split)]


def nested_copies(folders: Sequence[ClassFolder]) -> tuple[list[ClassFolder], bool]:
    """Return the folders among class folders that hold folders called like most of the others, and True where they are
    the data set once more.

    False where others hold such folders too, or fewer than two classes would be left: they may have another meaning.
    A folder called by a number is none, for the folders in it may be patients."""
    filled = [folder for folder in folders if folder.images]
    names = {folder.name.casefold() for folder in filled}
    shared = {folder.name: len(_folders_in(folder) & names - {folder.name.casefold()}) for folder in filled}
    enough = max(1, (len(filled) - 1) // 2)
    copies = [each for each in filled if shared[each.name] > enough and not each.name.isdecimal()]
    left = [each for each in filled if each not in copies]
    return copies, len(left) > 1 and not any(shared[each.name] for each in left)


def _folders_in(folder: ClassFolder) -> set[str]:
    """Return the names of the folders below a class folder, in lower case."""
    if not folder.inner:
        return set()
    inside = {image.rpartition("/")[0] for image in folder.images}
    return {part.casefold() for each in inside for part in each.split("/")}


def split_names(path: Path) -> Names:
    """Sort the folders in a folder; where none is a split's, those inside parts made by Google Drive, as paths."""
    names = folder_names(path)
    if names.splits:
        return names
    splits, others, parts = dict[str, str](), [*names.others], []
    for part in names.parts:
        root = _drive_root(path / part)
        prefix, inner = root.relative_to(path).as_posix(), folder_names(root)
        if in_drive_part(part) is None or not inner.splits:
            parts.append(part)
            continue
        splits |= {f"{prefix}/{name}": split for name, split in inner.splits.items()}
        others += [f"{prefix}/{name}" for name in (*inner.others, *inner.parts, *inner.media, *inner.classes)]
    return replace(names, splits=splits, others=tuple(others), parts=tuple(parts)) if splits else names


def has_split_folders(path: Path) -> bool:
    """Return True where a folder `train`, `test` or similar holds class folders; one that holds only images is none."""
    return any(class_roots(path / name) for name in split_names(path).splits)


def class_roots(folder: Path) -> list[Path]:
    """Return the folders whose folders are classes: the split's own, the only folder in it, its `images`, or its parts.

    An empty list where the folder holds images without class folders, or nothing."""
    inside = subfolders(folder)
    if len(inside) == 1 and not has_images(folder) and _is_wrapper(inside[0]):
        return inside
    names = sort_names([each.name for each in inside])
    if any(map(holds_images, (folder / name for name in names.classes))):
        return [folder]
    pictures = [folder / name for name in names.media if not is_masks(name)]
    if len(pictures) == 1 and not names.parts and _is_wrapper(pictures[0]):
        return pictures
    parts = [root for part in names.parts for root in part_roots(folder / part)]
    if parts and len(parts) == len(names.parts):
        return parts
    return [folder] if names.classes and not holds_images(folder) else []


def part_roots(part: Path) -> list[Path]:
    """Return the part itself, or the folder in it that it is of, where that has class folders and no images beside
    them."""
    root = _drive_root(part)
    return [root] if _is_wrapper(root) else []


def _drive_root(part: Path) -> Path:
    """Return the folder that a part made by Google Drive is of, where it is the only one in it and holds folders."""
    name = in_drive_part(part.name)
    inside = subfolders(part) if name is not None else []
    whole = len(inside) == 1 and inside[0].name == name and not has_images(part)
    return inside[0] if whole and subfolders(inside[0]) and not has_images(inside[0]) else part


def _is_wrapper(folder: Path) -> bool:
    return bool(class_names(folder, in_split=False)) and not has_images(folder)


def only_folder(path: Path) -> Path | None:
    """Return the only folder in `path` that holds something, where it may be a data set and nothing else is of use.

    A part made by Google Drive is looked through. None where there are images, tables or other data beside it, and
    where it holds images alone."""
    files = [entry.name for entry in entries_of(path) if not entry.is_dir()]
    if any(is_image(name) or is_data(name) for name in files):
        return None
    filled = [folder for folder in subfolders(path) if any(entries_of(folder))]
    if len(filled) != 1:
        return None
    if in_drive_part(filled[0].name) is not None and (inner := only_folder(filled[0])):
        return inner
    return (
        filled[0] if any(entry.is_dir() or is_data(entry.name) for entry in entries_of(filled[0])) else None
    )


def class_folders_below(path: Path) -> Path | None:
    """Return the topmost folder below `path` that holds class folders, or splits with these; None where there is none.

    Folders that differ by a number alone, such as those of patients, are taken for none."""
    level = [path]
    for _ in range(_MAX_DEPTH):
        level = [folder for above in level for folder in subfolders(above) if not is_masks(folder.name)]
        level = level[:_MAX_FOLDERS]
        if found := next(filter(_holds_classes, level), None):
            return found
    return None


def _holds_classes(folder: Path) -> bool:
    names = class_names(folder, in_split=False)
    if len(names) > 1 and not doubtful_numbers(names) and not has_images(folder):
        filled = (name for name in names if holds_images(folder / name))
        return len([*itertools.islice(filled, 2)]) == 2
    return has_split_folders(folder)


def _read_class(folder: Path) -> ClassFolder:
    others: list[str] = []
    images = walk_images(folder, others=others)
    masks = set(_masks(images))
    if masks:
        images = [image for image in images if image not in masks]
    inner = frozenset(image.partition("/")[0] for image in images if "/" in image)
    unread = [each for each in others if _is_unread(each)]
    if not images and not unread:
        unread = [each for each in others if suffix_of(each) in CONTAINERS]
    return ClassFolder(folder, images, unread, sorted(masks), inner)


def _is_unread(path: str) -> bool:
    return may_be_picture(path.rpartition("/")[2])


def _masks(images: Sequence[str]) -> list[str]:
    """List the images in a folder such as `masks`, and those such as `a_mask.png` beside `a.png`; none where no image
    would be left."""
    text = "\n".join(images).lower()
    found = []
    if "/" in text:
        inner = {image.rpartition("/")[0] for image in images if "/" in image}
        masking = {folder for folder in inner if any(map(is_masks, folder.split("/")))}
        found = [image for image in images if "/" in image and image.rpartition("/")[0] in masking]
    if any(word in text for word in _MARKERS):
        marked = {
            image: MASK_MARK.sub("", _stem(image)) for image in images if MASK_MARK.search(_stem(image))
        }
        stems = {_stem(image) for image in images}
        found += [image for image, bare in marked.items() if bare in stems]
    return found if len(set(found)) < len(images) else []


def _stem(image: str) -> str:
    return image.rpartition(".")[0]
