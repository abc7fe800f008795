"""Index of a spec's data: a folder, a file or a built-in set."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.datasets.formats.labels.grades import LabelSource, Order, find_order
from engine.datasets.index import Index, Survey
from engine.datasets.indexing import make_index, survey_folder
from engine.datasets.layouts import recognise
from engine.datasets.read_options import ReadOptions
from engine.files.paths import Home
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.run_spec import RunSpec

if TYPE_CHECKING:
    from engine.datasets.builtin import BuiltinTable


def index_data(home: Home, spec: RunSpec) -> Index:
    """Index a spec's data. Raises DataError with one line that says what to do."""
    return survey_data(home, spec).checked()


def survey_data(home: Home, spec: RunSpec) -> Survey:
    """Survey a spec's data: its index and every problem found."""
    options = read_options(home, spec)
    if spec.data in BUILTIN_DEFAULTS:
        return _survey_builtin(spec.data, options)
    return survey_folder(home.resolve(spec.data), options)


def images_root(home: Home, spec: RunSpec) -> Path:
    """Return the folder that the names of a spec's images are relative to.

    Raises DataError, and ValueError for a built-in set, which has no folder."""
    if spec.data in BUILTIN_DEFAULTS:
        raise ValueError(f"{spec.data} is drawn, it has no folder")
    return recognise(home.resolve(spec.data), read_options(home, spec)).root


def read_options(home: Home, spec: RunSpec) -> ReadOptions:
    """Return a spec's options of reading, with paths resolved.

    The folder of images is relative to the home or, where that folder does not exist, to the data."""
    images = home.resolve(spec.images) if spec.images else None
    if images is not None and not os.path.isdir(images):
        data = home.resolve(spec.data)
        inside = (data if os.path.isdir(data) else data.parent) / spec.images
        images = inside if os.path.isdir(inside) else images
    return ReadOptions(
        images=images,
        image_column=spec.image_column,
        label_column=spec.label_column,
        split_column=spec.split_column,
        group_column=spec.group_column,
        class_names=spec.class_list,
        ordered=spec.ordered,
        test_fraction=spec.test_fraction,
        val_fraction=spec.val_fraction,
        split_seed=spec.split_seed,
        folds=spec.folds,
        fold=spec.fold,
        on_bad=spec.on_bad,
    )


def _survey_builtin(name: str, options: ReadOptions) -> Survey:
    from engine.datasets.builtin import builtin_table

    built = builtin_table(name)
    splits = [None] * len(built.labels) if built.splits is None else [str(split) for split in built.splits]
    index, problems = make_index(
        kind=name,
        root=None,
        names=[f"{name}#{row}" for row in range(len(built.labels))],
        labels=[int(label) for label in built.labels],
        splits=splits,
        groups=None,
        class_names=built.class_names,
        order=_order_of(name, built, options.ordered),
        options=options,
    )
    own = tuple(dict.fromkeys(split for split in splits if split))
    return Survey(index, "built-in data set", tuple(problems), own)


def _order_of(name: str, built: "BuiltinTable", setting: str) -> Order:
    source = LabelSource(name, says_grades=built.ordered, is_plural=name == "digits")
    return find_order(setting, source, built.class_names, are_numbers=True, are_named=False)[0]
