"""`resnet-tui add`: queue the runs of a grid."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from engine.alerts.address import EXAMPLE, read_addresses
from engine.alerts.channel import new_channel
from engine.alerts.kinds import parse_kinds
from engine.alerts.sender import check_addresses
from engine.files.paths import Home
from engine.spec.presets import PRESETS
from engine.spec.repetitions import MOST
from engine.store.add import Batch
from engine.store.alerts import NewChannel
from engine.store.database import Store, open_store
from engine.store.edits.order import MAX_PRIORITY
from engine.store.needs import parse_needs
from tui.cli.ids import find_ids
from tui.cli.notify import NotifyOn, tell_readers
from tui.cli.options import takes_home, takes_spec
from tui.cli.output import CliError, checked_text, print_message
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
NotifyUrl = Annotated[
    list[str] | None,
    typer.Option(
        "--notify-url",
        help=f"Address that is told of the sweep, such as {EXAMPLE}; @FILE with one a line, - for standard input.",
        metavar="URL",
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
    notify_url: NotifyUrl = None,
    notify_on: NotifyOn = None,
) -> int:
    """Queue the runs of a grid; fields marked × take comma-separated lists, or the flag more than once.

    Prints the new ids, one per line."""
    runs = repeated(home, expand(home, settings, preset), settings, seeds, repeat)
    name, sweep = checked_text("--name", name), checked_text("--sweep", sweep)
    channels = _channels(sweep, notify_url or (), notify_on or ())
    store = open_store(home.database, create=False) if after else None
    done, ended = _targets(store, after) if store is not None and after else ([], [])
    batch = Batch(runs.specs, name, sweep, done, ended, priority, max_attempts, parse_needs(needs or ()))
    code = queue_runs(home, store, [batch], said=runs.said, channels=channels)
    for channel in channels:
        print_message(f"{channel.shown} is told of {sweep}: {', '.join(channel.kinds)}")
    if channels:
        tell_readers(home)
    if preset is not None:
        tell_preset(preset, settings)
    return code


def _channels(sweep: str, given: Sequence[str], kinds: Sequence[str]) -> list[NewChannel]:
    """Return the addresses that are to be told of the sweep, checked. Raises CliError, AlertError."""
    if not given and kinds:
        raise CliError("--notify-on belongs to --notify-url: give an address too")
    if given and not sweep:
        raise CliError(
            "--notify-url is told of a sweep: add --sweep NAME; for all runs use resnet-tui notify add"
        )
    urls, wanted = read_addresses(checked_text("--notify-url", each) for each in given), parse_kinds(kinds)
    check_addresses(urls)
    return [new_channel(url, wanted, sweep) for url in urls]


def _targets(store: Store, after: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the runs that must be done first, and those that must have ended. Raises CliError, QueueError."""
    parts = [part.strip() for text in after for part in text.split(",")]
    ended = [part.removeprefix(ANY_PREFIX) for part in parts if part.startswith(ANY_PREFIX)]
    done = [part for part in parts if not part.startswith(ANY_PREFIX)]
    return find_ids(store, done), find_ids(store, ended)
