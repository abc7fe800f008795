"""Problems that name the tables beside a data set that are not used."""

from collections.abc import Mapping, Sequence

from engine.datasets.formats.problems import note, warning
from engine.datasets.formats.tables.table_choice import Failure, Fit
from engine.problem import Problem, WayOut


def unused_tables(
    fits: Sequence[Fit], failures: Mapping[str, Failure], used: Sequence[Fit] = ()
) -> list[Problem]:
    """Tell of each table that is not used: a warning where it may hold labels of these images, else a note."""
    left = [fit for fit in fits if fit not in used]
    doubtful = {
        fit.name: "has images and labels" + ("" if fit.are_files else ", and none of its images is here")
        for fit in left
    }
    doubtful |= {name: why.reason for name, why in failures.items() if why.names_images or why.is_unread}
    others = [fit.name for fit in left if fit.name not in doubtful]
    others += [name for name in failures if name not in doubtful]
    problems = [
        warning(
            "table_not_used", f"{name} is not used ({why})", f"{name} not used", [name], _ways(failures, name)
        )
        for name, why in sorted(doubtful.items())
    ]
    if others:
        named = [
            f"{name} ({_short(failures[name].reason)})" if name in failures else name
            for name in sorted(others)
        ]
        problems.append(note("unused_tables", f"not used: {'; '.join(named)}", others))
    return problems


def _ways(failures: Mapping[str, Failure], name: str) -> tuple[WayOut, ...]:
    """Return what would make a table that names these images usable."""
    return failures[name].ways if name in failures and failures[name].names_images else ()


def _short(reason: str) -> str:
    """Return a reason without its advice, which is for data that are this table."""
    return reason.partition(":")[0].strip()
