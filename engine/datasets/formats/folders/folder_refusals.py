"""Refusals of folders that are no classes, and of classes without images that are read."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from engine.datasets.formats.folders.class_names import class_names
from engine.datasets.formats.folders.class_tree import (
    ClassFolder,
    class_folders_below,
    has_split_folders,
    only_folder,
)
from engine.datasets.formats.folders.folder_files import images_below
from engine.datasets.formats.folders.folder_problems import (
    listed,
    said_of_unread,
)
from engine.datasets.formats.folders.label_hints import (
    files_inside,
    is_list_of_names,
    label_files,
    said_of_files,
    ways_to_labels,
)
from engine.datasets.formats.names.folder_names import Names, doubtful_numbers
from engine.datasets.formats.names.image_files import is_container
from engine.datasets.formats.names.walk import holds_images, subfolders, walk_images
from engine.datasets.formats.problems import DataError, error, warning
from engine.datasets.formats.split_names import split_class_names, split_in_name
from engine.problem import Problem, WayOut


class NotClasses(DataError):
    """Error for folders of images that are splits, parts or masks by their names, and have no labels."""


def flat_images(path: Path) -> NotClasses | None:
    """Return the error for a folder that holds neither class folders nor labels, but images, or files that hold many;
    None for any other. It names the folder below that holds class folders."""
    others: list[str] = []
    images = walk_images(path, lambda _error: None, others)
    if not images:
        return _containers(path, [file for file in others if is_container(file.rpartition("/")[2])])
    what = f"{path} holds {len(images):,} images, and nothing there says their classes"
    ways = ways_to_labels(path, [path])
    if below := class_folders_below(path):
        names = class_names(below, in_split=False) or [folder.name for folder in subfolders(below)]
        ways = [
            WayOut(f"give {below} as data if the folders in it ({listed(names)}) are the classes or splits"),
            *ways,
        ]
    return NotClasses(error("no_labels", what, images, ways))


def _containers(path: Path, files: Sequence[str]) -> NotClasses | None:
    """Return the error for files that may hold many images each, and are not read."""
    if not files:
        return None
    what = f"{path} holds no image, but files of arrays or tables that are not read ({listed(files)})"
    ways = [
        WayOut("save their images as .png in a folder for each class"),
        WayOut("save them as one .npz like MedMNIST's"),
    ]
    return NotClasses(error("no_labels", what, files, ways))


def check_train(path: Path, names: Names, used: Mapping[str, str], flat: Mapping[str, Sequence[str]]) -> None:
    """Raise DataError where no folder of the train split has class folders."""
    if "train" in used.values():
        return
    if trains := [name for name in flat if names.splits[name] == "train"]:
        _refuse(path, names, trains)
    others = [name for name in names.classes if holds_images(path / name)]
    beside = f"; put the folders {listed(others)} into it if they are its classes" if others else ""
    raise DataError(f"{path} has a folder {next(iter(used))} but no folder train: add it{beside}")


def refuse_flat_train(path: Path, names: Names) -> None:
    """Raise NotClasses where a folder such as `train`, beside class folders, holds images and no class folders."""
    trains = [name for name, split in names.splits.items() if split == "train" and images_below(path / name)]
    if trains:
        _refuse(path, names, trains)


def refuse_split_classes(path: Path, folders: Sequence[ClassFolder]) -> None:
    """Raise DataError for names that have a split and a class in one."""
    if both := split_class_names([folder.name for folder in folders if folder.images]):
        raise DataError(
            f"{path} holds folders with a class and a split in one name ({listed(both)}): sort the images into folders "
            "such as train/<class> and test/<class>"
        )


def refuse_doubtful(path: Path, folders: Sequence[ClassFolder]) -> None:
    """Raise NotClasses for folders that differ by a number alone where a file in the data names their images."""
    names = list(dict.fromkeys(folder.name for folder in folders if folder.images))
    if not (doubtful := doubtful_numbers(names)):
        return
    images = [folder.images[0].rpartition("/")[2] for folder in folders if folder.images]
    if files := label_files(path, [], images)[0]:
        what = (
            f"the folders {listed(doubtful)} of {path} differ by a number alone, and {said_of_files(files)}"
        )
        ways = ways_to_labels(path, [folder.folder for folder in folders if folder.images])
        raise NotClasses(
            error("no_labels", f"{what} {'names' if len(files) == 1 else 'name'} their images", names, ways)
        )


def explain_too_few(path: Path, names: Names, folders: Sequence[ClassFolder]) -> None:
    """Raise the error of a folder with fewer than two classes, where the names or files of its folders explain it."""
    unread = [folder for folder in folders if folder.unread and not folder.images]
    arrays = [folder for folder in unread if all(map(is_container, folder.unread))]
    if len(unread) > len(arrays) or (unread and len(folders) > 1):  # one folder of arrays is seldom a class
        explain_unread(path, folders)
    if only_folder(path) is None and (
        holding := [name for name in names.not_classes if images_below(path / name)]
    ):
        _refuse(path, names, holding)


def explain_unread(path: Path, folders: Sequence[ClassFolder]) -> NoReturn:
    """Raise DataError for class folders without images that are read."""
    without = [folder for folder in folders if not folder.images]
    files = [file for folder in folders for file in folder.unread]
    what = f"{path} has the class folders {_names_of(folders)}, but no image that is read is in {_names_of(without)}"
    raise DataError(error("unread_files", f"{what}: {_said_of_unused(files)}", files))


def _names_of(folders: Iterable[ClassFolder]) -> str:
    return listed(sorted({folder.name for folder in folders}))


def _said_of_unused(files: Sequence[str]) -> str:
    return f"{len(files):,} files are not used, {said_of_unread(files)}" if files else "put images there"


def flat_split(path: Path, name: str, images: Sequence[str], split: str) -> Problem:
    """Return the problem of a split without class folders: an error where something near it may hold its labels."""
    folder = path / name
    what = f"{folder} holds {len(images):,} images and no class folders"
    named = [file for file in files_inside(path) if split_in_name(file.stem) == split]
    near = [file for file in dict.fromkeys([*files_inside(folder), *named]) if not is_list_of_names(file)]
    if not near:
        ways = [WayOut("sort them into class folders to use them")]
        return warning(
            "flat_split", f"{what}, so they have no labels and are not used", f"{name} not used", images, ways
        )
    ways = [
        WayOut(f"sort them into class folders by the labels in {said_of_files(near)}"),
        WayOut(f"take the folder out of {path}"),
    ]
    return error("flat_split", what, images, ways)


def _refuse(path: Path, names: Names, holding: Sequence[str]) -> NoReturn:
    """Raise NotClasses for folders whose images have no labels."""
    whole = [name for name in holding if name in (*names.media, *names.parts) and _is_whole(path / name)]
    if whole:
        what = f"{path / whole[0]} holds class folders, and other folders are beside it"
        raise NotClasses(error("no_labels", what, ways=[WayOut(f"give {path / whole[0]} as data")]))
    images = [f"{name}/{image}" for name in holding for image in images_below(path / name)]
    what = (
        f"{path} holds {len(images):,} images without labels in {listed(holding)} ({names.said(holding)}, not like a "
        "class)"
    )
    ways = [
        *ways_to_labels(path, [path / name for name in holding]),
        WayOut("rename a folder that is a class"),
    ]
    raise NotClasses(error("no_labels", what, images, ways))


def _is_whole(folder: Path) -> bool:
    return len(class_names(folder, in_split=False)) > 1 or has_split_folders(folder)
