"""Registry of data layouts; recognises the layout of a folder or file.

To add a layout, write its reader in `engine/datasets/formats/`, call it in `layout_readers.py`, and add an entry to
`LAYOUTS`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.datasets.data_folder import DataFolder
from engine.datasets.formats.folders.class_folders import flat_images
from engine.datasets.formats.folders.class_tree import only_folder
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.names.image_files import IMAGE_SUFFIXES, is_image
from engine.datasets.formats.names.image_names import check_inside
from engine.datasets.formats.problems import DataError, error
from engine.datasets.formats.rows import Row
from engine.datasets.formats.tables.lab import LAB_FILES
from engine.datasets.formats.tables.table_choice import is_usual
from engine.datasets.layout_readers import (
    array_files,
    class_folders,
    lab_in_folder,
    medmnist_file,
    medmnist_in_folder,
    mnist_file,
    mnist_in_folder,
    refuse_for_table,
    split_folders,
    split_tables,
    table_file,
    tables_with_images,
    tables_without_images,
)
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
    refuse_for_table(folder)
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
    arrays = array_files(folder)
    several = [f"{len(arrays)} .npz files: give one of them as data"]
    reasons = several if arrays else list(map(str, folder.table_failures))
    return (
        f"{folder.path} holds no layout that is known: it needs {', '.join(needs[:-1])}, or {needs[-1]}"
        + (f" ({reasons[0]})" if reasons else "")
    )


_TABLE, _CLASSES = "a CSV of images and labels", "a folder of images for each class"
LAB = LayoutKind(
    f"the four CSVs {', '.join(LAB_FILES)}", lab_in_folder, takes_images=True, reads_own_tables=True
)
TABLES = LayoutKind(_TABLE, tables_with_images, table_file, takes_columns=True, takes_images=True)
MEDMNIST = LayoutKind("one .npz", medmnist_in_folder, medmnist_file)
MNIST = LayoutKind("IDX files of images and labels as MNIST's", mnist_in_folder, mnist_file)
SPLIT_TABLES = LayoutKind(_TABLE, split_tables, takes_columns=True)
SPLIT_FOLDERS = LayoutKind(_CLASSES, split_folders)
CLASS_FOLDERS = LayoutKind(_CLASSES, class_folders)
UNPLACED_TABLES = LayoutKind(_TABLE, tables_without_images, takes_columns=True, takes_images=True)
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
