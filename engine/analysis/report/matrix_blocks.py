"""Confusion matrices on a data set: of each run at its best epoch, and pooled over the folds of a cross-validation."""

from collections.abc import Iterator, Sequence
from functools import partial

from engine.analysis.markdown import percent, printable, title_among, title_of
from engine.analysis.matrix_figure import Panel, draw_matrices, panel_of, panels_a_figure
from engine.analysis.pooled import Pooled
from engine.analysis.report.blocks import Block, Figure, Matrices, MatrixPanel, paragraph, text
from engine.analysis.report.facts import Facts
from engine.analysis.report.recipes import Recipe
from engine.analysis.report.values import ids_of, parts, plural, range_in_percent
from engine.analysis.study import StudyRun

TITLE_LETTERS = 140
"""Letters of a run's name above its matrix on the page."""
NOTE = (
    "Rows are true classes, columns predicted classes, at the epoch given in the results table; one colour scale "
    "from 0 to 1. The number below each share is the count of images."
)
POOLED_NOTE = (
    "Each image was predicted by the run that did not train on its fold, at the best epoch of that run. Rows are true "
    "classes, columns predicted classes. The interval of the accuracy counts images, or groups where there are groups."
)


def matrix_blocks(data: str, runs: Sequence[StudyRun], data_slug: str) -> Iterator[Matrices]:
    """Yield the confusion matrices of runs on one data set, in one figure unless they are many."""
    known = [run for run in runs if run.matrix]
    for suffix, some in parts(known, panels_a_figure([panel_of(run, known) for run in known])):
        figure = Figure(
            f"confusion-{data_slug}{suffix}",
            text(f"Confusion matrices on {data}, each row over its sum"),
            "Confusion matrices of " + "; ".join(map(title_of, some)),
            text(NOTE),
            partial(draw_matrices, [panel_of(run, known) for run in some]),
        )
        yield Matrices(figure, tuple(_of_run(run, known) for run in some))


def _of_run(run: StudyRun, runs: Sequence[StudyRun]) -> MatrixPanel:
    best = run.best
    assert best is not None and run.matrix is not None
    state = "" if run.done else f" ({run.status})"
    name = printable(title_among(run, runs), TITLE_LETTERS)
    title = f"{name}{state}: epoch {best.epoch}, test accuracy {percent(best.number('test_acc'))} %"
    counts = tuple(tuple(row) for row in run.matrix)
    return MatrixPanel(title, run.classes, counts, f"run {run.id} epoch {best.epoch} confusion")


def pooled_blocks(data: str, recipes: Sequence[Recipe], facts: Facts, data_slug: str) -> Iterator[Block]:
    """Yield the pooled matrices of each cross-validation, a panel for each repetition, and why others are left out; why
    there are none elsewhere."""
    for recipe in recipes:
        found = facts.pooled.get(recipe.first.id)
        if isinstance(found, str):
            yield paragraph(f"The folds of {recipe.called} are not pooled: {found}.")
        elif found:
            yield _pooled(data, recipe, found.repetitions, data_slug)
            if found.left_out:
                yield paragraph(f"Repetitions that are not pooled: {'; '.join(found.left_out)}.")


def _pooled(data: str, recipe: Recipe, found: Sequence[Pooled], data_slug: str) -> Matrices:
    shown = found[: panels_a_figure([_panel(each) for each in found])]
    more = (
        f" The first {len(shown)} of {len(found)} repetitions are shown." if len(shown) < len(found) else ""
    )
    figure = Figure(
        f"pooled-{data_slug}-{recipe.first.id}",
        text(
            f"Out-of-fold confusion matrix of the {plural(recipe.group.folds, 'fold')} of {recipe.name} on {data}"
        ),
        "Pooled confusion matrices of " + "; ".join(_title(each) for each in shown),
        text(POOLED_NOTE + more),
        partial(draw_matrices, [_panel(each) for each in shown]),
    )
    panels = (
        MatrixPanel(
            _title(each),
            each.class_names,
            tuple(map(tuple, each.confusion)),
            f"group of run {recipe.first.id} pooled best {place} confusion",
        )
        for place, each in enumerate(shown)
    )
    return Matrices(figure, tuple(panels))


def _title(pooled: Pooled) -> str:
    groups = f" of {pooled.groups:,} groups" if pooled.rule else ""
    return (
        f"{ids_of(pooled.run_ids)}, out of fold: accuracy {percent(pooled.accuracy)} % "
        f"({range_in_percent((pooled.low, pooled.high))} %; n {pooled.images:,}{groups})"
    )


def _panel(pooled: Pooled) -> Panel:
    head, _, accuracy = _title(pooled).partition(": ")
    return Panel((head, accuracy), pooled.class_names, pooled.confusion)
