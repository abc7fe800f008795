"""Readers of class folders: a folder of images for each class, inside `train` and `test` or not."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from engine.datasets.formats.class_tree import (
    ClassFolder,
    class_folders,
    class_names,
    class_roots,
    images_below,
    only_folder,
    part_roots,
)
from engine.datasets.formats.folder_names import Names, sort_names
from engine.datasets.formats.folder_problems import (
    listed,
    problems_of_classes,
    said_of_unread,
    unused_files,
)
from engine.datasets.formats.label_hints import data_files, files_inside, ways_to_labels
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.problems import DataError, error, note, warning
from engine.datasets.formats.rows import Row
from engine.datasets.formats.split_names import split_in_name, splits_of
from engine.datasets.formats.walk import subfolders
from engine.problem import Problem, WayOut

_ORDER = ("train", "test", "val")


class NotClasses(DataError):
    """Error for folders of images that are splits, parts or masks by their names, and have no labels."""


def has_split_folders(path: Path) -> bool:
    """Return True where a folder `train`, `test` or similar holds class folders; one that holds only images is none."""
    return any(class_roots(path / name) for name in _names(path).splits)


def read_split_folders(path: Path) -> Layout:
    """Read the class folders of each split. Raises DataError where there is no train folder with classes, and where
    images without class folders have labels elsewhere."""
    names = _names(path)
    splits = dict(sorted(names.splits.items(), key=lambda item: (_ORDER.index(item[1]), item[0])))
    roots = {name: class_roots(path / name) for name in splits}
    flat = {name: images_below(path / name) for name, found in roots.items() if not found}
    flat = {name: images for name, images in flat.items() if images}
    used = [name for name in splits if roots[name]]
    _check_train(path, names, {name: splits[name] for name in used}, flat)
    problems = [_flat_split(path, name, flat[name], splits[name]) for name in flat]
    rows: list[Row] = []
    folders: list[ClassFolder] = []
    for name in used:
        for root in roots[name]:
            found = class_folders(root)
            rows += _rows(path, found, splits[name])
            folders += found
            problems += _unused_folders(root, _not_used(root))
    problems += [*problems_of_classes(folders), *_unused_folders(path, _beside(names))]
    problems += unused_files(path, [root for name in used for root in (path / name, *roots[name])])
    listing = ", ".join(used)
    why = f"{path} holds {listing}, and these a folder for each class{_wrapped(path, used, roots)}"
    problems += _together({name: splits[name] for name in used})
    return Layout(f"class folders in {listing}", why, path, tuple(rows), tuple(problems), has_names=True)


def read_class_folders(path: Path) -> Layout | None:
    """Read the class folders; return None where fewer than two folders hold images.

    Raises NotClasses where the folders that hold images are splits, parts or masks by their names."""
    names = _names(path)
    roots = [path] if names.classes else [root for part in names.parts for root in part_roots(path / part)]
    folders = [folder for root in roots for folder in class_folders(root)]
    if len({folder.name for folder in folders if folder.images}) < 2:
        _explain_too_few(path, names, folders)
        return None
    if "train" in names.splits.values() and path in roots:
        _refuse_flat_train(path, names)
    inner = _inner_splits(folders) if path in roots else {}
    problems = problems_of_classes(folders)
    problems += _unused_folders(path, names.not_classes if path in roots else _beside(names))
    problems += unused_files(path, roots)
    why = f"{path} holds a folder for each class"
    kind = "class folders"
    if path not in roots:
        joined = ", ".join(root.relative_to(path).as_posix() for root in roots)
        kind, why = (
            f"class folders in {joined}",
            f"{path} holds the parts {joined}, and these a folder for each class",
        )
    if inner:
        kind, why = (
            f"class folders with {', '.join(inner)} inside",
            f"{why}, and in each of these {', '.join(inner)}",
        )
    rows = _rows(path, folders, None, inner)
    return Layout(kind, why, path, tuple(rows), tuple(problems), has_names=True)


def flat_images(path: Path) -> NotClasses | None:
    """Return the error for a folder that holds images and neither class folders nor labels; None for any other."""
    images = images_below(path)
    if not images:
        return None
    what = f"{path} holds {len(images):,} images, and nothing there says their classes"
    return NotClasses(error("no_labels", what, images, ways_to_labels(path, [path])))


def _names(path: Path) -> Names:
    return sort_names([folder.name for folder in subfolders(path)])


def _rows(
    path: Path, folders: Iterable[ClassFolder], split: str | None, inner: Mapping[str, str] | None = None
) -> list[Row]:
    rows = []
    for folder in folders:
        prefix = folder.folder.relative_to(path).as_posix()
        if inner:
            rows += [
                Row(f"{prefix}/{image}", folder.name, inner[image.partition("/")[0]])
                for image in folder.images
            ]
        else:
            rows += [Row(f"{prefix}/{image}", folder.name, split) for image in folder.images]
    return rows


def _inner_splits(folders: Sequence[ClassFolder]) -> dict[str, str]:
    """Return the splits by folder where each class folder holds nothing but folders of splits."""
    images = [image for folder in folders for image in folder.images]
    if not all("/" in image for image in images[:1]):
        return {}
    inner = {image.partition("/")[0] if "/" in image else "" for image in images}
    splits = splits_of(inner)
    return (
        splits if set(splits) == inner and len({*splits.values()}) > 1 and "train" in splits.values() else {}
    )


def _check_train(
    path: Path, names: Names, used: Mapping[str, str], flat: Mapping[str, Sequence[str]]
) -> None:
    """Raise DataError where no folder of the train split has class folders."""
    if "train" in used.values():
        return
    if trains := [name for name in flat if names.splits[name] == "train"]:
        _refuse(path, names, trains)
    beside = (
        f"; put the folders {listed(names.classes)} into it if they are its classes" if names.classes else ""
    )
    raise DataError(f"{path} has a folder {next(iter(used))} but no folder train: add it{beside}")


def _refuse_flat_train(path: Path, names: Names) -> None:
    """Raise NotClasses where a folder such as `train`, beside class folders, holds images and no class folders."""
    trains = [name for name, split in names.splits.items() if split == "train" and images_below(path / name)]
    if trains:
        _refuse(path, names, trains)


def _flat_split(path: Path, name: str, images: Sequence[str], split: str) -> Problem:
    """Return the problem of a split without class folders: an error where something near it may hold its labels."""
    folder = path / name
    what = f"{folder} holds {len(images):,} images and no class folders"
    near = files_inside(folder)
    near += [file for file in data_files(path) if split_in_name(file.stem) == split]
    if not near:
        ways = [WayOut("sort them into class folders to test on them")]
        return warning(
            "flat_split", f"{what}, so they have no labels and are not used", f"{name} not used", images, ways
        )
    ways = [
        WayOut(f"sort them into class folders by the labels in {listed(map(str, near))}"),
        WayOut(f"take the folder out of {path}"),
    ]
    return error("flat_split", what, images, ways)


def _explain_too_few(path: Path, names: Names, folders: Sequence[ClassFolder]) -> None:
    """Raise the error of a folder with fewer than two classes, where the names or files of its folders explain it."""
    unread = [folder for folder in folders if folder.unread and not folder.images]
    if unread:
        files = [file for folder in folders for file in folder.unread]
        what = f"{path} has the class folders {listed(sorted({each.name for each in folders}))}, but"
        what += f" {listed(sorted({each.name for each in unread}))} hold no image that is read: {said_of_unread(files)}"
        raise DataError(error("unread_files", what, files))
    if only_folder(path) is None and (
        holding := [name for name in names.not_classes if images_below(path / name)]
    ):
        _refuse(path, names, holding)


def _refuse(path: Path, names: Names, holding: Sequence[str]) -> None:
    """Raise NotClasses for folders whose images have no labels."""
    whole = [name for name in holding if name in names.media and len(class_names(path / name)) > 1]
    if whole:
        what = f"{path / whole[0]} holds class folders, and other folders are beside it"
        raise NotClasses(error("no_labels", what, ways=[WayOut(f"give {path / whole[0]} as data")]))
    images = [f"{name}/{image}" for name in holding for image in images_below(path / name)]
    what = (
        f"{path} holds {len(images):,} images without labels in {listed(holding)}, which are no classes but "
        f"{names.said(holding)} by their names"
    )
    ways = [
        *ways_to_labels(path, [path / name for name in holding]),
        WayOut("rename a folder that is a class"),
    ]
    raise NotClasses(error("no_labels", what, images, ways))


def _beside(names: Names) -> tuple[str, ...]:
    return (*names.others, *names.media, *names.classes, *(names.parts if names.splits else ()))


def _not_used(root: Path) -> list[str]:
    used = set(class_names(root))
    return [folder.name for folder in subfolders(root) if folder.name not in used]


def _unused_folders(path: Path, folders: Iterable[str]) -> list[Problem]:
    """Warn of folders beside the used ones that hold images."""
    holding = {name: images for name in folders if (images := images_below(path / name))}
    if not holding:
        return []
    names = _names(path)
    count = sum(map(len, holding.values()))
    told = names.said(holding)
    why = f"{told} by their names" if told else "beside the splits"
    text = f"{count:,} images in {listed(holding)} of {path} are not used ({why})"
    ways = [WayOut("rename a folder that is a class")] if told else []
    return [warning("unused_folders", text, "folders not used", list(holding), ways)]


def _together(splits: Mapping[str, str]) -> list[Problem]:
    """Note that several folders are read as one split."""
    problems = []
    for split in _ORDER:
        same = [name for name, each in splits.items() if each == split]
        if len(same) > 1:
            problems.append(note("joined_folders", f"{listed(same)} are read together as {split}", same))
    return problems


def _wrapped(path: Path, used: Iterable[str], roots: Mapping[str, Sequence[Path]]) -> str:
    """Say where class folders are deeper than in the split's own folder."""
    inner = [
        root.relative_to(path).as_posix() for name in used for root in roots[name] if root != path / name
    ]
    return f" (inside {', '.join(inner)})" if inner else ""
