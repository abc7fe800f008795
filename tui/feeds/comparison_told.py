"""Statistics of the compared runs and groups, in the words of `resnet-tui compare`; read in a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.files.paths import Home
from tui.formatting import decimals, plain
from tui.store_calls import Refused, with_store
from tui.views.compared import Contender
from tui.views.group_view import GroupView
from tui.views.run_view import RunView

if TYPE_CHECKING:  # numpy and SciPy are for who asks
    from engine.analysis.comparison.comparison import SideResult

Asked = tuple[tuple[str, tuple[tuple[int, str, int, int | None], ...]], ...]
"""Each that is compared, as the command line names it, with the state of its runs that the answer depends on."""


@dataclass(frozen=True)
class PairTold:
    """One comparison: `#1 − #2`, its verdict in a few words, and all of it in a paragraph."""

    name: str
    verdict: str
    is_told_apart: bool
    paragraph: str


@dataclass(frozen=True)
class Told:
    """Result of a comparison in words, or why there is none; every text is harmless."""

    pairs: tuple[PairTold, ...] = ()
    sides: tuple[tuple[str, str], ...] = ()
    """Each side's name, and its accuracy with interval."""
    remarks: tuple[str, ...] = ()
    problem: str = ""


def asked_of(views: Sequence[Contender]) -> Asked:
    """Return what to ask: equal questions have equal answers."""
    return tuple((name_of(view), tuple(map(_state, runs_of(view)))) for view in views)


def name_of(view: Contender) -> str:
    """Return the name on the command line: `12`, or `group:12` for the group of run 12."""
    return (
        f"group:{(view.counted or view.members)[0].run_id}"
        if isinstance(view, GroupView)
        else str(view.run_id)
    )


def runs_of(view: Contender) -> tuple[RunView, ...]:
    return view.members if isinstance(view, GroupView) else (view,)


def _state(view: RunView) -> tuple[int, str, int, int | None]:
    return view.run_id, view.status, view.epoch, view.best_epoch


def read_told(home: Home, asked: Asked) -> Told:
    """Compare as the command line does, and say it with the same sentences."""
    names = [name for name, _ in asked]
    from engine.analysis.comparison.sentences import pair_sentence, side_in_words, side_sentences, verdict
    from engine.queries.read_comparison import CompareError, read_comparison

    try:
        found = with_store(home, lambda store: read_comparison(store, home, names))
    except (CompareError, Refused) as problem:
        return Told(problem=plain(problem))
    pairs = [
        PairTold(
            plain(f"{pair.first} − {pair.second}"),
            verdict(pair),
            bool(pair.told_apart),
            plain(pair_sentence(pair, len(found.pairs))),
        )
        for pair in found.pairs
    ]
    sides = [(plain(side.name), side_text(side)) for side in found.sides]
    remarks = [
        plain(sentence) for side in found.sides for sentence in (side_in_words(side), *side_sentences(side))
    ]
    return Told(tuple(pairs), tuple(sides), tuple(remarks))


def side_text(side: "SideResult") -> str:
    """Write `.8407  95 % .8120 to .8650 for this recipe  n 3  sd .0123`."""
    if side.accuracy is None:
        return "–"
    found = decimals(side.accuracy)
    if side.low is not None:
        what = {"weights": " for these weights", "recipe": " for this recipe", "": ""}[side.scope]
        found += f"  95 % {decimals(side.low)} to {decimals(side.high)}{what}"
    return f"{found}  n {side.n}" + (f"  sd {decimals(side.sd)}" if side.sd is not None else "")
