"""Comparison of the best recipe with the others, in the words of `resnet-tui compare`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.analysis.comparison.sentences import (
    in_points,
    p_cell,
    pair_sentence,
    rounded,
    side_sentences,
)
from engine.analysis.markdown import UNDEFINED
from engine.analysis.report.blocks import Block, Bullets, Cell, Section, section, table, text
from engine.analysis.report.facts import Facts
from engine.analysis.report.recipes import Recipe, recipes_of
from engine.analysis.report.values import ids_of, range_in_percent
from engine.analysis.study import StudyRun
from engine.text import with_minus

if TYPE_CHECKING:  # it needs numpy, which the app loads only when runs are compared
    from engine.analysis.comparison.comparison import Comparison, PairResult, SideResult

SIDES = (
    "compared", "recipe", "runs", "n", "accuracy, %", "sd, points", "95 % interval", "interval counts", "test images",
    "groups", "too high by, points",
)  # fmt: skip
PAIRS = (
    "compared", "of", "difference, points", "95 % interval", "p", "p after Holm", "told apart", "seeds that would tell",
    "images that would tell",
)  # fmt: skip
COUNTS = {"weights": "images", "recipe": "images and seeds", "": UNDEFINED}
OF = {"weights": "these weights", "recipe": "these recipes", "": UNDEFINED}
MOST_IN_WORDS = 5
"""Pairs with a sentence each; a table has the numbers of all."""
SIDES_NOTE = (
    "n: values that the deviation is of: runs, or folds or splits, of each the mean of its runs. Accuracy at the best "
    "epochs; of a cross-validation that of its pooled out-of-fold predictions. Too high by: how much the choice of the "
    "epoch on these test images raises the accuracy, estimated by choosing on one half of them and telling on the "
    "other; also where the best epoch is the last one, for these images found it the best. The interval is for other "
    "images like these; where it counts seeds too, it differs from the interval of the mean in the results, which "
    "counts seeds alone."
)
PAIRS_NOTE = (
    "Difference of the mean accuracies on the same test images, first minus second. These recipes: three or more runs "
    "of each, by a t test whose variance is that of the images, paired, plus that of the seeds, less what both contain "
    "(Gallas 2006), with Satterthwaite's degrees of freedom: the spreads of the seeds need not be equal. These "
    "weights: fewer runs, so it speaks of these networks and not of their recipes. Where images come in groups, groups "
    "are the independent samples. Two are told apart where p, corrected by Holm, is below .05. Would tell: seeds of "
    "each recipe, or such test images, that would tell the difference apart with a chance of 80 %, were it the true "
    "one."
)


def comparison_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    parts = [
        section(f"Compared on {name}", f"compared-{number}", *_blocks(name, runs, facts))
        for number, (name, runs) in enumerate(data.items(), start=1)
    ]
    return section("Comparison", "comparison", *(part for part in parts if part.blocks))


def _blocks(data: str, runs: Sequence[StudyRun], facts: Facts) -> Iterator[Block]:
    found = facts.comparisons.get(data)
    if found is None or len(found.sides) < 2:
        return
    recipes = {recipe.side: recipe for recipe in recipes_of(runs) if recipe.finished}
    rows = [_side(each, recipes[each.name]) for each in found.sides if each.accuracy is not None]
    words = ("recipe", "runs", "interval counts")
    yield table("What is compared", SIDES, rows, left=words, note=SIDES_NOTE, leave_out=UNDEFINED)
    pairs, count = facts.pairs_of_best(data), len(found.pairs)
    told = [_pair(each) for each in pairs if each.difference is not None]
    corrected = (
        f" It is corrected for all {count} pairs of the {len(found.sides)} recipes." if count > 1 else ""
    )
    yield table(
        "The first of these recipes against each of the others", PAIRS, told, left=("of", "told apart"),
        note=PAIRS_NOTE + corrected, leave_out=UNDEFINED,
    )  # fmt: skip
    yield Bullets(tuple(text(each) for each in (*_sentences(pairs, count), *_remarks(found))))


def _sentences(pairs: Sequence[PairResult], count: int) -> Iterator[str]:
    """Yield the sentences of the nearest pairs, and each reason that others are not compared once."""
    yield from (
        pair_sentence(each, count, in_points)
        for each in [each for each in pairs if not each.reason][:MOST_IN_WORDS]
    )
    reasons: dict[str, list[str]] = {}
    for each in pairs:
        if each.reason:
            reasons.setdefault(each.reason, []).append(each.second)
    for why, others in reasons.items():
        yield f"{pairs[0].first} is not compared with {', '.join(others)}: {why}."


def _remarks(found: Comparison) -> Iterator[str]:
    """Yield what is to be said of the sides beyond the numbers of their table."""
    for side in found.sides:
        if side.accuracy is not None and (side.remarks or (side.chosen_on_test and side is found.sides[0])):
            yield from (f"{each}." for each in side_sentences(side, in_points))


def _side(side: SideResult, recipe: Recipe) -> list[Cell]:
    ends = (side.low, side.high) if side.low is not None and side.high is not None else None
    return [
        side.name,
        recipe.name,
        ids_of(side.run_ids),
        str(side.n),
        f"{100 * side.accuracy:.2f}" if side.accuracy is not None else UNDEFINED,
        f"{100 * side.sd:.2f}" if side.sd is not None else UNDEFINED,
        range_in_percent(ends),
        COUNTS[side.scope],
        f"{side.images:,}" if side.images else UNDEFINED,
        f"{side.groups:,}" if side.groups != side.images else UNDEFINED,
        f"{100 * side.optimism:.2f}" if side.optimism is not None else UNDEFINED,
    ]


def _pair(pair: PairResult) -> list[Cell]:
    assert pair.difference is not None
    return [
        f"{pair.first} − {pair.second}",
        OF[pair.scope],
        _signed(pair.difference, 2),
        interval_in_points(pair),
        p_cell(pair.p),
        p_cell(pair.p_holm),
        {True: "yes", False: "no", None: UNDEFINED}[pair.told_apart],
        f"{pair.seeds_needed:,}" if pair.seeds_needed else UNDEFINED,
        f"{rounded(pair.images_needed):,}" if pair.images_needed else UNDEFINED,
    ]


def interval_in_points(pair: PairResult) -> str:
    if pair.low is None or pair.high is None:
        return UNDEFINED
    return f"{_signed(pair.low, 1)} to {_signed(pair.high, 1)}"


def _signed(difference: float, places: int) -> str:
    return with_minus(f"{100 * difference:+.{places}f}")
