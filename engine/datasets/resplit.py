"""Split a data set by groups and write its table as a folder, which is a data set of its own."""

import csv
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from engine.datasets.formats.names.image_names import without_suffix
from engine.datasets.formats.problems import DataError
from engine.datasets.groups import groups_by_name
from engine.datasets.index import SKIPPED, Index
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions
from engine.datasets.splits import draw_split, split_seed

TABLE, LINK, GROUP = "labels.csv", "images", "group"


@dataclass(frozen=True)
class Shares:
    """Shares of the images for test and val, and the seed of the draw."""

    test: float
    """Share of all images."""
    val: float
    """Share of the images that are not in test."""
    seed: int
    """With 0 the split is the one that a run draws for data without a split."""


def resplit(index: Index, shares: Shares, *, by_pattern: bool) -> Index:
    """Split the images anew, each group as a whole; earlier splits are ignored, missing images stay in none.

    `by_pattern` takes the groups from the images' names. Raises DataError where the names follow no known pattern,
    and for an empty split."""
    if by_pattern:
        found = groups_by_name(index.names)
        if found is None:
            raise DataError(
                "the images' names follow no pattern of groups that is known: give a column of groups"
            )
        index = replace(index, groups=found.of, group_rule=found.rule)
    called = [without_suffix(name) for name in index.names]
    lines = [
        f"{name}\t{index.class_names[label]}\t" for name, label in zip(called, index.labels, strict=True)
    ]
    seed = split_seed(lines) + (f"/{shares.seed}" if shares.seed else "")
    splits = ["train"] * len(index.names)
    for split, fraction in (("test", shares.test), ("val", shares.val)):
        rows = [row for row, each in enumerate(splits) if each == "train"]
        salt = seed if split == "test" else f"{seed}/{split}"
        for row in draw_split(rows, index.labels, index.groups or called, fraction, salt) if fraction else ():
            splits[row] = split
    splits = [SKIPPED if was == SKIPPED else split for was, split in zip(index.splits, splits, strict=True)]
    for split, fraction in (("train", 1.0), ("val", shares.val), ("test", shares.test)):
        if fraction and split not in splits:
            raise DataError(
                f"no group fits into {split}: the groups are too few or too large for this fraction"
            )
    return replace(index, splits=tuple(splits))


def write_split(index: Index, out: Path, *, inside: Path) -> dict[str, str]:
    """Create the folder `out` with a table and a link to the images, atomically.

    Return the fields of a spec that a run needs to read the table correctly. The link is relative where images and
    `out` are both inside `inside`, so that this folder may move. Raises DataError where `out` is not empty or would be
    taken for a class, and OSError."""
    if index.root is None:
        raise DataError(f"{index.kind} is built in: it has its split")
    root, target = Path(os.path.realpath(index.root)), Path(os.path.realpath(out))
    if out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir()))):
        raise DataError(f"{out} exists and is not empty: choose another folder")
    if target.is_relative_to(root) and index.has_class_folders:
        raise DataError(f"{out} would be a class of {index.root}: choose a folder elsewhere")
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        home = os.path.realpath(inside)
        is_movable = root.is_relative_to(home) and target.is_relative_to(home)
        os.symlink(os.path.relpath(root, target) if is_movable else root, aside / LINK)
        _write_table(index, aside / TABLE)
        needed = _read_back(index, aside)
        aside.chmod(0o755)
        os.replace(aside, target)
        return needed
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _write_table(index: Index, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "label", "split", *([GROUP] if index.groups else [])])
        for row in index.used:
            group = [index.groups[row]] if index.groups else []
            writer.writerow(
                [index.names[row], index.class_names[index.labels[row]], index.splits[row], *group]
            )
        file.flush()
        os.fsync(file.fileno())


def _read_back(index: Index, folder: Path) -> dict[str, str]:
    """Read the new table again and return the fields of a spec that a run needs to read the same images.

    Raises DataError where names, classes or groups are not read as they were written."""
    needed = _class_settings(index, folder)
    options = ReadOptions(
        class_names=index.class_names if "class_names" in needed else (),
        ordered=needed.get("ordered", "auto"),
    )
    found = survey_folder(folder, options).checked()
    if index.groups and not _have_same_groups(index, found):
        # Groups as large as these are taken for patients only where the spec names their column.
        needed["group_column"] = GROUP
        found = survey_folder(folder, replace(options, group_column=GROUP)).checked()
    meant = [(index.names[row], index.splits[row], index.labels[row]) for row in index.used]
    if list(zip(found.names, found.splits, found.labels, strict=True)) != meant or (
        index.groups and not _have_same_groups(index, found)
    ):
        raise DataError(
            f"the names of {index.root} do not survive a table: rename images or groups with spaces at their ends"
        )
    return needed


def _class_settings(index: Index, folder: Path) -> dict[str, str]:
    """Return the fewest settings with which the table gives the same classes, in order or not.

    The heading of the new table says less of grades than the one that the labels had."""
    names, ordered = ",".join(index.class_names), "on" if index.ordered else "off"
    for needed in ({}, {"ordered": ordered}, {"class_names": names}):
        listed = index.class_names if "class_names" in needed else ()
        found = survey_folder(folder, ReadOptions(class_names=listed, ordered=needed.get("ordered", "auto")))
        now = found.index if found.usable else None
        if now is not None and (now.class_names, now.ordered) == (index.class_names, index.ordered):
            return needed
    return {"class_names": names, "ordered": ordered}


def _have_same_groups(index: Index, found: Index) -> bool:
    """Return True where both group the same images together, whatever the names of the groups."""
    ours, theirs = [(index.groups or ())[row] for row in index.used], list(found.groups or ())
    return len(ours) == len(theirs) and len({*zip(ours, theirs, strict=True)}) == len({*ours}) == len(
        {*theirs}
    )
