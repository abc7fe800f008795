"""`resnet-tui add`: queue the runs of a grid."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.analysis.constant_loss import loss_problem
from engine.analysis.selection import ALWAYS_SELECTABLE, selection_problem
from engine.datasets.read_options import READ_FIELDS
from engine.disk.footprint import Images, built_in, images_of
from engine.disk.usage import room_for
from engine.files.paths import Home, missing_weights
from engine.preflight import gpu_memory
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError, expand_grid
from engine.spec.presets import with_preset
from engine.spec.run_spec import ORDINAL_LOSS, RunSpec
from engine.store.add import Batch, add_batches
from engine.store.database import Store, open_store
from engine.store.edits.order import MAX_PRIORITY
from tui.cli.ids import find_ids
from tui.cli.options import flag, takes_home, takes_spec
from tui.cli.output import CliError, checked_text, tell
from tui.forms.imagenet_files import lacking
from tui.forms.warm_start import check_warm_starts

if TYPE_CHECKING:
    from engine.datasets.index import Index

ANY_PREFIX = "any:"


@takes_home
@takes_spec
def add(
    home: Home,
    settings: dict[str, Any],
    preset: Annotated[
        str | None,
        typer.Option(help="lab or seed: settings for what the other flags leave out.", metavar="NAME"),
    ] = None,
    name: Annotated[str, typer.Option(help="A name for the runs.")] = "",
    sweep: Annotated[str, typer.Option(help="The sweep they belong to; a later add may join it.")] = "",
    after: Annotated[
        list[str] | None,
        typer.Option(help="Wait until this run is done; any:ID until it has ended.", metavar="[any:]ID"),
    ] = None,
    priority: Annotated[
        int, typer.Option(min=-MAX_PRIORITY, max=MAX_PRIORITY, help="Higher goes first.")
    ] = 0,
    max_attempts: Annotated[
        int, typer.Option(min=1, max=1_000, help="Fail after so many bad endings in a row.")
    ] = 3,
) -> int:
    """Queue the runs of a grid; fields marked × take comma-separated lists. Prints the new ids, one a line."""
    specs = expand(home, settings, preset)
    name, sweep = checked_text("--name", name), checked_text("--sweep", sweep)
    if not after:
        return queue_runs(home, None, [Batch(specs, name, sweep, (), (), priority, max_attempts)])
    store = open_store(home.database, create=False)
    done, ended = _targets(store, after)
    return queue_runs(home, store, [Batch(specs, name, sweep, done, ended, priority, max_attempts)])


def _targets(store: Store, after: Sequence[str]) -> tuple[list[int], list[int]]:
    """The runs that must be done first, and those that must have ended. Raises CliError, QueueError."""
    parts = [part.strip() for text in after for part in text.split(",")]
    ended = [part.removeprefix(ANY_PREFIX) for part in parts if part.startswith(ANY_PREFIX)]
    done = [part for part in parts if not part.startswith(ANY_PREFIX)]
    return find_ids(store, done), find_ids(store, ended)


def expand(home: Home, settings: dict[str, Any], preset: str | None = None) -> list[RunSpec]:
    """The specs of a grid, what it leaves out taken from a preset. Raises CliError, naming the flags that are wrong."""
    with naming_flags():
        given = with_relative_data(home, settings)
        grids = [given] if preset is None else with_preset(preset, given)
        return [spec for grid in grids for spec in expand_grid(grid)]


@contextlib.contextmanager
def naming_flags() -> Iterator[None]:
    """What is wrong with settings, as a CliError that names the flags."""
    try:
        yield
    except SpecError as error:
        raise CliError("; ".join(_problem(field, text) for field, text in error.problems.items())) from None


def queue_runs(home: Home, store: Store | None, batches: Sequence[Batch]) -> int:
    """Look at all that can be known to fail, queue the runs, print their ids; without a store in a new one."""
    specs = [spec for batch in batches for spec in batch.specs]
    images = check_files(home, specs)
    store = store or open_store(home.database)
    for line in [*check_warm_starts(home, store, specs), *gpu_memory.warnings_for(store, specs)]:
        tell(f"warning: {line}")
    added = add_batches(store, batches)
    for run_id, earlier in added.repeats.items():
        tell(f"run {run_id} repeats run {earlier}: same settings, same data")
    room = room_for(home, ((spec, images.get(read_key(spec))) for spec in specs))
    tell(room.describe())
    for line in [*filter(None, [room.shortage]), *lacking(specs)]:
        tell(f"warning: {line}")
    for run_id in added.ids:
        print(run_id)
    return 0


def with_relative_data(home: Home, settings: dict[str, Any]) -> dict[str, Any]:
    """Paths as they are stored: from the home, so that the folder may move."""
    stored = {**settings, "data": home.stored(settings["data"])} if settings.get("data") else settings
    if settings.get("images") and os.path.isdir(home.resolve(settings["images"])):
        return {**stored, "images": home.relative(home.resolve(settings["images"]))}
    return stored


def check_files(home: Home, specs: list[RunSpec]) -> dict[tuple[Any, ...], Images]:
    """Look at weights and the data set's tables before anything is queued; gives the images of each, by what they
    are read with. Raises CliError, DataError."""
    from engine.datasets.source import survey_data

    for source in {spec.pretrained for spec in specs}:
        if problem := missing_weights(home, source):
            raise CliError(f"{flag('pretrained')}: {problem}")
    by_data: dict[tuple[Any, ...], list[RunSpec]] = {}
    for spec in specs:
        by_data.setdefault(read_key(spec), []).append(spec)
    found = {key: images for key, (first, *_) in by_data.items() if (images := built_in(first)) is not None}
    for key, alike in by_data.items():
        is_built_in = alike[0].data in BUILTIN_DEFAULTS
        selections = {spec.select_on for spec in alike}
        losses = {spec.loss for spec in alike}
        if is_built_in and selections <= set(ALWAYS_SELECTABLE) and ORDINAL_LOSS not in losses:
            continue
        survey = survey_data(home, alike[0])
        index = survey.checked()
        for problem in filter(None, _data_problems(alike, index)):
            raise CliError(problem)
        if not is_built_in:
            found[key] = images_of(index)
            tell(index.describe())
            for warning in survey.warnings:
                tell(f"warning: {warning.text}")
    return found


def read_key(spec: RunSpec) -> tuple[Any, ...]:
    """Specs alike in this have the same images."""
    return tuple(getattr(spec, field) for field in READ_FIELDS)


def _data_problems(specs: list[RunSpec], index: "Index") -> Iterator[str | None]:
    """What these specs ask of data that cannot give it."""
    for select_on in sorted({spec.select_on for spec in specs}):
        yield selection_problem(select_on, has_val="val" in index.splits, ordered=index.ordered)
    for loss in sorted({spec.loss for spec in specs}):
        yield loss_problem(loss, ordered=index.ordered)


def _problem(field: str, text: str) -> str:
    return f"{flag(field)}: {text}" if field else text
