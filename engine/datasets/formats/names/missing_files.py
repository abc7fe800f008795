"""Problems of table rows without an image file: no name, a name outside the folder, a missing file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.problems import SKIP_THEM, TAKE_OUT, error, some, warning
from engine.problem import Problem, WayOut

PUT_THERE = WayOut("put them there")


@dataclass(frozen=True)
class RowsWithoutFile:
    """Rows of some tables for which there is no image file."""

    nameless: int
    """Number of rows without an image name."""
    outside: Sequence[str]
    """Names that lead out of the image folder."""
    missing: Sequence[str]
    """Names of files that do not exist."""
    total: int
    """Number of all rows."""
    where: str
    """Folders that were searched, in words."""
    unreadable: Mapping[Path, str]
    """Reasons why folders could not be listed, by folder."""
    there: str = ""
    """One image file that is there; empty where there is none."""
    not_searched: Path | None = None
    """Folder below which are too many files to look them up in all folders; None where that was done."""

    def problems(self, on_bad: str) -> list[Problem]:
        """Report the rows; with `on_bad` `skip` missing files are a warning, unless all are missing."""
        found = []
        if self.nameless:
            text = f"{some(self.nameless, self.total, 'row')} have no image name: give them one, or take them out"
            found.append(error("nameless_rows", text, [""] * self.nameless))
        if self.outside:
            first = f"image name {self.outside[0]!r} leads out of the image folder: use names below it"
            more = f" ({some(len(self.outside), self.total)})" if len(self.outside) > 1 else ""
            found.append(error("outside_names", first + more, self.outside))
        if self.missing:
            found.append(self._missing(on_bad))
        return found

    def _missing(self, on_bad: str) -> Problem:
        count = some(len(self.missing), self.total)
        text = f"{count} are not in {self.where}, the first is {self.missing[0]!r}"
        if self.unreadable:
            text += (
                f" ({'; '.join(f'{each} cannot be read: {why}' for each, why in self.unreadable.items())})"
            )
        if self.not_searched:
            text += f"; {self.not_searched} holds too many files to look further"
        if self.there and len(self.missing) * 2 > self.total:
            text += f"; a file that is there: {self.there!r}"
        if len(self.missing) == self.total:
            ways = [PUT_THERE, WayOut("say where with {}", "images")]
            return error("missing_files", text, self.missing, ways)
        if on_bad == "skip":
            return warning("missing_files", f"{text}: skipped", "missing images, skipped", self.missing)
        ways = [PUT_THERE, TAKE_OUT, SKIP_THEM]
        return error("missing_files", text, self.missing, ways)
