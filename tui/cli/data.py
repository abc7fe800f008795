"""`resnet-tui data`: check a data set before training, and split it without leaks."""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.datasets.read_options import READ_FIELDS
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.spec.run_spec import VARIED
from tui.cli.flag_words import flag, flag_setting
from tui.cli.options import single, takes_home, takes_spec
from tui.cli.output import CliError, print_json, print_message
from tui.formatting import plain
from tui.views.data_text import class_lines, data_lines

if TYPE_CHECKING:
    from engine.datasets.index import Index

FLAGS = [name for name in READ_FIELDS if name != "data"]

data = typer.Typer(add_completion=False)
Data = Annotated[
    str,
    typer.Argument(metavar="D", help="Folder, table or .npz; of IDX files their folder.", show_default=False),
]


@data.callback(invoke_without_command=True)
def needs_verb(context: typer.Context) -> None:
    """Check a data set, or split it by groups."""
    if context.invoked_subcommand is None:
        raise CliError("data needs a verb, check or split: see resnet-tui data --help")


def check(
    home: Home,
    path: Data,
    settings: dict[str, Any],
    names_only: Annotated[bool, typer.Option("--names-only", help="Do not open the images.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> int:
    """Describe a data set and list all its problems. Exit code 1 where it cannot be used."""
    from engine.datasets.source import survey_data
    from engine.datasets.survey import data_document, look_at_images

    given = {name: single(name, value, "each split is checked by itself") for name, value in settings.items()}
    spec = make_spec({**given, "data": home.stored(path)})
    survey = survey_data(home, spec)
    looks = None
    if survey.index and not names_only:
        looks = look_at_images(survey.index, _print_progress, survey.missing)
    document = data_document(
        path, survey, looks, on_bad=spec.on_bad, split_seed=spec.split_seed, folds=spec.folds
    )
    if as_json:
        print_json(document)
    else:
        _say(data_lines(document, flag_setting))
    return 0 if document["usable"] else 1


def split(
    home: Home,
    path: Data,
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="New or empty folder.", show_default=False)],
    group: Annotated[
        str,
        typer.Option(
            "--group",
            "--group-column",
            help="Column of groups, or 'pattern' for groups by file names (default: detect).",
            show_default=False,
        ),
    ] = "",
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="Another seed gives another split.")] = 0,
) -> int:
    """Split the images by groups, each class near its share, and write the table of the split."""
    from engine.datasets.resplit import TABLE, Shares, resplit, write_split
    from engine.datasets.source import survey_data

    column = "" if group == "pattern" else group
    spec = make_spec({**settings, "group_column": column, "data": home.stored(path)})
    shares = Shares(spec.test_fraction, spec.val_fraction, seed)
    survey = survey_data(home, spec)
    index = resplit(survey.checked(), shares, by_pattern=group == "pattern")
    if survey.own_splits:
        print_message(f"the split of the data ({', '.join(survey.own_splits)}) is replaced by a new one")
    target = home.resolve(str(out))
    needed = write_split(index, target, inside=home.root)
    _say_split(index, target / TABLE)
    more = "".join(f" {flag(field)} {shlex.quote(value)}" for field, value in needed.items())
    print(plain(f"next: resnet-tui add --data {shlex.quote(home.stored(str(target)))}{more}"))
    return 0


def _say_split(index: "Index", table: Path) -> None:
    counts: dict[str, list[int]] = {
        name: index.counts(name) for name in ("train", "val", "test") if name in index.splits
    }
    _say([*class_lines(index.class_names, counts), ""])
    by = (
        f"by {len(index.groups_used):,} groups ({index.group_rule}), none in two splits"
        if index.groups
        else "one by one"
    )
    skipped = len(index.names) - len(index.used)
    left_out = f"; {skipped:,} missing images left out" if skipped else ""
    print(plain(f"wrote {table}: {len(index.used):,} images, split {by}{left_out}"))


data.command("check")(takes_home(takes_spec(check, FLAGS)))
data.command("split")(
    takes_home(takes_spec(split, [name for name in FLAGS if name not in ("group_column", *VARIED, "folds")]))
)


def _print_progress(done: int, total: int) -> None:
    if done == total or done % 2048 == 0:
        print_message(f"opened {done:,} of {total:,} images")


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(plain(line))
