"""Tables inside the folders of splits: `train/metadata.csv`, `test/metadata.csv`, each beside its images."""

from collections.abc import Mapping
from pathlib import Path

from engine.datasets.formats.layout import Layout
from engine.datasets.formats.rows import Row


def join_splits(path: Path, layouts: Mapping[str, Layout], splits: Mapping[str, str]) -> Layout:
    """Join the layouts of the folders of splits, both by the folder's name, into one of the folder that holds them."""
    rows = [
        Row(f"{_below(layout.root, path)}{row.file}", row.label, splits[name], row.group, row.is_missing)
        for name, layout in layouts.items()
        for row in layout.rows
    ]
    problems = dict.fromkeys(problem for layout in layouts.values() for problem in layout.problems)
    return Layout(
        f"tables in {' and '.join(layouts)}",
        f"{path} holds the splits {', '.join(layouts)}; " + "; ".join(each.why for each in layouts.values()),
        path,
        tuple(rows),
        tuple(problems),
        next((each.group_column for each in layouts.values() if each.group_column), ""),
        label_source=next(iter(layouts.values())).label_source,
    )


def _below(root: Path, path: Path) -> str:
    return f"{root.relative_to(path).as_posix()}/"
