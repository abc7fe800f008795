"""Caveats of a study: what limits its result, from its data, its best run and how that was chosen."""

from collections.abc import Iterator, Sequence

from engine.analysis.comparison.sentences import in_points, optimism_in_words
from engine.analysis.finding import Severity
from engine.analysis.report.data_section import CAVEATS, has_leak
from engine.analysis.report.facts import Facts
from engine.analysis.report.ranking import best_of, have_one_test_set, one_test_set, ranked, recipes_rank_by
from engine.analysis.report.recipes import Recipe, recipes_of
from engine.analysis.report.values import ids_of, plural
from engine.analysis.study import StudyRun
from engine.metrics.selection import is_optimistic


def caveats(name: str, runs: Sequence[StudyRun], facts: Facts) -> Iterator[str]:
    """Yield what limits the result, the gravest first."""
    order = ranked(recipes_of(runs))
    leaking = [run.id for run in runs if has_leak(run)]
    if leaking:
        yield f"{ids_of(leaking)} started from weights that were trained on its test images"
    shared = max((each.shared_images for each in facts.data.get(name, ())), default=0)
    if shared:
        yield f"{shared:,} test images share a group with a train image, so the network may know them"
    top = best_of(order[0].finished) if order else best_of(runs)
    best = order[0].finished if order else (top,) if top else ()
    yield from _found(best, "error")
    if runs[0].spec.data in CAVEATS:
        yield CAVEATS[runs[0].spec.data].rstrip(".")[0].lower() + CAVEATS[runs[0].spec.data].rstrip(".")[1:]
    if top and is_optimistic(top.chosen_by, top.spec.epochs):
        side = facts.side(name, order[0].side) if order else None
        high = (
            optimism_in_words(side, in_points)
            if side and side.chosen_on_test
            else "its accuracy is optimistic"
        )
        yield f"the test images chose the best epoch: {high}"
    yield from _of_order(order)
    yield from _found(best, "warning")
    yield from _still_improving(runs)
    yield from _found(best, "note")


SAID_APART = ("chosen_on_test", "still_improving")
"""Kinds of findings with sentences of their own."""


def _still_improving(runs: Sequence[StudyRun]) -> Iterator[str]:
    """Yield how many finished runs were still improving at their last epoch; nothing where none was."""
    done = [run for run in runs if run.done]
    some = [run for run in done if any(each.kind == "still_improving" for each in run.findings or ())]
    if some:
        were = "was" if len(some) == 1 else "were"
        what = "their order may" if len(done) > 1 else "its accuracy may"
        yield (
            f"{len(some)} of {plural(len(done), 'finished run')} {were} still improving at the last epoch: with more "
            f"epochs {what} change"
        )


def _found(best: Sequence[StudyRun], severity: Severity) -> Iterator[str]:
    """Yield the findings of that severity about the runs of the best recipe."""
    found: dict[str, list[int]] = {}
    for run in best:
        for each in run.findings or ():
            if each.severity == severity and each.kind not in SAID_APART:
                found.setdefault(each.headline, []).append(run.id)
    for headline, ids in found.items():
        whose = "the best run itself" if len(best) == 1 else "of the best recipe"
        yield f"{whose}, {ids_of(ids)}: {headline}"


def _of_order(order: Sequence[Recipe]) -> Iterator[str]:
    """Yield what is uncertain of which recipe is the best; nothing where none can be called so."""
    if not have_one_test_set(order):
        return
    if order and len(order[0].accuracies) == 1:
        yield "the best recipe has one finished run: the variance between its seeds is not known"
    if one_test_set(order) is None:
        yield "whether all recipes were tested on the same images is not known"
    if len(order) > 1 and recipes_rank_by(order).split == "test":
        yield f"the best of {len(order)} recipes was chosen on the test images that measure it"
