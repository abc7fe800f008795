"""Recognise how a data set lies on disk: which images there are, with which label, in which split."""

import os
from collections.abc import Sequence
from pathlib import Path

from engine.datasets.formats.csv_files import is_table
from engine.datasets.formats.folders import has_split_folders, read_class_folders, read_split_folders
from engine.datasets.formats.lab import LAB_FILES, read_lab
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.names import IMAGE_SUFFIXES, Places, check_inside, is_image
from engine.datasets.formats.npz import npz_labels
from engine.datasets.formats.problems import DataError, error
from engine.datasets.formats.rows import Row
from engine.datasets.formats.tabular import choose_tables, find_tables, fit_table, read_tables
from engine.datasets.read_options import ReadOptions
from engine.problem import WayOut

__all__ = [
    "IMAGE_SUFFIXES",
    "LAB_FILES",
    "DataError",
    "Layout",
    "Row",
    "check_inside",
    "is_image",
    "recognise",
]


def recognise(path: Path, options: ReadOptions | None = None) -> Layout:
    """Find out which layout a folder or file has, and read it with all that is wrong in it.

    Raises DataError where it has none."""
    options = options or ReadOptions()
    if options.images is not None and not os.path.isdir(options.images):
        what, ways = f"there is no folder {options.images}", [WayOut("give another")]
        raise DataError(error("no_images_folder", what, ways=ways, field="images"))
    try:
        if path.is_dir():
            return _folder(path, options)
        if not path.exists():
            raise DataError(
                f"{path} does not exist: give a folder with images, or digits, fundus, fundus-balanced"
            )
        return _file(path, options)
    except PermissionError as denied:
        raise DataError(f"{denied.filename or path} cannot be read: check its permissions") from None
    except OSError as failed:
        raise DataError(
            f"{failed.filename or path} cannot be read ({failed.strerror}): check its name and its disk"
        ) from None


def _file(path: Path, options: ReadOptions) -> Layout:
    if path.suffix.lower() == ".npz":
        _needs_no_column(path, options)
        _needs_no_images(path, options)
        return _npz(path)
    if not is_table(path.name) or not path.is_file():
        raise DataError(f"{path} is a file: give a .csv, a .npz, or the folder that holds images and labels")
    return read_tables([fit_table(path, options, Places(path.parent, options.images))], (), options)


def _folder(path: Path, options: ReadOptions) -> Layout:
    names = {entry.name for entry in path.iterdir()}
    if names & set(LAB_FILES):
        _needs_no_column(path, options)
        return read_lab(path, names, options)
    fits, failures = find_tables(path, names, options)
    if any(fit.are_files for fit in fits):
        return read_tables(choose_tables(fits), {*failures, *(fit.table.path.name for fit in fits)}, options)
    if fits and options.images is not None:
        return read_tables(choose_tables(fits), failures, options)
    if not fits:
        _needs_no_column(path, options, [*failures.values()])
        _needs_no_images(path, options, [*failures.values()])
    arrays = sorted(name for name in names if name.lower().endswith(".npz"))
    if len(arrays) == 1:
        return _npz(path / arrays[0])
    if has_split_folders(path):
        return read_split_folders(path)
    if layout := read_class_folders(path):
        return layout
    if fits:
        return read_tables(choose_tables(fits), failures, options)
    lacks = [f"{len(arrays)} .npz files: give one of them as data"] if arrays else list(failures.values())
    raise DataError(
        f"{path} holds no layout that is known: it needs a CSV of images and labels, the four CSVs "
        f"{', '.join(LAB_FILES)}, one .npz, or a folder of images for each class"
        + (f" ({lacks[0]})" if lacks else "")
    )


def _needs_no_column(path: Path, options: ReadOptions, lacks: Sequence[str] = ()) -> None:
    """Raises DataError where a column is asked for and the layout has no table of columns; `lacks` are what
    tables lack that were tried."""
    columns = [options.image_column, options.label_column, options.split_column, options.group_column]
    wanted = next(filter(None, columns), None)
    if wanted:
        raise DataError(
            lacks[0] if lacks else f"{path} has no table, and so no column {wanted!r}: leave it out"
        )


def _needs_no_images(path: Path, options: ReadOptions, lacks: Sequence[str] = ()) -> None:
    """Raises DataError where a folder of images is given and the layout names none, as above."""
    if options.images is not None:
        what, ways = f"{path} has no table that names images", [WayOut("leave it out")]
        no_table = error("no_table", what, ways=ways, field="images")
        raise DataError(lacks[0] if lacks else no_table)


def _npz(path: Path) -> Layout:
    """MedMNIST: the file's splits are ours, its images are named `retinamnist.npz#test/17`."""
    rows = [
        Row(f"{path.name}#{split}/{number}", label, split)
        for split, labels in npz_labels(path).items()
        for number, label in enumerate(labels)
    ]
    splits = ", ".join(dict.fromkeys(row.split or "" for row in rows))
    return Layout(
        f"MedMNIST {path.name}", f"{path} holds images and labels of {splits}", path.parent, tuple(rows)
    )
