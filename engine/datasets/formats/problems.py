"""Problems of a data set, collected in a list or raised as an error of one line."""

from collections.abc import Iterable, Sequence

from engine.problem import Problem, UserError, WayOut, errors_of

EXAMPLES = 10
"""Number of names that a problem keeps."""
TAKE_OUT = WayOut("take their rows out")
SKIP_THEM = WayOut("skip them with {}", "on_bad", "skip")


class DataError(UserError, ValueError):
    """Error for data that cannot be used, in one line that says what to do."""

    def __init__(self, problem: Problem | str) -> None:
        self.problem = problem if isinstance(problem, Problem) else error("data", problem)
        super().__init__(self.problem.text if self.problem.field == "data" else self.problem.line)


def error(
    kind: str, what: str, names: Sequence[str] = (), ways: Sequence[WayOut] = (), field: str = "data"
) -> Problem:
    """Return a problem with which the data cannot be used; `names` are the images or files that it concerns."""
    return Problem(field, "error", what, tuple(names[:EXAMPLES]), tuple(ways), kind, count=len(names) or 1)


def warning(
    kind: str, what: str, brief: str, names: Sequence[str] = (), ways: Sequence[WayOut] = ()
) -> Problem:
    """Return a problem that should be read; `brief` says it in a few words."""
    return Problem(
        "data", "warning", what, tuple(names[:EXAMPLES]), tuple(ways), kind, brief, len(names) or 1
    )


def note(kind: str, what: str, names: Sequence[str] = (), ways: Sequence[WayOut] = ()) -> Problem:
    """Something about the data that needs nobody's attention."""
    return Problem("data", "note", what, tuple(names[:EXAMPLES]), tuple(ways), kind, count=len(names) or 1)


def no_header(which: str, firsts: Sequence[str]) -> Problem:
    """Warn that a program which expects a header would lose the first image of each table, listed in `firsts`."""
    text = (
        f"{which} no header: all rows are read here, but a reader that expects one (as the lab's own loader "
        f"and pandas do) loses the first image of each: {', '.join(firsts)}"
    )
    return warning("no_header", text, "no header row", firsts)


def raise_first(problems: Iterable[Problem]) -> None:
    """Raise the first error as a DataError."""
    for problem in errors_of(problems):
        raise DataError(problem)


def some(count: int, total: int, what: str = "image") -> str:
    """Format a share: `3 of 10 images`, `1 of 10 images`."""
    return f"{count:,} of {total:,} {what}s"
