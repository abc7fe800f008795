"""Marks of the run table: a set of runs, and the range that grows with the cursor. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence

NO_MARK = " "
RunsOf = Callable[[Sequence[int]], Collection[int]]
"""Function that returns the runs of some lines: a group's are its members."""


class RunMarks:
    """Marked runs. Groups are marked by their members."""

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self._range: tuple[int, frozenset[int]] | None = None
        """The line that a range begins at, and what was marked before."""

    @property
    def in_range(self) -> bool:
        return self._range is not None

    def end_range(self) -> None:
        self._range = None

    def toggle(self, run_ids: Collection[int]) -> None:
        """Mark these, or none of them where all are marked."""
        self._range = None
        self.toggle_all(run_ids)

    def toggle_all(self, run_ids: Collection[int]) -> None:
        self.ids = self.ids - set(run_ids) if self.ids.issuperset(run_ids) else self.ids.union(run_ids)

    def toggle_range(self, line: int) -> None:
        """Begin a range at a line, or end the one that grows."""
        self._range = None if self._range is not None else (line, frozenset(self.ids))

    def extend(self, lines: Sequence[int], place: int, runs_of: RunsOf) -> bool:
        """Mark from the line where the range began to the one at `place`; False without a range."""
        if self._range is None:
            return False
        anchor, before = self._range
        if anchor not in lines:
            self._range = None
            return False
        first, last = sorted((lines.index(anchor), place))
        self.ids = set(before).union(runs_of(lines[first : last + 1]))
        return True

    def clear(self) -> bool:
        """Drop all marks; False where there was none."""
        had, self.ids, self._range = bool(self.ids), set(), None
        return had

    def keep(self, run_ids: Collection[int]) -> bool:
        """Drop the marks of runs that are gone; False where none are."""
        gone = self.ids.difference(run_ids)
        self.ids -= gone
        return bool(gone)

    def share(self, run_ids: Iterable[int]) -> str:
        """Draw whether all, some or none of these are marked."""
        marked = [run_id in self.ids for run_id in run_ids]
        return "▎" if all(marked) else "▏" if any(marked) else NO_MARK
