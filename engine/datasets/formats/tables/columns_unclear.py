"""Error for a table that names images, but whose columns the program cannot tell apart."""

from collections.abc import Sequence

from engine.datasets.formats.problems import DataError, error
from engine.problem import WayOut


class ColumnsUnclear(DataError):
    """Error that asks for a column; `names` are a sample of the image names in the table."""

    def __init__(self, what: str, way: WayOut, names: Sequence[str]) -> None:
        self.names = names
        super().__init__(error("columns_unclear", what, ways=[way]))
