"""What is wrong with a data set: found all at once, or raised as one line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
EXAMPLES = 10
"""How many names a problem keeps."""


class DataError(ValueError):
    """The data cannot be used; one line that says what to do."""


@dataclass(frozen=True)
class Problem:
    """Something about a data set that its owner should know."""

    kind: str
    """One word for programs, such as `missing_files`."""
    severity: Severity
    """With an `error` the data cannot be used; a `note` needs nobody's attention."""
    text: str
    """One line that says what to do."""
    brief: str = ""
    """The same in a few words, where there is little room."""
    count: int = 1
    """Of images or files."""
    examples: tuple[str, ...] = ()


def error(kind: str, text: str, names: Sequence[str] = ()) -> Problem:
    return Problem(kind, "error", text, count=len(names) or 1, examples=tuple(names[:EXAMPLES]))


def warning(kind: str, text: str, brief: str, names: Sequence[str] = ()) -> Problem:
    return Problem(kind, "warning", text, brief, len(names) or 1, tuple(names[:EXAMPLES]))


def note(kind: str, text: str, names: Sequence[str] = ()) -> Problem:
    return Problem(kind, "note", text, count=len(names) or 1, examples=tuple(names[:EXAMPLES]))


def no_header(which: str, firsts: Sequence[str]) -> Problem:
    """The warning that a reader which expects headings loses images; `firsts` are what it would lose."""
    text = (
        f"{which} no header: all rows are read here, but a reader that expects one (as the lab's own loader "
        f"and pandas do) loses the first image of each: {', '.join(firsts)}"
    )
    return warning("no_header", text, "no header row", firsts)


def raise_first(problems: Iterable[Problem]) -> None:
    """Raise the first error as a DataError."""
    for problem in problems:
        if problem.severity == "error":
            raise DataError(problem.text)


def some(count: int, total: int, what: str = "image") -> str:
    """`3 of 10 images`, `1 of 10 images`."""
    return f"{count:,} of {total:,} {what}s"
