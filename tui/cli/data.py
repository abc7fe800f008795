"""`resnet-tui data`: look at a data set before training, and give it an honest split."""

import shlex
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.datasets.options import READ_FIELDS
from engine.grid import SpecError, make_spec
from engine.paths import Home
from engine.spec import RunSpec
from tui.cli.options import flag, takes_home, takes_spec
from tui.cli.output import CliError, print_json, tell
from tui.cli.table import print_table
from tui.text import decimals, plain

FLAGS = [name for name in READ_FIELDS if name != "data"]
SHOWN_SIZES = 5
MARKS = {"error": "✖", "warning": "⚠", "note": "·"}

data = typer.Typer(add_completion=False)
Data = Annotated[str, typer.Argument(metavar="D", help="Folder, .csv or .npz.", show_default=False)]


@data.callback(invoke_without_command=True)
def needs_verb(context: typer.Context) -> None:
    """Check a data set, or split it by groups."""
    if context.invoked_subcommand is None:
        raise CliError("data needs a verb, check or split: see resnet-tui data --help")


def check(
    home: Home,
    path: Data,
    settings: dict[str, Any],
    names_only: Annotated[bool, typer.Option("--names-only", help="Open no image.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> int:
    """Say what a data set is and all that is wrong with it. Exit code 1 where it cannot be used."""
    from engine.datasets.report import data_document, look_at_images
    from engine.datasets.source import survey_data

    spec = _spec(home, path, settings)
    survey = survey_data(home, spec)
    looks = look_at_images(survey.index, _looked) if survey.index and not names_only else None
    document = data_document(path, survey, looks, on_bad=spec.on_bad)
    if as_json:
        print_json(document)
    else:
        _print(document)
    return 0 if document["usable"] else 1


def split(
    home: Home,
    path: Data,
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="Folder to make, or an empty one.", show_default=False)],
    group: Annotated[
        str,
        typer.Option(
            "--group",
            "--group-column",
            help="Column of groups, or 'pattern' for the names'; else as found.",
            show_default=False,
        ),
    ] = "",
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="Another number draws another split.")] = 0,
) -> int:
    """Write a table that splits the images by groups, each class near its share, and a link to the images."""
    from engine.datasets.resplit import TABLE, Shares, resplit, write_split
    from engine.datasets.source import survey_data

    column = "" if group == "pattern" else group
    spec = _spec(home, path, settings | {"group_column": column})
    shares = Shares(spec.test_fraction, spec.val_fraction, seed)
    index = resplit(survey_data(home, spec).checked(), shares, by_pattern=group == "pattern")
    target = home.resolve(str(out))
    needed = write_split(index, target, inside=home.root)
    counts: dict[str, list[int]] = {
        name: index.counts(name) for name in ("train", "val", "test") if name in index.splits
    }
    _print_classes(index.class_names, counts)
    print()
    groups = f"by {len(index.groups_used):,} groups ({index.group_rule}), none in two splits"
    skipped = len(index.names) - len(index.used)
    print(
        plain(
            f"wrote {target / TABLE}: {len(index.used):,} images, split "
            f"{groups if index.groups else 'one by one'}{f'; {skipped:,} missing left out' * bool(skipped)}"
        )
    )
    more = "".join(f" {flag(field)} {shlex.quote(value)}" for field, value in needed.items())
    print(plain(f"next: resnet-tui add --data {shlex.quote(home.stored(str(target)))}{more}"))
    return 0


data.command("check")(takes_home(takes_spec(check, FLAGS)))
data.command("split")(takes_home(takes_spec(split, [name for name in FLAGS if name != "group_column"])))


def _spec(home: Home, path: str, settings: dict[str, Any]) -> RunSpec:
    try:
        return make_spec({**settings, "data": home.stored(path)})
    except SpecError as error:
        texts = (f"{flag(field)}: {text}" if field else text for field, text in error.problems.items())
        raise CliError("; ".join(texts)) from None


def _looked(done: int, total: int) -> None:
    if done == total or done % 2048 == 0:
        tell(f"opened {done:,} of {total:,} images")


def _print(document: dict[str, Any]) -> None:
    if document["layout"]:
        _fact("layout", document["layout"])
        _fact("because", document["why"])
        if document["root"]:
            _fact("images in", document["root"])
        _print_groups(document)
        for what in ("sizes", "modes"):
            if document[what]:
                _fact(what, _frequent(document[what]))
        drawn = [name for name, found in document["splits"].items() if found["drawn"]]
        if drawn:
            _fact(
                "split", f"the data have none of their own: {' and '.join(drawn)} drawn by their fingerprint"
            )
        print()
        _print_classes(
            document["class_names"], {name: found["per_class"] for name, found in document["splits"].items()}
        )
        print()
    for severity, mark in MARKS.items():
        for problem in document["problems"]:
            if problem["severity"] == severity:
                print(plain(f"{mark} {problem['text']}"))
    counts = {severity: sum(p["severity"] == severity for p in document["problems"]) for severity in MARKS}
    verdict = "usable" if document["usable"] else "cannot be used"
    warnings = f", {counts['warning']} warning{'s' * (counts['warning'] != 1)}" if counts["warning"] else ""
    print(f"{'✔' if document['usable'] else '✖'} {verdict}{warnings}")


def _fact(name: str, text: str) -> None:
    print(plain(f"{name:10} {text}"))


def _print_groups(document: dict[str, Any]) -> None:
    groups, shared = document["groups"], document["shared_groups"]
    if groups:
        _fact(
            "groups", f"{groups['count']:,} by {groups['rule']}, at most {groups['largest']:,} images in one"
        )
    if shared:
        share = 100 * shared["images"] / shared["of"]
        _fact(
            "shared",
            f"{shared['images']:,} of {shared['of']:,} test images ({share:.1f} %) have group members in train",
        )
        score = partial(_score, shared)
        _fact("", f"their label alone, no image looked at: {score('')}; over all test images {score('_all')}")


def _score(shared: dict[str, Any], suffix: str) -> str:
    kappa = shared[f"kappa{suffix}"]
    text = f"accuracy {decimals(shared[f'accuracy{suffix}'])}"
    return text if kappa is None else f"{text}, quadratic kappa {decimals(kappa)}"


def _frequent(counts: dict[str, int]) -> str:
    shown = [f"{name} ({count:,})" for name, count in list(counts.items())[:SHOWN_SIZES]]
    return ", ".join(shown) + (
        f" and {len(counts) - SHOWN_SIZES} others" if len(counts) > SHOWN_SIZES else ""
    )


def _print_classes(class_names: Any, counts: Mapping[str, list[int]]) -> None:
    """Images of each class and split, their sum, and the baseline below."""
    rows = [
        [name, *(f"{counted[number]:,}" for counted in counts.values())]
        for number, name in enumerate(class_names)
    ]
    rows.append(["all", *(f"{sum(counted):,}" for counted in counts.values())])
    shares = [decimals(max(counted) / sum(counted) if sum(counted) else None) for counted in counts.values()]
    print_table(["class", *counts], [*rows, ["baseline", *shares]], right=list(counts))
