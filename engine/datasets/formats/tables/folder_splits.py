"""Splits by the folder of each image, for a table that names none."""

from collections.abc import Sequence

from engine.datasets.formats.problems import warning
from engine.datasets.formats.rows import Row
from engine.datasets.formats.split_names import SPLITS, splits_of
from engine.problem import Problem, WayOut

BY_FOLDER = "folder"
"""Value of `split_column` that takes the splits from the images' folders."""


def folder_splits(rows: Sequence[Row]) -> list[str] | None:
    """Return the split of each row where every image is in a folder of a split, of two splits or more; else None."""
    paths = [row.file.split("/")[:-1] for row in rows]
    for depth in range(min(map(len, paths), default=0)):
        splits = splits_of({path[depth] for path in paths})
        found = [splits.get(path[depth]) for path in paths]
        whole = [split for split in found if split is not None]
        if len(whole) == len(found) and len(set(whole)) > 1 and "train" in whole:
            return whole
    return None


def unused_folder_splits(rows: Sequence[Row]) -> list[Problem]:
    """Warn where the images are in folders of splits and another split will be drawn."""
    found = folder_splits(rows)
    if found is None or any(row.split for row in rows):
        return []
    counts = ", ".join(f"{found.count(split):,} {split}" for split in SPLITS if split in found)
    text = f"the images are in folders of splits ({counts}), and the table names no split, so one is drawn"
    ways = [WayOut("take the folders' with {}", "split_column", BY_FOLDER)]
    return [warning("split_not_used", text, "the folders' split is not used", ways=ways)]
