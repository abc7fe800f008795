"""Readers of class folders: a folder of images for each class, inside `train` and `test` or not."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from engine.datasets.formats.folders.class_names import class_names, folder_names
from engine.datasets.formats.folders.class_tree import (
    ClassFolder,
    class_folders,
    class_roots,
    has_split_folders,
    nested_copies,
    only_folder,
    part_roots,
    split_names,
)
from engine.datasets.formats.folders.folder_files import images_below
from engine.datasets.formats.folders.folder_problems import (
    listed,
    problems_of_classes,
    taken_as_classes,
    unused_files,
)
from engine.datasets.formats.folders.folder_refusals import (
    NotClasses,
    check_train,
    explain_too_few,
    explain_unread,
    flat_images,
    flat_split,
    refuse_doubtful,
    refuse_flat_train,
    refuse_split_classes,
)
from engine.datasets.formats.labels.grades import LabelSource
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.names.folder_names import Names, sort_names
from engine.datasets.formats.names.walk import holds_images, subfolders
from engine.datasets.formats.problems import DataError, note, warning
from engine.datasets.formats.rows import Row
from engine.datasets.formats.split_names import splits_of
from engine.problem import Problem, WayOut

__all__ = [
    "NotClasses",
    "flat_images",
    "has_split_folders",
    "only_folder",
    "read_class_folders",
    "read_split_folders",
]

FOLDER_NAMES = LabelSource("names of folders")

_ORDER = ("train", "test", "val")


def read_split_folders(path: Path) -> Layout:
    """Read the class folders of each split. Raises DataError where there is no train folder with classes, and where
    images without class folders have labels elsewhere."""
    names = split_names(path)
    splits = _in_order(names.splits)
    roots = {name: class_roots(path / name) for name in splits}
    flat = {name: images_below(path / name) for name, found in roots.items() if not found}
    flat = {name: images for name, images in flat.items() if images}
    used = [name for name in splits if roots[name]]
    check_train(path, names, {name: splits[name] for name in used}, flat)
    problems = [flat_split(path, name, flat[name], splits[name]) for name in flat]
    rows: list[Row] = []
    folders: list[ClassFolder] = []
    for name in used:
        for root in roots[name]:
            found, nested = _read(root, in_split=True)
            rows += _rows(path, found, splits[name])
            folders += found
            problems += nested
            problems += _unused_folders(root, _not_used(root))
            problems += taken_as_classes(root, folder_names(root), in_split=True)
        if path / name not in roots[name]:
            inside = [folder.name for folder in subfolders(path / name) if folder not in roots[name]]
            problems += _unused_folders(path / name, inside)
    if not rows:
        explain_unread(path, folders)
    refuse_doubtful(path, folders)
    problems += [*problems_of_classes(folders), *_unused_folders(path, _beside(names))]
    problems += unused_files(path, [root for name in used for root in (path / name, *roots[name])])
    listing = ", ".join(used)
    why = f"{path} holds {listing}, and these a folder for each class{_wrapped(path, used, roots)}"
    problems += _together({name: splits[name] for name in used})
    return _layout(f"class folders in {listing}", why, path, rows, problems)


def read_class_folders(path: Path) -> Layout | None:
    """Read the class folders; return None where fewer than two folders hold images.

    Raises NotClasses where the folders that hold images are splits, parts or masks by their names."""
    names = folder_names(path)
    parts = [root for part in names.parts for root in part_roots(path / part)]
    if parts and not any(holds_images(path / name) for name in names.classes):
        return _read_parts(path, names, parts)
    folders, nested = _read(path, in_split=False)
    if sum(bool(folder.images) for folder in folders) < 2:
        explain_too_few(path, names, folders)
        return None
    refuse_flat_train(path, names)
    refuse_split_classes(path, folders)
    refuse_doubtful(path, folders)
    inner = _inner_splits(path, folders)
    kind, why = "class folders", f"{path} holds a folder for each class"
    if inner:
        kind, why = (
            f"{kind} with {', '.join(inner)} inside",
            f"{why}, and in each of these {', '.join(inner)}",
        )
    problems = [
        *nested,
        *problems_of_classes(folders),
        *taken_as_classes(path, names),
        *_unused_folders(path, names.not_classes),
        *unused_files(path, []),
    ]
    rows = _rows(path, folders, None, inner)
    return _layout(kind, why, path, rows, problems)


def _read_parts(path: Path, names: Names, parts: Sequence[Path]) -> Layout | None:
    """Read the class folders of all parts of a data set together; return None where the only part has one class, so
    that it is looked into."""
    read = [_read(root, in_split=False) for root in parts]
    folders = [folder for found, _ in read for folder in found]
    nested = [problem for _, problems in read for problem in problems]
    if only_folder(path) is not None and sum(bool(folder.images) for folder in folders) < 2:
        return None
    rows = _rows(path, folders, None)
    if not rows:
        explain_unread(path, folders)
    listing = ", ".join(part.relative_to(path).as_posix() for part in parts)
    why = f"{path} holds the parts {listing}, and these a folder for each class"
    used = {part.relative_to(path).parts[0] for part in parts}
    unused = [name for name in names.not_classes if name not in used]
    problems = [*nested, *problems_of_classes(folders), *_unused_folders(path, unused)]
    problems += [*unused_files(path, parts)]
    return _layout(f"class folders in {listing}", why, path, rows, problems)


def _layout(kind: str, why: str, path: Path, rows: Iterable[Row], problems: Iterable[Problem]) -> Layout:
    return Layout(kind, why, path, tuple(rows), tuple(problems), has_names=True, label_source=FOLDER_NAMES)


def _read(root: Path, *, in_split: bool) -> tuple[list[ClassFolder], list[Problem]]:
    """Read the class folders in `root`, and warn of those that hold the data set once more: these are left out, unless
    others hold such folders too."""
    found = class_folders(root, in_split=in_split)
    copies, are_copies = nested_copies(found)
    if not copies:
        return found, []
    count, names = sum(len(copy.images) for copy in copies), [copy.name for copy in copies]
    if not are_copies:
        text = f"folders taken as classes hold folders called like other classes: {listed(names)} of {root}"
        ways = [WayOut("move them out of the folder if they are copies of the data")]
        return found, [warning("nested_copies", text, "a class may be a copy of the data set", names, ways)]
    what = f"{count:,} images in {listed(names)} of {root} are not used"
    text = f"{what}: folders called like the classes are in it, so it holds the data set once more"
    problem = warning("nested_copies", text, "a copy of the data set not used", names)
    return [folder for folder in found if folder not in copies], [problem]


def _in_order(splits: Mapping[str, str]) -> dict[str, str]:
    """Sort the splits of folders, train first."""
    return dict(sorted(splits.items(), key=lambda item: (_ORDER.index(item[1]), item[0])))


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


def _inner_splits(path: Path, folders: Sequence[ClassFolder]) -> dict[str, str]:
    """Return the splits by folder where each class folder holds nothing but folders of splits.

    Raises DataError where these hold class folders: then the outer folders are data sets."""
    images = [image for folder in folders for image in folder.images]
    if not images or "/" not in images[0]:
        return {}
    inner = {image.partition("/")[0] if "/" in image else "" for image in images}
    splits = _in_order(splits_of(sorted(inner)))
    if set(splits) != inner or len({*splits.values()}) < 2 or "train" not in splits.values():
        return {}
    deeper = {image.split("/")[1] for image in images if image.count("/") > 1}
    if len(sort_names(sorted(deeper)).classes) > 1:
        names = listed(folder.name for folder in folders if folder.images)
        raise DataError(
            f"{path} holds several data sets ({names}), each with {listed(sorted(inner))}: give one of them"
        )
    return splits


def _beside(names: Names) -> tuple[str, ...]:
    return (*names.others, *names.media, *names.classes, *names.parts)


def _not_used(root: Path) -> list[str]:
    used = set(class_names(root, in_split=True))
    return [folder.name for folder in subfolders(root) if folder.name not in used]


def _unused_folders(path: Path, folders: Iterable[str]) -> list[Problem]:
    """Warn of folders beside the used ones that hold images."""
    holding = {name: images for name in folders if (images := images_below(path / name))}
    if not holding:
        return []
    count, told = sum(map(len, holding.values())), folder_names(path).said(holding)
    text = f"{count:,} images in {listed(holding)} of {path} are not used ({told or 'beside the splits'})"
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
