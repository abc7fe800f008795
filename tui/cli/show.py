"""`show`, `log`: print a run, or its log."""

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.files.paths import Home
from engine.queries.read_groups import group_of_run
from engine.store import listing
from engine.store.database import Store, open_store
from engine.store.status import ENDED
from tui.cli import groups as group_text
from tui.cli.documents import whole
from tui.cli.ids import RunId
from tui.cli.options import Json, takes_home
from tui.cli.output import CliError, print_json, print_message
from tui.cli.pooled import pooled_document, pooled_lines
from tui.cli.scores import curves_document, curves_lines, threshold_document, threshold_lines
from tui.cli.show_text import show_lines
from tui.formatting import plain

Group = Annotated[
    bool, typer.Option("--group", help="Show the run's group: every metric as mean, deviation, interval.")
]
Curves = Annotated[
    bool, typer.Option("--curves", help="ROC, precision-recall, reliability and histograms of the scores.")
]
Threshold = Annotated[
    str | None,
    typer.Option(help="sensitivity=0.9 or specificity=0.95: chosen on val images, told on test images."),
]
ClassName = Annotated[str | None, typer.Option("--class", help="Class of the threshold, or referable.")]


@takes_home
def show(
    home: Home,
    run_id: RunId,
    group: Group = False,
    curves: Curves = False,
    threshold: Threshold = None,
    class_name: ClassName = None,
    as_json: Json = False,
) -> int:
    """Show everything about a run, about its group, or what its scores are worth."""
    store = open_store(home.database, create=False)
    if class_name is not None and threshold is None:
        raise CliError("--class names the class of a --threshold: give sensitivity=0.9 or specificity=0.95")
    asked = {"--group": group, "--curves": curves, "--threshold": threshold is not None}
    if sum(asked.values()) > 1:
        raise CliError(f"give {' or '.join(name for name, is_asked in asked.items() if is_asked)}, not both")
    if threshold is not None:
        found = threshold_document(store, home, run_id, threshold, class_name)
        lines = threshold_lines(found)
    elif group:
        found, lines = _group_shown(store, home, run_id)
    elif curves:
        found = {"curves": curves_document(store, home, run_id)}
        lines = curves_lines(found["curves"])
        found = {**whole(store, home, run_id), **found} if as_json else found
    else:
        found = whole(store, home, run_id, every_matrix=as_json)
        lines = show_lines(found)
    if as_json:
        print_json(found)
        return 0
    for line in lines:
        print(line)
    return 0


def _group_shown(store: Store, home: Home, run_id: int) -> tuple[dict[str, Any], Iterator[str]]:
    with store.read() as session:
        found = group_of_run(session, run_id)
    if found is None:
        raise CliError(
            f"run {run_id} is in no group: no other run has its settings (clone {run_id} --seed 1)"
        )
    document = {**group_text.whole_document(found), **pooled_document(store, home, found)}
    return document, chain(group_text.group_lines(found, document), pooled_lines(document))


@takes_home
def log(
    home: Home,
    run_id: RunId,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing until the run has ended.")
    ] = False,
) -> int:
    """Print a run's log."""
    store = open_store(home.database, create=False)
    path, offset = home.run(run_id).log, 0
    while True:
        with store.read() as session:
            status = listing.get_run(session, run_id).status
        is_last = status in ENDED or not follow
        offset = _print_from(path, offset, to_its_end=is_last)
        if is_last:
            if not offset:
                print_message(f"run {run_id} ({status}) has no log yet")
            return 0
        time.sleep(0.5)


def _print_from(path: Path, offset: int, *, to_its_end: bool) -> int:
    """Print the complete lines of a file from a byte offset on, and return the next offset.

    `to_its_end`: also print a last line without a line break, as a killed process leaves it."""
    if not path.exists():
        return offset
    with path.open("rb") as file:
        file.seek(offset)
        lines = file.read()
    if not to_its_end:
        lines = lines[: lines.rfind(b"\n") + 1]
    for line in lines.decode(errors="replace").splitlines():
        print(plain(line), flush=True)
    return offset + len(lines)
