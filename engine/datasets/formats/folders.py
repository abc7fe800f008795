"""Readers of class folders: a folder of images for each class, inside `train` and `test` or not."""

from pathlib import Path

from engine.datasets.formats.image_files import is_image
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.problems import DataError, note
from engine.datasets.formats.rows import Row
from engine.datasets.formats.split_names import SPLIT_WORDS
from engine.datasets.formats.walk import walk_images
from engine.problem import Problem


def has_split_folders(path: Path) -> bool:
    """Return True where a folder `train`, `test` or similar holds folders; one that holds only images is a class."""
    return any(_class_folders(path / name) for name in _split_folders(path))


def read_split_folders(path: Path) -> Layout:
    """Read the class folders of each split. Raises DataError where there is no train folder."""
    rows: list[Row] = []
    problems: list[Problem] = []
    found = _split_folders(path)
    for name, split in found.items():
        rows += [Row(f"{name}/{file}", label, split) for file, label in _images_of_classes(path / name)]
        problems += _loose(path / name)
    if "train" not in found.values():
        raise DataError(f"{path} has a folder {next(iter(found))} but no folder train: add it")
    names = ", ".join(found)
    return Layout(
        f"class folders in {names}",
        f"{path} holds {names}, and these a folder for each class",
        path,
        tuple(rows),
        tuple(problems),
        has_names=True,
    )


def read_class_folders(path: Path) -> Layout | None:
    """Read the class folders; return None where fewer than two folders hold images."""
    rows = tuple(Row(file, label, None) for file, label in _images_of_classes(path))
    if len({row.label for row in rows}) < 2:
        return None
    why = f"{path} holds a folder for each class"
    return Layout("class folders", why, path, rows, tuple(_loose(path)), has_names=True)


def _split_folders(path: Path) -> dict[str, str]:
    """Return the split of each folder that is one, train first, by the folder's name."""
    names = {folder.name: SPLIT_WORDS.get(folder.name.lower()) for folder in _folders(path)}
    order = ("train", "test", "val")
    found = {name: split for name, split in names.items() if split is not None}
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1]), item[0])))


def _class_folders(path: Path) -> list[Path]:
    return _folders(path)


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.name[0] != "." and entry.is_dir())


def _images_of_classes(path: Path) -> list[tuple[str, str]]:
    """List each image's path relative to `path`, with its class."""
    return [
        (f"{folder.name}/{file}", folder.name)
        for folder in _class_folders(path)
        for file in walk_images(folder)
    ]


def _loose(path: Path) -> list[Problem]:
    """Note images that are beside the class folders."""
    names = sorted(entry.name for entry in path.iterdir() if is_image(entry.name) and entry.is_file())
    if not names:
        return []
    return [
        note("extra_files", f"{len(names):,} images of {path} are in no class folder and not used", names)
    ]
