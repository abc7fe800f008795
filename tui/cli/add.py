"""`resnet-tui add`: queue the runs of a grid."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from engine.files.paths import Home
from engine.spec.presets import PRESETS
from engine.spec.repetitions import MOST
from engine.store.add import Batch
from engine.store.database import Store, open_store
from engine.store.edits.order import MAX_PRIORITY
from engine.store.needs import parse_needs
from tui.cli.ids import find_ids
from tui.cli.options import takes_home, takes_spec
from tui.cli.output import checked_text
from tui.cli.presets import tell_preset
from tui.cli.queue_runs import expand, queue_runs
from tui.cli.repeats import repeated

ANY_PREFIX = "any:"


Preset = Annotated[
    str | None,
    typer.Option(
        help=f"{', '.join(PRESETS)}: settings for fields that no other flag sets; `presets` shows them.",
        metavar="NAME",
    ),
]
Name = Annotated[str, typer.Option(help="Name of the runs.")]
Sweep = Annotated[str, typer.Option(help="Sweep of the runs; a later add may add more runs to it.")]
After = Annotated[
    list[str] | None,
    typer.Option(
        help="Start when this run is done, or with any: before its number when it has ended in any way.",
        metavar="[any:]ID",
    ),
]
Priority = Annotated[int, typer.Option(min=-MAX_PRIORITY, max=MAX_PRIORITY, help="Higher starts first.")]
MaxAttempts = Annotated[
    int, typer.Option(min=1, max=1_000, help="Fail after this many failed attempts in a row.")
]
NeedsFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--needs",
        help="Needs of its worker: memory=GIB of the card, host=NAME, tag=WORD (which `--tag` gave it).",
        metavar="KEY=VALUE",
    ),
]
Seeds = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST, help="So many runs of each, with the seeds from --seed on: a group.", metavar="N"
    ),
]
Repeat = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MOST,
        help="So many runs of each, with other seeds and, where the data have no test split, other splits.",
        metavar="N",
    ),
]


@takes_home
@takes_spec
def add(
    home: Home,
    settings: dict[str, Any],
    preset: Preset = None,
    name: Name = "",
    sweep: Sweep = "",
    after: After = None,
    priority: Priority = 0,
    max_attempts: MaxAttempts = 3,
    seeds: Seeds = None,
    repeat: Repeat = None,
    needs: NeedsFlag = None,
) -> int:
    """Queue the runs of a grid; fields marked × take comma-separated lists, or the flag more than once.

    Prints the new ids, one per line."""
    runs = repeated(home, expand(home, settings, preset), settings, seeds, repeat)
    name, sweep = checked_text("--name", name), checked_text("--sweep", sweep)
    store = open_store(home.database, create=False) if after else None
    done, ended = _targets(store, after) if store is not None and after else ([], [])
    batch = Batch(runs.specs, name, sweep, done, ended, priority, max_attempts, parse_needs(needs or ()))
    code = queue_runs(home, store, [batch], said=runs.said)
    if preset is not None:
        tell_preset(preset, settings)
    return code


def _targets(store: Store, after: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the runs that must be done first, and those that must have ended. Raises CliError, QueueError."""
    parts = [part.strip() for text in after for part in text.split(",")]
    ended = [part.removeprefix(ANY_PREFIX) for part in parts if part.startswith(ANY_PREFIX)]
    done = [part for part in parts if not part.startswith(ANY_PREFIX)]
    return find_ids(store, done), find_ids(store, ended)
