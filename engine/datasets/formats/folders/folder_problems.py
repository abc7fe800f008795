"""Problems of class folders, each in one line."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from engine.datasets.formats.cells import normal
from engine.datasets.formats.folders.class_tree import ClassFolder
from engine.datasets.formats.folders.folder_files import DATA_SUFFIXES
from engine.datasets.formats.names.folder_names import (
    Names,
    copied_names,
    doubtful_classes,
    doubtful_numbers,
    sort_names,
)
from engine.datasets.formats.names.image_files import advice_for, is_image, suffix_of
from engine.datasets.formats.names.walk import is_clutter, is_readme
from engine.datasets.formats.problems import note, warning
from engine.datasets.formats.split_names import is_like_split
from engine.datasets.formats.tables.table_files import is_table
from engine.problem import Problem, WayOut

_NAMED = 5


def problems_of_classes(folders: Sequence[ClassFolder]) -> list[Problem]:
    """Return the problems of all class folders of a data set; those of one name in several splits count together."""
    by_name: dict[str, list[ClassFolder]] = {}
    for folder in folders:
        by_name.setdefault(folder.name, []).append(folder)
    found = [*_unread(by_name), *_without_images(by_name), *_masks(by_name), *_doubtful(list(by_name))]
    found += [*_copies(by_name), *_kept_beside(by_name)]
    return [*found, *_inner_classes(by_name), *_merged(by_name)]


def taken_as_classes(root: Path, names: Names, *, in_split: bool = False) -> list[Problem]:
    """Warn of a class that is called like a folder of all images or, outside a split, like a split."""
    is_split = any(map(is_like_split, names.taken))
    if not names.taken or is_split and in_split:
        return []
    what = "a split" if is_split else "a folder of all images, masks or annotations"
    text = f"{listed(names.taken)} is taken as a class: a folder in {root} that is named like {what}"
    ways = [WayOut("move it out of the folder if it is no class")]
    return [warning("doubtful_classes", text, "a folder may be no class", names.taken, ways)]


def said_of_unread(files: Iterable[str]) -> str:
    """Say which suffixes some files have that are not decoded, and what to do: `.heic (no decoder: …)`."""
    suffixes = Counter(map(suffix_of, files))
    return ", ".join(
        f"{suffix or 'no suffix'} ({advice_for(suffix)})" for suffix, _ in suffixes.most_common(_NAMED)
    )


def _unread(by_name: Mapping[str, Sequence[ClassFolder]]) -> list[Problem]:
    """Warn of files that may be pictures and are not decoded; classes that have nothing else are reported apart."""
    counted = {
        name: (sum(len(each.unread) for each in same), sum(len(each.images) for each in same))
        for name, same in by_name.items()
        if any(each.unread for each in same) and any(each.images for each in same)
    }
    if not counted:
        return []
    said = [f"{lost:,} of {lost + used:,} files of class {name}" for name, (lost, used) in counted.items()]
    more = f" and files of {len(said) - _NAMED} more classes" if len(said) > _NAMED else ""
    files = [file for name in counted for each in by_name[name] for file in each.unread]
    text = f"{', '.join(said[:_NAMED])}{more} are not used: {said_of_unread(files)}"
    return [warning("unread_files", text, f"{len(files):,} files not used", files)]


def _without_images(by_name: Mapping[str, Sequence[ClassFolder]]) -> list[Problem]:
    problems = []
    for name, same in by_name.items():
        if any(each.images for each in same):
            continue
        files = [file for each in same for file in each.unread]
        why = f": {len(files):,} files are not used, {said_of_unread(files)}" if files else ""
        text = f"folder {name} holds no image that is read, so {name} is no class{why}"
        is_class = files or not any(any(each.folder.iterdir()) for each in same)
        kind, brief = "class_without_images", f"no images of {name}"
        problems.append(warning(kind, text, brief, [name]) if is_class else note(kind, text, [name]))
    return problems


def _masks(by_name: Mapping[str, Sequence[ClassFolder]]) -> list[Problem]:
    masks = [f"{name}/{mask}" for name, same in by_name.items() for each in same for mask in each.masks]
    if not masks:
        return []
    text = (
        f"{len(masks):,} images are masks or the like by their names, such as {masks[0]!r}, and are not used"
    )
    ways = [WayOut("rename them if they are images of the class")]
    return [warning("masks", text, "masks not used", masks, ways)]


def _doubtful(names: Sequence[str]) -> list[Problem]:
    doubtful = doubtful_numbers(names)
    if not doubtful:
        return []
    text = (
        f"the folders {listed(doubtful)} differ by a number alone and are taken as classes; if they are parts of the "
        "images, patients or days, these labels are wrong"
    )
    ways = [WayOut("give the labels in a table with the columns image,label")]
    return [warning("numbered_folders", text, "folders that differ by a number", doubtful, ways)]


def _copies(by_name: Mapping[str, Sequence[ClassFolder]]) -> list[Problem]:
    """Warn of folders that are called like copies of others."""
    names = copied_names([name for name, same in by_name.items() if any(each.images for each in same)])
    if not names:
        return []
    text = f"folders taken as classes look like copies of class folders: {listed(names)}"
    ways = [WayOut("move them out of the folder, or their images into the first")]
    return [warning("copied_folders", text, "a class may be a copy", names, ways)]


def _kept_beside(by_name: Mapping[str, Sequence[ClassFolder]]) -> list[Problem]:
    """Warn of folders that are called like those which people keep beside their data."""
    names = doubtful_classes([name for name, same in by_name.items() if any(each.images for each in same)])
    if not names:
        return []
    counts = {name: sum(len(each.images) for each in by_name[name]) for name in names}
    said = listed(f"{name} ({count:,})" for name, count in counts.items())
    ways = [WayOut("move what is no class out of the folder")]
    return [
        warning(
            "doubtful_classes",
            f"folders taken as classes, with their images: {said}",
            "a folder may be no class",
            names,
            ways,
        )
    ]


def _inner_classes(by_name: Mapping[str, Sequence[ClassFolder]]) -> list[Problem]:
    """Warn where the class folders hold the same folders, so that these may be the classes."""
    inner = [
        frozenset().union(*(each.inner for each in same))
        for same in by_name.values()
        if any(each.images for each in same)
    ]
    shared = sorted(frozenset.intersection(*inner)) if inner else []
    if len(inner) < 2 or len(sort_names(shared).classes) < 2:
        return []
    text = (
        f"the folders {listed(by_name)} are taken as classes, but each holds folders {listed(shared)}: if these are "
        "the classes, the labels are wrong"
    )
    ways = [WayOut("sort the images by them")]
    return [warning("inner_folders", text, "folders inside classes", shared, ways)]


def _merged(names: Iterable[str]) -> list[Problem]:
    """Note the folders whose names are one number, such as `01` and `1`."""
    by_number: dict[str, list[str]] = {}
    for name in names:
        by_number.setdefault(normal(name), []).append(name)
    return [
        note("merged_folders", f"the folders {listed(same)} are one number and read as one class", same)
        for same in by_number.values()
        if len(same) > 1
    ]


def unused_files(path: Path, folders: Iterable[Path]) -> list[Problem]:
    """Note the files beside class folders that may hold labels, and images in no class folder."""
    problems, data = [], []
    for folder in dict.fromkeys([path, *folders]):
        names = sorted(each.name for each in folder.iterdir() if not is_clutter(each.name))
        loose = [name for name in names if is_image(name) and (folder / name).is_file()]
        if loose:
            text = f"{len(loose):,} images of {folder} are in no class folder and not used"
            problems.append(note("extra_files", text, loose))
        data += [
            (folder / name).relative_to(path).as_posix()
            for name in names
            if suffix_of(name) in DATA_SUFFIXES
            and not is_readme(name)
            and not (folder == path and is_table(name))  # these are told of with the reason
        ]
    if data:
        text = f"not used, because the names of the folders are the labels: {listed(data)}"
        problems.append(note("unused_tables", text, data))
    return problems


def listed(names: Iterable[str]) -> str:
    """List the first few names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - _NAMED:,} more" if len(every) > _NAMED else ""
    return f"{', '.join(every[:_NAMED])}{more}"
