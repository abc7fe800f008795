"""`resnet-tui compare`: whether runs or recipes are told apart on the same test images."""

from typing import TYPE_CHECKING, Annotated

import typer

from engine.files.paths import Home
from engine.store.database import open_store
from tui.cli.options import Json, takes_home
from tui.cli.output import CliError, checked_text, print_json, print_line
from tui.cli.table import print_table
from tui.formatting import decimals

if TYPE_CHECKING:  # numpy and SciPy are for who asks
    from engine.analysis.comparison.comparison import Comparison, SideResult

MOMENTS = ("best", "last")
SIDES = ("", "accuracy", "95 % interval", "of", "n", "sd", "images", "groups", "epoch chosen")


@takes_home
def compare(
    home: Home,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="A B…",
            help="Runs (12), groups by one of their runs (group:12), sweeps by name (all their groups and runs).",
        ),
    ],
    on: Annotated[
        str, typer.Option("--on", help="Epoch of each run: best, which its select_on chose, or last.")
    ] = "best",
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line of CSV for each pair.")] = False,
    as_tex: Annotated[bool, typer.Option("--tex", help="LaTeX tables, with booktabs.")] = False,
) -> int:
    """Compare accuracies on the same test images: intervals, paired tests, and what more would tell them apart."""
    if as_json + as_csv + as_tex > 1:
        raise CliError("give one of --json, --csv and --tex")
    for name in names:
        checked_text("compare", name)
    found = _read(home, names, on)
    if as_json:
        from engine.analysis.comparison.document import document

        print_json(document(found))
    elif as_csv or as_tex:
        from engine.analysis.comparison.tables import as_csv_text, as_tex_text

        print(as_csv_text(found) if as_csv else as_tex_text(found), end="")
    else:
        _print(found)
    return 0


def _read(home: Home, names: list[str], on: str) -> "Comparison":
    from engine.queries.read_comparison import CompareError, read_comparison

    if on not in MOMENTS:
        raise CliError(f"--on: {on!r} is unknown: choose from {', '.join(MOMENTS)}")
    store = open_store(home.database, create=False)
    try:
        return read_comparison(store, home, names, "best" if on == "best" else "last")
    except CompareError as error:
        raise CliError(str(error)) from None


def _print(found: "Comparison") -> None:
    from engine.analysis.comparison.sentences import (
        not_measured_in_words,
        p_cell,
        pair_sentence,
        side_in_words,
        side_sentences,
        signed,
        verdict,
    )

    for side in found.sides:
        print_line(side_in_words(side))
    if left_out := not_measured_in_words(found):
        print_line(left_out)
    print()
    print_table(SIDES, [_side(side) for side in found.sides], right=SIDES[1:2] + SIDES[4:8])
    print()
    head = ("pair", "difference", "95 % interval", "p", "p (Holm)", "")
    rows = []
    for pair in found.pairs:
        ends = (
            f"{signed(pair.low)} to {signed(pair.high)}"
            if pair.low is not None and pair.high is not None
            else "–"
        )
        difference = signed(pair.difference) if pair.difference is not None else "–"
        numbers = [p_cell(each) for each in (pair.p, pair.p_holm)]
        rows.append((f"{pair.first} − {pair.second}", difference, ends, *numbers, verdict(pair)))
    print_table(head, rows, right=head[1:5])
    print()
    for side in found.sides:
        for sentence in side_sentences(side):
            print_line(sentence)
    for pair in found.pairs:
        print_line(pair_sentence(pair, len(found.pairs)))


def _side(side: "SideResult") -> tuple[str, ...]:
    ends = f"{decimals(side.low)} to {decimals(side.high)}" if side.low is not None else "–"
    of = {"weights": "these weights", "recipe": "this recipe"}.get(side.scope, "–")
    groups = f"{side.groups:,}" if side.groups != side.images else "–"
    numbers = (str(side.n), decimals(side.sd), f"{side.images:,}" if side.images else "–", groups)
    return side.name, decimals(side.accuracy), ends, of, *numbers, side.about.epoch_chosen
