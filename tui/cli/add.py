"""`resnet-tui add`: queue the runs of a grid."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.alerts.address import EXAMPLE, read_addresses
from engine.alerts.channel import new_channel
from engine.alerts.kinds import parse_kinds
from engine.alerts.sender import check_addresses
from engine.files.paths import SHARED, Home, atomic_path
from engine.preflight.repetition import Repeated
from engine.spec.grid import SpecError
from engine.spec.presets import PRESETS
from engine.spec.repetitions import MOST
from engine.spec.run_spec import FIELDS
from engine.store.add import Batch
from engine.store.alerts import NewChannel
from engine.store.database import Store, open_store
from engine.store.edits.order import MAX_PRIORITY
from engine.store.errors import QueueError
from engine.store.needs import parse_needs
from tui.cli.flag_words import Wording
from tui.cli.ids import find_ids
from tui.cli.notify import NotifyOn, tell_readers
from tui.cli.options import takes_home, takes_spec
from tui.cli.output import CliError, check_new_file, checked_text, print_message
from tui.cli.presets import tell_preset
from tui.cli.queue_runs import expand, queue_runs
from tui.cli.repeats import repeated
from tui.cli.sweep_file import NO_FILE, read_sweep, sweep_text

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


From = Annotated[
    Path | None,
    typer.Option(
        "--from",
        help="Take all of these from a TOML file, whose paths start at its folder; flags beside it win.",
        metavar="FILE",
    ),
]
Save = Annotated[
    Path | None,
    typer.Option(help="Also write what is given to a TOML file, for --from.", metavar="FILE"),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file of --save if it is there.")]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Values of all flags, and of the file of `--from`, in one."""

    settings: Mapping[str, Any]
    preset: str | None
    name: str
    sweep: str
    after: Sequence[str] | None
    priority: int
    max_attempts: int
    seeds: int | None
    repeat: int | None
    needs: Sequence[str] | None
    words: Wording


@takes_home
@takes_spec
def add(
    context: typer.Context,
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
    from_file: From = None,
    save: Save = None,
    overwrite: Overwrite = False,
    notify_url: NotifyUrl = None,
    notify_on: NotifyOn = None,
) -> int:
    """Queue the runs of a grid; fields marked × take comma-separated lists, or the flag more than once.

    Prints the new ids, one per line."""
    options: dict[str, Any] = {
        "preset": preset, "name": name, "sweep": sweep, "after": after, "priority": priority,
        "max_attempts": max_attempts, "seeds": seeds, "repeat": repeat, "needs": needs,
    }  # fmt: skip
    flags = {**settings, **{name: value for name, value in options.items() if _is_given(context, name)}}
    file = read_sweep(from_file, context, options, home) if from_file is not None else NO_FILE
    given = {**file.values, **flags}
    asked = Asked(
        settings={name: value for name, value in given.items() if name in FIELDS},
        words=Wording("" if from_file is None else str(from_file), flags),
        **{name: given.get(name, value) for name, value in options.items()},
    )
    runs = _runs(home, asked, file.problems)
    channels = _channels(asked.sweep, notify_url or (), notify_on or ())
    with _saved(home, save, given, overwrite=overwrite):
        code = _queue(home, asked, runs, channels)
    if won := [name for name in flags if name in file.values]:
        print_message(f"from flags, not from {from_file}: {', '.join(won)}")
    return code


def _is_given(context: typer.Context, name: str) -> bool:
    """Return whether a flag stands in the call; otherwise its value is the default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@contextmanager
def _saved(home: Home, path: Path | None, given: Mapping[str, Any], *, overwrite: bool) -> Iterator[None]:
    """Write what was given to a file, which stays where all within succeeds. Raises CliError."""
    if path is None:
        if overwrite:
            raise CliError("--overwrite: it goes with --save FILE")
        yield
        return
    check_new_file(home, path, overwrite=overwrite)
    with atomic_path(path, mode=SHARED) as aside:
        aside.write_text(sweep_text(path, given, home), encoding="utf-8")
        yield
    print_message(f"saved: resnet-tui add --from {shlex.quote(str(path))}")


def _queue(home: Home, asked: Asked, runs: Repeated, channels: Sequence[NewChannel]) -> int:
    """Raises CliError, QueueError."""
    name, sweep = checked_text("--name", asked.name), checked_text("--sweep", asked.sweep)
    store = open_store(home.database, create=False) if asked.after else None
    done, ended = _targets(store, asked.after) if store is not None and asked.after else ([], [])
    needs = parse_needs(asked.needs or ())
    batch = Batch(runs.specs, name, sweep, done, ended, asked.priority, asked.max_attempts, needs)
    code = queue_runs(home, store, [batch], said=runs.said, words=asked.words, channels=channels)
    for channel in channels:
        print_message(f"{channel.shown} is told of {sweep}: {', '.join(channel.kinds)}")
    if channels:
        tell_readers(home)
    if asked.preset is not None:
        tell_preset(asked.preset, asked.settings)
    return code


def _runs(home: Home, asked: Asked, problems: Sequence[str]) -> Repeated:
    """Return the specs. Raises CliError with all that is wrong with settings and needs, after the `problems`."""
    lines = list(problems)
    try:
        specs = expand(home, {**({"data": "?"} if problems else {}), **asked.settings}, asked.preset)
    except SpecError as error:  # a wrong key may be what a conflict lacks
        told = [each for each in error.found if each.kind == "setting" or not problems]
        lines += map(asked.words.line, told)
    try:
        parse_needs(asked.needs or ())
    except QueueError as error:
        lines.append(f"{asked.words.place('needs')}: {error}")
    if lines:
        raise CliError(*lines)
    try:
        return repeated(home, specs, asked.settings, asked.seeds, asked.repeat)
    except CliError as error:
        raise CliError(*(asked.words.of_file(line) for line in error.args)) from None


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
