"""Layout of a recognised data set: images with labels, splits and groups, and their problems."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.datasets.formats.labels.grades import LabelSource
from engine.datasets.formats.rows import Row
from engine.problem import Problem


@dataclass(frozen=True)
class Layout:
    """Recognised layout. Rows that name no image are among the problems, not among the rows."""

    kind: str
    """Kind in words, such as `lab CSVs, images in train`."""
    why: str
    """Evidence that it was recognised by, in words."""
    root: Path
    """Folder that the rows' files are relative to."""
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    group_column: str = ""
    """Column that the rows' groups come from."""
    has_names: bool = False
    """True where labels are the names of folders."""
    label_source: LabelSource = LabelSource()

    def with_problems(self, problems: Sequence[Problem]) -> "Layout":
        """Return the layout with more problems."""
        return replace(self, problems=(*self.problems, *problems))
