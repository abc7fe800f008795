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
    yield from _found(top, "error")
    if runs[0].spec.data in CAVEATS:
        yield CAVEATS[runs[0].spec.data].rstrip(".")[0].lower() + CAVEATS[runs[0].spec.data].rstrip(".")[1:]
    yield from _found(top, "warning")
    if top and is_optimistic(top.chosen_by, top.spec.epochs):
        side = facts.side(name, order[0].side) if order else None
        high = (
            optimism_in_words(side, in_points)
            if side and side.chosen_on_test
            else "its accuracy is optimistic"
        )
        yield f"the test images chose the best epoch: {high}"
    yield from _of_order(order)
    yield from _still_improving(runs)
    yield from _found(top, "note")


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


def _found(top: StudyRun | None, severity: Severity) -> Iterator[str]:
    """Yield the findings of that severity about the best run."""
    for each in (top.findings or ()) if top else ():
        if top and each.severity == severity and each.kind not in SAID_APART:
            yield f"the best run itself, #{top.id}: {each.headline}"


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
