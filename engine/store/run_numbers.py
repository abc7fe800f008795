"""Runs' numbers as text and back: `run 3`, `runs 1-4, 7`."""

from collections.abc import Iterable

WHICH = {"failed": "which failed", "cancelled": "which was cancelled", "paused": "which is paused"}
"""Of a run that others wait for and that will not go on by itself, by its status."""
LARGEST_ID = 2**31 - 1
"""Largest id that the run table of any database can hold: PostgreSQL's INTEGER. A query for more would fail."""
SHOWN = 12
"""Numbers or ranges that a line names."""


def numbered(run_ids: Iterable[int]) -> str:
    """`run 3` or `runs 1-4, 7`; a long list is cut and counted."""
    wanted = sorted(set(run_ids))
    if len(wanted) == 1:
        return f"run {wanted[0]}"
    spans: list[list[int]] = []
    for run_id in wanted:
        if spans and run_id == spans[-1][1] + 1:
            spans[-1][1] = run_id
        else:
            spans.append([run_id, run_id])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in spans]
    rest = f", … ({len(wanted)} in all)" if len(texts) > SHOWN else ""
    return f"runs {', '.join(texts[:SHOWN])}{rest}"
