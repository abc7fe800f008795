"""The index of whatever a spec calls its data: a folder or a built-in set."""

from engine.datasets.builtin import BUILTIN_NAMES, builtin_table
from engine.datasets.index import Index, index_folder, make_index
from engine.paths import Home


def index_data(home: Home, data: str, *, test_fraction: float) -> Index:
    """Index a spec's data. Raises DataError with one line that says what to do."""
    if data in BUILTIN_NAMES:
        return index_builtin(data, test_fraction=test_fraction)
    return index_folder(home.resolve(data), test_fraction=test_fraction)


def index_builtin(name: str, *, test_fraction: float) -> Index:
    """A built-in set; its images are named `digits#17`."""
    built = builtin_table(name)
    splits: list[str | None] = (
        [None] * len(built.labels) if built.splits is None else [str(split) for split in built.splits]
    )
    return make_index(
        kind=name,
        root=None,
        names=[f"{name}#{row}" for row in range(len(built.labels))],
        labels=[int(label) for label in built.labels],
        splits=splits,
        groups=None,
        class_names=built.class_names,
        ordered=built.ordered,
        test_fraction=test_fraction,
    )
