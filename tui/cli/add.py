"""`resnet-tui add`: queue the runs of a grid."""

from typing import Annotated, Any

import typer

from engine import memory
from engine.analysis.selection import ALWAYS_SELECTABLE, selection_problem
from engine.grid import SpecError, expand_grid
from engine.paths import Home, missing_weights
from engine.spec import BUILTIN_DEFAULTS, RunSpec
from engine.store.add import add_runs
from engine.store.database import open_store
from tui.cli.options import MAX_ID, flag, takes_home, takes_spec
from tui.cli.output import CliError, tell
from tui.text import plain


@takes_home
@takes_spec
def add(
    home: Home,
    settings: dict[str, Any],
    name: Annotated[str, typer.Option(help="A name for the runs.")] = "",
    sweep: Annotated[str, typer.Option(help="The sweep they belong to; a later add may join it.")] = "",
    after: Annotated[
        list[int] | None, typer.Option(help="Wait until this run is done.", metavar="ID", max=MAX_ID)
    ] = None,
    priority: Annotated[int, typer.Option(min=-1_000_000, max=1_000_000, help="Higher goes first.")] = 0,
    max_attempts: Annotated[
        int, typer.Option(min=1, max=1_000, help="Fail after so many bad endings in a row.")
    ] = 3,
) -> int:
    """Queue the runs of a grid; fields marked × take comma-separated lists. Prints the new ids, one a line."""
    try:
        specs = expand_grid(with_relative_data(home, settings))
    except SpecError as error:
        raise CliError("; ".join(_problem(field, text) for field, text in error.problems.items())) from None
    check_files(home, specs)
    store = open_store(home.database)
    for line in memory.warnings_for(store, specs):
        tell(f"warning: {line}")
    added = add_runs(
        store,
        specs,
        name=_text("--name", name),
        sweep=_text("--sweep", sweep),
        after=after or (),
        priority=priority,
        max_attempts=max_attempts,
    )
    for run_id, earlier in added.repeats.items():
        tell(f"run {run_id} repeats run {earlier}: same settings, same data")
    for run_id in added.ids:
        print(run_id)
    return 0


def with_relative_data(home: Home, settings: dict[str, Any]) -> dict[str, Any]:
    """Paths as they are stored: from the home, so that the folder may move."""
    return {**settings, "data": home.stored(settings["data"])} if settings.get("data") else settings


def check_files(home: Home, specs: list[RunSpec]) -> None:
    """Look at weights and the data set's tables before anything is queued. Raises CliError, DataError."""
    from engine.datasets.source import index_data

    for source in {spec.pretrained for spec in specs}:
        if problem := missing_weights(home, source):
            raise CliError(f"{flag('pretrained')}: {problem}")
    for data, fraction, select_on in {(spec.data, spec.test_fraction, spec.select_on) for spec in specs}:
        if data in BUILTIN_DEFAULTS and select_on in ALWAYS_SELECTABLE:
            continue
        index = index_data(home, data, test_fraction=fraction)
        if problem := selection_problem(select_on, has_val="val" in index.splits, ordered=index.ordered):
            raise CliError(problem)
        if data not in BUILTIN_DEFAULTS:
            tell(index.describe())


def _text(where: str, given: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in given):
        raise CliError(f"{where}: {plain(given)} is no text in UTF-8")
    return given


def _problem(field: str, text: str) -> str:
    return f"{flag(field)}: {text}" if field else text
