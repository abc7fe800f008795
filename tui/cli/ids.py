"""Parser of run numbers on the command line: `3`, `3-7`, `1,4-6`."""

import re
from collections.abc import Iterable
from typing import Annotated

import typer

from engine.store import listing
from engine.store.database import Store
from engine.store.run_numbers import LARGEST_ID, numbered
from tui.cli.output import CliError, print_message
from tui.formatting import plain
from tui.verbs import Outcome

Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Runs: numbers, ranges such as 3-7, or 1,4-6.")]
RunId = Annotated[int, typer.Argument(metavar="ID", max=LARGEST_ID, help="The run's number.")]
MAX_DIGITS = 20
"""More digits than LARGEST_ID has; Python refuses to parse integers of thousands of digits."""
MANY = 5
"""For more runs than this a verb prints one line for all."""


def parse_ids(texts: Iterable[str]) -> list[tuple[int, int]]:
    """Return the first and last number of each range; a single number is both. Raises CliError for anything else."""
    return [_span(part.strip()) for text in texts for part in text.split(",")]


def _span(part: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", part, re.ASCII)
    if match is None:
        raise CliError(
            f"{plain(repr(part))} is not a run number: give numbers, ranges such as 3-7, or both as in 1,4-6"
        )
    numbers = [number.lstrip("0") or "0" for number in (match[1], match[2] or match[1])]
    for number in numbers:
        if len(number) > MAX_DIGITS or int(number) > LARGEST_ID:
            raise CliError(f"there is no run {_short(number)}: resnet-tui ls shows them all")
    first, last = map(int, numbers)
    if first > last:
        raise CliError(f"{part} is not a range: write {last}-{first}")
    return first, last


def _short(number: str) -> str:
    return number if len(number) <= 2 * MAX_DIGITS else f"{number[:MAX_DIGITS]}… of {len(number)} digits"


def find_ids(store: Store, texts: Iterable[str]) -> list[int]:
    """Return the ids that a call names, in its order and each once; of a range only those that exist.

    Raises CliError for an empty range. A single number is not looked up here: the store does that."""
    spans = parse_ids(texts)
    found: dict[int, None] = {}
    with store.read() as session:
        for first, last in spans:
            inside = [first] if first == last else listing.ids_between(session, first, last)
            if not inside:
                raise CliError(f"there is no run from {first} to {last}: resnet-tui ls shows them all")
            found |= dict.fromkeys(inside)
    return list(found)


def tell_runs(run_ids: Iterable[int], what: str) -> None:
    """Print what happened to runs: one line per run, or one for all where they are many."""
    wanted = list(run_ids)
    if len(wanted) > MANY:
        print_message(f"{numbered(wanted)}: {what}")
        return
    for run_id in wanted:
        print_message(f"run {run_id}: {what}")


def tell_outcome(outcome: Outcome) -> int:
    """Print what a verb did on standard error, and return the exit code."""
    for line in outcome.said:
        print_message(line)
    for run_ids, what in outcome.done:
        tell_runs(run_ids, what)
    for line in outcome.warnings:
        print_message(line)
    return 1 if outcome.failed else 0
