"""Registry of data layouts; recognises the layout of a folder or file.

To add a layout, write its reader in `engine/datasets/formats/` and an entry in `LAYOUTS`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.datasets.data_folder import DataFolder
from engine.datasets.formats.folders.class_folders import (
    NotClasses,
    flat_images,
    has_split_folders,
    read_class_folders,
    read_split_folders,
)
from engine.datasets.formats.folders.class_tree import only_folder
from engine.datasets.formats.folders.folder_files import images_below
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.medmnist import read_medmnist
from engine.datasets.formats.mnist import read_mnist
from engine.datasets.formats.names.idx_names import is_idx
from engine.datasets.formats.names.image_files import IMAGE_SUFFIXES, is_image
from engine.datasets.formats.names.image_names import check_inside
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.names.walk import subfolders
from engine.datasets.formats.problems import DataError, error, warning
from engine.datasets.formats.rows import Row
from engine.datasets.formats.split_names import SPLITS, splits_of
from engine.datasets.formats.tables.lab import LAB_FILES, read_lab
from engine.datasets.formats.tables.split_tables import join_splits
from engine.datasets.formats.tables.table_choice import (
    Fit,
    choose_tables,
    fit_table,
    is_usual,
)
from engine.datasets.formats.tables.table_files import is_table
from engine.datasets.formats.tables.tabular import read_tables
from engine.datasets.formats.tables.unused_tables import unused_tables
from engine.datasets.read_options import ReadOptions
from engine.problem import WayOut
from engine.spec.constants import BUILTIN_DEFAULTS

__all__ = [
    "IMAGE_SUFFIXES",
    "LAB_FILES",
    "LAYOUTS",
    "DataError",
    "DataFolder",
    "Layout",
    "LayoutKind",
    "Row",
    "check_inside",
    "is_image",
    "recognise",
]


@dataclass(frozen=True)
class LayoutKind:
    """One layout and its readers.

    A reader returns None where the folder or file does not have this layout, and raises DataError where it does
    but cannot be used."""

    needs: str
    """Noun phrase for the files that the layout needs; completes "it needs …"."""
    in_folder: Callable[[DataFolder], Layout | None]
    as_file: Callable[[Path, ReadOptions], Layout | None] = lambda _path, _options: None
    takes_columns: bool = False
    """True where the user may name columns (`image_column` …)."""
    takes_images: bool = False
    """True where the user may name a folder of images (`images`)."""
    reads_own_tables: bool = False
    """True where its tables have a form of their own, so that the failures of general tables do not apply."""


def recognise(path: Path, options: ReadOptions | None = None) -> Layout:
    """Recognise the layout of a folder or file and read its rows and problems.

    Raises DataError where it has no known layout or cannot be read."""
    options = options or ReadOptions()
    if options.images is not None and not os.path.isdir(options.images):
        what, ways = f"there is no folder {options.images}", [WayOut("give another")]
        raise DataError(error("no_images_folder", what, ways=ways, field="images"))
    try:
        if path.is_dir():
            return _in_folder(DataFolder(path, options))
        if not path.exists():
            built_in = ", ".join(BUILTIN_DEFAULTS)
            raise DataError(f"{path} does not exist: give a folder with images, or {built_in}")
        return _as_file(path, options)
    except PermissionError as denied:
        raise DataError(f"{denied.filename or path} cannot be read: check its permissions") from None
    except OSError as failed:
        raise DataError(
            f"{failed.filename or path} cannot be read ({failed.strerror}): check its name and its disk"
        ) from None


def _as_file(path: Path, options: ReadOptions) -> Layout:
    for kind in LAYOUTS:
        if (layout := kind.as_file(path, options)) is not None:
            _check_options(kind, path, options, ())
            return layout
    raise DataError(
        f"{path} is a file: give a .csv, a .npz, or the folder that holds images and labels (as of IDX files)"
    )


def _in_folder(folder: DataFolder) -> Layout:
    """Recognise a folder, or the only folder in it, into which archives are often unpacked."""
    if (layout := _first_layout(folder)) is not None:
        return layout
    inner = only_folder(folder.path)
    layout = _first_layout(DataFolder(inner, folder.options)) if inner is not None else None
    if inner is not None and layout is not None:
        return replace(layout, why=f"{folder.path} holds nothing but {inner.name}, and {layout.why}")
    _check_options(UNKNOWN, folder.path, folder.options, folder.table_failures)
    _refuse_for_table(folder)
    usual = [name for name in folder.tables.failures if is_usual(name)]
    if flat := flat_images(folder.path):
        raise folder.table_error(usual[0]) if usual else flat
    raise DataError(_unknown(folder))


def _first_layout(folder: DataFolder) -> Layout | None:
    for kind in LAYOUTS:
        if (layout := kind.in_folder(folder)) is not None:
            if kind.reads_own_tables:
                _check_options(kind, folder.path, folder.options, ())
            elif not folder.tables.fits:  # the named columns belong to a table that fits
                _check_options(kind, folder.path, folder.options, folder.table_failures)
            return layout
    return None


def _check_options(kind: LayoutKind, path: Path, options: ReadOptions, failures: Sequence[DataError]) -> None:
    """Raise DataError where an option is set that the layout does not use.

    `failures` are the errors of tables that were tried and do not fit."""
    columns = [options.image_column, options.label_column, options.split_column, options.group_column]
    wanted = next(filter(None, columns), None)
    if wanted and not kind.takes_columns:
        raise next(
            iter(failures), DataError(f"{path} has no table, and so no column {wanted!r}: leave it out")
        )
    if options.images is not None and not kind.takes_images:
        what, ways = f"{path} has no table that names images", [WayOut("leave it out")]
        raise next(iter(failures), DataError(error("no_table", what, ways=ways, field="images")))


def _unknown(folder: DataFolder) -> str:
    needs = list(dict.fromkeys(kind.needs for kind in LAYOUTS))
    arrays = _arrays(folder)
    several = [f"{len(arrays)} .npz files: give one of them as data"]
    reasons = several if arrays else list(map(str, folder.table_failures))
    return (
        f"{folder.path} holds no layout that is known: it needs {', '.join(needs[:-1])}, or {needs[-1]}"
        + (f" ({reasons[0]})" if reasons else "")
    )


def _lab_in_folder(folder: DataFolder) -> Layout | None:
    if not folder.names & set(LAB_FILES):
        return None
    return read_lab(folder.path, folder.names, folder.options)


def _tables_with_images(folder: DataFolder) -> Layout | None:
    fits = folder.tables.fits
    if any(fit.are_files for fit in fits):
        chosen = choose_tables(fits)
        is_usual = any(fit.is_usual for fit in chosen)
        return _read_chosen(folder, chosen) if is_usual or not _has_class_folders(folder) else None
    return _tables_without_images(folder) if folder.options.images is not None else None


def _tables_without_images(folder: DataFolder) -> Layout | None:
    return _read_chosen(folder, choose_tables(folder.tables.fits)) if folder.tables.fits else None


def _has_class_folders(folder: DataFolder) -> bool:
    """Return True where the folders are classes: texts beside them that name images are seldom labels."""
    try:
        return has_split_folders(folder.path) or read_class_folders(folder.path) is not None
    except NotClasses:
        return False


def _read_chosen(folder: DataFolder, chosen: list[Fit]) -> Layout:
    layout = read_tables(chosen, folder.options)
    return layout.with_problems(unused_tables(folder.tables.fits, folder.tables.failures, chosen))


def _table_file(path: Path, options: ReadOptions) -> Layout | None:
    if not is_table(path.name) or not path.is_file():
        return None
    return read_tables([fit_table(path, options, Places(path.parent, options.images))], options)


def _arrays(folder: DataFolder) -> list[str]:
    return sorted(name for name in folder.names if name.lower().endswith(".npz"))


def _medmnist_in_folder(folder: DataFolder) -> Layout | None:
    arrays = _arrays(folder)
    return read_medmnist(folder.path / arrays[0]) if len(arrays) == 1 else None


def _medmnist_file(path: Path, _options: ReadOptions) -> Layout | None:
    return read_medmnist(path) if path.suffix.lower() == ".npz" else None


def _mnist_in_folder(folder: DataFolder) -> Layout | None:
    """Read the files of a folder or, as torchvision leaves them in FashionMNIST/raw, of the only folder in it."""
    path: Path | None = folder.path
    while path is not None:
        if (layout := read_mnist(path, os.listdir(path))) is not None:
            return layout
        path = only_folder(path)
    return None


def _mnist_file(path: Path, _options: ReadOptions) -> Layout | None:
    if not is_idx(path.name):
        return None
    raise DataError(f"{path} is one of a pair of IDX files: give their folder {path.parent}")


def _split_folders(folder: DataFolder) -> Layout | None:
    return _beside_tables(folder, read_split_folders(folder.path)) if has_split_folders(folder.path) else None


def _class_folders(folder: DataFolder) -> Layout | None:
    """Read class folders, unless a table names their images without the folders: then these are no classes."""
    try:
        layout = read_class_folders(folder.path)
    except NotClasses:
        if folder.tables.fits:
            return None
        _refuse_for_table(folder)
        raise
    if layout is None:
        return None
    _refuse_for_table(folder, [WayOut("move it elsewhere if the folders are the classes")])
    return _beside_tables(folder, layout)


def _refuse_for_table(folder: DataFolder, others: Sequence[WayOut] = ()) -> None:
    """Raise DataError for a table that names the images, without their folders, and whose columns are unclear.

    Without `others`, ways that do without a table, also for one that has the folders or cannot be read."""
    for name, why in folder.tables.failures.items():
        if (why.is_unread and not others) or (why.names_images and not (why.names_folders and others)):
            raise folder.table_error(name, others)


def _split_tables(folder: DataFolder) -> Layout | None:
    """Read the tables inside the folders of splits, where that of train has one."""
    splits = splits_of([each.name for each in subfolders(folder.path)])
    # Beside class folders texts that name images are seldom labels.
    if folder.options.images is not None or "train" not in splits.values() or has_split_folders(folder.path):
        return None
    inner = {name: DataFolder(folder.path / name, folder.options) for name in splits}
    fitting = {name: each for name, each in inner.items() if any(fit.are_files for fit in each.tables.fits)}
    if "train" not in {splits[name] for name in fitting}:
        return None
    ordered = sorted(fitting, key=lambda name: (SPLITS.index(splits[name]), name))
    layouts = {name: _read_chosen(inner[name], choose_tables(inner[name].tables.fits)) for name in ordered}
    without = [name for name in splits if name not in fitting and images_below(folder.path / name)]
    left = [
        warning(
            "flat_split",
            f"the images in {folder.path / name} have no table of labels: not used",
            f"{name} not used",
        )
        for name in without
    ]
    return join_splits(folder.path, layouts, splits).with_problems(left)


def _beside_tables(folder: DataFolder, layout: Layout) -> Layout:
    return layout.with_problems(unused_tables(folder.tables.fits, folder.tables.failures))


_TABLE, _CLASSES = "a CSV of images and labels", "a folder of images for each class"
LAB = LayoutKind(
    f"the four CSVs {', '.join(LAB_FILES)}", _lab_in_folder, takes_images=True, reads_own_tables=True
)
TABLES = LayoutKind(_TABLE, _tables_with_images, _table_file, takes_columns=True, takes_images=True)
MEDMNIST = LayoutKind("one .npz", _medmnist_in_folder, _medmnist_file)
MNIST = LayoutKind("IDX files of images and labels as MNIST's", _mnist_in_folder, _mnist_file)
SPLIT_TABLES = LayoutKind(_TABLE, _split_tables, takes_columns=True)
SPLIT_FOLDERS = LayoutKind(_CLASSES, _split_folders)
CLASS_FOLDERS = LayoutKind(_CLASSES, _class_folders)
UNPLACED_TABLES = LayoutKind(_TABLE, _tables_without_images, takes_columns=True, takes_images=True)
"""Tables whose images are all missing; tried last."""
UNKNOWN = LayoutKind("", lambda _folder: None)

LAYOUTS: tuple[LayoutKind, ...] = (
    LAB,
    TABLES,
    MNIST,
    MEDMNIST,
    SPLIT_TABLES,
    SPLIT_FOLDERS,
    CLASS_FOLDERS,
    UNPLACED_TABLES,
)
"""The first that reads a folder or file is its layout."""
