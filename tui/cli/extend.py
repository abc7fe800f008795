"""`extend`, `clone`: train a run for more epochs, or queue similar runs."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from sqlmodel import Session

from engine.files.paths import Home
from engine.queries.judged import suggested_change
from engine.spec.grid import load_spec
from engine.store.add import Batch
from engine.store.database import open_store
from engine.store.listing import get_run
from engine.store.needs import needs_of
from engine.store.tables import Run
from tui import verbs
from tui.cli.ids import Ids, RunId, find_ids, tell_outcome
from tui.cli.options import edits_runs, takes_home, takes_spec
from tui.cli.output import CliError, checked_text, print_message
from tui.cli.queue_runs import expand, queue_runs
from tui.formatting import plain


@edits_runs
@takes_home
def extend(
    home: Home,
    run_id: RunId,
    epochs: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Total epochs, including those already done.")
    ],
) -> int:
    """Train a done run further from its last checkpoint. Its schedule must be constant: others depend on the length."""
    store = open_store(home.database, create=False)
    try:
        return tell_outcome(verbs.extend(store, home, run_id, epochs))
    except verbs.NoCheckpoint:
        raise CliError(
            f"run {run_id} has no checkpoint any more: train anew with resnet-tui clone {run_id} --epochs {epochs}"
        ) from None


@takes_home
@takes_spec
def clone(
    home: Home,
    run_ids: Ids,
    settings: dict[str, Any],
    name: Annotated[str | None, typer.Option(help="Name (default: the same).")] = None,
    sweep: Annotated[str | None, typer.Option(help="Sweep (default: the same).")] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="With the change that the gravest finding suggests.")
    ] = False,
) -> int:
    """Queue copies of runs with the given changes; lists make several. Prints the new ids, one per line."""
    store = open_store(home.database, create=False)
    wanted = find_ids(store, run_ids)
    with store.read() as session:
        runs = [get_run(session, run_id) for run_id in wanted]
        fixes = [_fix(session, run, sweep) if fix else {} for run in runs]
    batches = [
        _like(home, run, {**change, **settings}, name, sweep) for run, change in zip(runs, fixes, strict=True)
    ]
    return queue_runs(home, store, batches)


def _fix(session: Session, run: Run, sweep: str | None) -> Mapping[str, Any]:
    """Return the change that a run's findings suggest, and say it, with the sweep that the clone has of its source.
    Raises CliError where there is none."""
    change = suggested_change(session, run)
    if not change:
        raise CliError(f"run {run.id} has no suggested change: leave --fix out")
    told = ", ".join(f"{name} {value}" for name, value in change.items())
    joins = (
        f"; its clone joins sweep {run.sweep} (another: --sweep NAME)" if run.sweep and sweep is None else ""
    )
    print_message(plain(f"run {run.id}: {told}{joins}"))
    return change


def _like(home: Home, run: Run, settings: dict[str, Any], name: str | None, sweep: str | None) -> Batch:
    return Batch(
        expand(home, {**load_spec(run.spec, run.id).model_dump(), **settings}),
        name=run.name if name is None else checked_text("--name", name),
        sweep=run.sweep if sweep is None else checked_text("--sweep", sweep),
        priority=run.priority,
        max_attempts=run.max_attempts,
        needs=needs_of(run),
    )
