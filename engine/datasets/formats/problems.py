"""Problems of a data set, collected in a list or raised as an error of one line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
EXAMPLES = 10
"""Most names that a problem keeps as examples."""


class DataError(ValueError):
    """Error for data that cannot be used, in one line that says what to do."""


@dataclass(frozen=True)
class Problem:
    """One problem of a data set."""

    kind: str
    """Identifier for programs, such as `missing_files`."""
    severity: Severity
    """`error`: the data cannot be used; `warning`: the user should look at it; `note`: for information."""
    text: str
    """One line that says what is wrong and what to do."""
    brief: str = ""
    """Short form of a few words, where there is little room."""
    count: int = 1
    """Number of images or files concerned."""
    examples: tuple[str, ...] = ()
    """Names of the first `EXAMPLES` of them."""


def error(kind: str, text: str, names: Sequence[str] = ()) -> Problem:
    return Problem(kind, "error", text, count=len(names) or 1, examples=tuple(names[:EXAMPLES]))


def warning(kind: str, text: str, brief: str, names: Sequence[str] = ()) -> Problem:
    return Problem(kind, "warning", text, brief, len(names) or 1, tuple(names[:EXAMPLES]))


def note(kind: str, text: str, names: Sequence[str] = ()) -> Problem:
    return Problem(kind, "note", text, count=len(names) or 1, examples=tuple(names[:EXAMPLES]))


def no_header(which: str, firsts: Sequence[str]) -> Problem:
    """Warn that a program which expects a header would lose the first image of each table, listed in `firsts`."""
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
    """Format a share: `3 of 10 images`, `1 of 10 images`."""
    return f"{count:,} of {total:,} {what}s"
