"""Readers of layouts: of a folder or a file, None where it does not have the layout."""

import os
from collections.abc import Sequence
from pathlib import Path

from engine.datasets.data_folder import DataFolder
from engine.datasets.formats.folders.class_folders import (
    NotClasses,
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
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.names.walk import subfolders
from engine.datasets.formats.problems import DataError, warning
from engine.datasets.formats.split_names import SPLITS, splits_of
from engine.datasets.formats.tables.lab import LAB_FILES, read_lab
from engine.datasets.formats.tables.split_tables import join_splits
from engine.datasets.formats.tables.table_choice import (
    Fit,
    choose_tables,
    fit_table,
)
from engine.datasets.formats.tables.table_files import is_table
from engine.datasets.formats.tables.tabular import read_tables
from engine.datasets.formats.tables.unused_tables import unused_tables
from engine.datasets.read_options import ReadOptions
from engine.problem import WayOut


def lab_in_folder(folder: DataFolder) -> Layout | None:
    if not folder.names & set(LAB_FILES):
        return None
    return read_lab(folder.path, folder.names, folder.options)


def tables_with_images(folder: DataFolder) -> Layout | None:
    fits = folder.tables.fits
    if any(fit.are_files for fit in fits):
        chosen = choose_tables(fits)
        is_usual = any(fit.is_usual for fit in chosen)
        return read_chosen(folder, chosen) if is_usual or not has_class_folders(folder) else None
    return tables_without_images(folder) if folder.options.images is not None else None


def tables_without_images(folder: DataFolder) -> Layout | None:
    return read_chosen(folder, choose_tables(folder.tables.fits)) if folder.tables.fits else None


def has_class_folders(folder: DataFolder) -> bool:
    """Return True where the folders are classes: texts beside them that name images are seldom labels."""
    try:
        return has_split_folders(folder.path) or read_class_folders(folder.path) is not None
    except NotClasses:
        return False


def read_chosen(folder: DataFolder, chosen: list[Fit]) -> Layout:
    layout = read_tables(chosen, folder.options)
    return layout.with_problems(unused_tables(folder.tables.fits, folder.tables.failures, chosen))


def table_file(path: Path, options: ReadOptions) -> Layout | None:
    if not is_table(path.name) or not path.is_file():
        return None
    return read_tables([fit_table(path, options, Places(path.parent, options.images))], options)


def array_files(folder: DataFolder) -> list[str]:
    return sorted(name for name in folder.names if name.lower().endswith(".npz"))


def medmnist_in_folder(folder: DataFolder) -> Layout | None:
    arrays = array_files(folder)
    return read_medmnist(folder.path / arrays[0]) if len(arrays) == 1 else None


def medmnist_file(path: Path, _options: ReadOptions) -> Layout | None:
    return read_medmnist(path) if path.suffix.lower() == ".npz" else None


def mnist_in_folder(folder: DataFolder) -> Layout | None:
    """Read the files of a folder or, as torchvision leaves them in FashionMNIST/raw, of the only folder in it."""
    path: Path | None = folder.path
    while path is not None:
        if (layout := read_mnist(path, os.listdir(path))) is not None:
            return layout
        path = only_folder(path)
    return None


def mnist_file(path: Path, _options: ReadOptions) -> Layout | None:
    if not is_idx(path.name):
        return None
    raise DataError(f"{path} is one of a pair of IDX files: give their folder {path.parent}")


def split_folders(folder: DataFolder) -> Layout | None:
    return beside_tables(folder, read_split_folders(folder.path)) if has_split_folders(folder.path) else None


def class_folders(folder: DataFolder) -> Layout | None:
    """Read class folders, unless a table names their images without the folders: then these are no classes."""
    try:
        layout = read_class_folders(folder.path)
    except NotClasses:
        if folder.tables.fits:
            return None
        refuse_for_table(folder)
        raise
    if layout is None:
        return None
    refuse_for_table(folder, [WayOut("move it elsewhere if the folders are the classes")])
    return beside_tables(folder, layout)


def refuse_for_table(folder: DataFolder, others: Sequence[WayOut] = ()) -> None:
    """Raise DataError for a table that names the images, without their folders, and whose columns are unclear.

    Without `others`, ways that do without a table, also for one that has the folders or cannot be read."""
    for name, why in folder.tables.failures.items():
        if (why.is_unread and not others) or (why.names_images and not (why.names_folders and others)):
            raise folder.table_error(name, others)


def split_tables(folder: DataFolder) -> Layout | None:
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
    layouts = {name: read_chosen(inner[name], choose_tables(inner[name].tables.fits)) for name in ordered}
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


def beside_tables(folder: DataFolder, layout: Layout) -> Layout:
    return layout.with_problems(unused_tables(folder.tables.fits, folder.tables.failures))
