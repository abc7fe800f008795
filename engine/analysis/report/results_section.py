"""Results on each data set: repeated recipes, single runs, accuracy curves and confusion matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from engine.analysis import figures
from engine.analysis.markdown import (
    UNDEFINED,
    percent,
    points,
    unique,
)
from engine.analysis.report.blocks import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Section,
    Table,
    code,
    joined,
    paragraph,
    section,
    table,
    text,
)
from engine.analysis.report.facts import Facts
from engine.analysis.report.matrix_blocks import matrix_blocks, pooled_blocks
from engine.analysis.report.ranking import (
    TEST_ACCURACY,
    in_words,
    ranked,
    recipes_rank_by,
    unit_of,
)
from engine.analysis.report.recipes import Recipe, mean_range, recipes_of
from engine.analysis.report.score_blocks import score_blocks
from engine.analysis.report.single_runs import single_runs
from engine.analysis.report.values import (
    ids_of,
    measured,
    parts,
)
from engine.analysis.study import StudyRun
from engine.analysis.summary import Summary
from engine.metrics.metric import SplitMetric
from engine.metrics.selection import is_optimistic
from engine.spec.archs import ARCH_INFOS
from engine.spec.plugin_name import arch_shown
from engine.text import slug, with_minus

MOST_IN_FIGURE = figures.RUNS_A_FIGURE
ACCURACY_NOTE = (
    "Train accuracy is a running average over the epoch's batches, while the network changes; val and test accuracy "
    "are measured after each epoch. All figures of one data set have the same vertical axis."
)
BAND_NOTE = (
    "Mean test accuracy of the runs of each recipe after each epoch; the band is one standard deviation to each side, "
    "where at least two runs have the epoch."
)
GROUPS_NOTE = (
    "n: finished runs, each repeat of another counted once; where splits differ, splits, the runs on one averaged. "
    "Interval: Student's t; over seeds it covers their variance on these test images and not the sampling of the "
    "images (the comparison's interval counts both); over splits or folds it is wider, because their training images "
    "overlap (Nadeau and Bengio 2003)."
)


def results_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    slugs: list[str] = []
    found = []
    for number, (name, runs) in enumerate(data.items(), start=1):
        slugs.append(unique(slug(name), slugs))
        found.append(section(f"On {name}", f"results-{number}", *_on(name, runs, slugs[-1], facts)))
    return section("Results", "results", *found)


def _on(data: str, runs: Sequence[StudyRun], data_slug: str, facts: Facts) -> Iterator[Block | None]:
    recipes = recipes_of(runs)
    yield _repeated(data, recipes)
    yield _remarks(recipes)
    yield single_runs(data, runs, facts)
    yield _ungrouped(runs, facts)
    yield from what_chose(runs)
    yield _bands(data, recipes, data_slug)
    yield from _curves(data, runs, data_slug)
    yield from pooled_blocks(data, recipes, facts, data_slug)
    yield from matrix_blocks(data, runs, data_slug)
    yield from score_blocks(runs, data_slug)


def _repeated(data: str, recipes: Sequence[Recipe]) -> Table | None:
    """Return the table of the recipes that were repeated; None where none was."""
    repeated = [recipe for recipe in recipes if recipe.is_repeated]
    if not repeated:
        return None
    order = ranked(repeated)
    rest = [recipe for recipe in repeated if recipe not in order]
    metric = recipes_rank_by(recipes)
    by_val = [metric] if metric.split == "val" else []
    header = (
        "recipe", "runs", "n", *(f"{in_words(each)}{unit_of(each)} (mean ± sd)" for each in by_val),
        "test accuracy, % (mean ± sd)", "95 % interval of the mean", "interval covers", "lowest to highest, %",
        "last epoch, % (mean)", "baseline, %", "mean above baseline, points",
    )  # fmt: skip
    rows = [_repeated_row(recipe, by_val) for recipe in (*order, *rest)]
    left = ("recipe", "runs", "interval covers")
    return table(f"Recipes on {data}, over their repetitions", header, rows, left=left, note=GROUPS_NOTE)


def _spread(found: Summary, metric: SplitMetric) -> str:
    """Return `82.60 ± .81`, in percent where the metric is a share."""
    scale, places = (100, 2) if metric.metric.is_share else (1, 3)
    if found.mean is None:
        return UNDEFINED
    spread = f" ± {scale * found.sd:.{places}f}" if found.sd is not None else ""
    return f"{with_minus(f'{scale * found.mean:.{places}f}')}{spread}"


def _repeated_row(recipe: Recipe, by_val: Sequence[SplitMetric]) -> list[Cell]:
    group, values, found = recipe.group, recipe.accuracies, recipe.summary
    return [
        recipe.name,
        ids_of(run.id for run in recipe.runs),
        str(found.n),
        *(_spread(group.summary(each.key), each) for each in by_val),
        _spread(found, TEST_ACCURACY),
        mean_range(recipe),
        group.covers if found.low is not None else UNDEFINED,
        f"{percent(min(values))} to {percent(max(values))}" if values else UNDEFINED,
        percent(group.summary("test_acc", "last").mean),
        percent(group.baseline),
        points(found.mean, group.baseline),
    ]


def _remarks(recipes: Sequence[Recipe]) -> Paragraph | None:
    """Say which runs the means do not count; None where they count all."""
    said = [
        f"{recipe.called}: {each}."
        for recipe in recipes
        if recipe.is_repeated
        for each in recipe.group.remarks()
    ]
    return paragraph(" ".join(said)) if said else None


def _ungrouped(runs: Sequence[StudyRun], facts: Facts) -> Paragraph | None:
    """Name the runs whose intervals do not count groups; None where there are none."""
    reasons: dict[str, list[int]] = {}
    for run in runs:
        if run.id in facts.ungrouped:
            reasons.setdefault(facts.ungrouped[run.id], []).append(run.id)
    said = [
        f"The intervals of {ids_of(ids)} take images as independent, so they are too narrow where images have groups: "
        f"the groups cannot be read ({why})."
        for why, ids in reasons.items()
    ]
    return paragraph(" ".join(said)) if said else None


def what_chose(runs: Sequence[StudyRun]) -> list[Paragraph]:
    """Warn of best epochs chosen on test data, and give the highest test accuracy of the other runs."""
    said = []
    optimistic = [run.id for run in runs if is_optimistic(run.chosen_by, run.spec.epochs)]
    has_val = any(run.best is not None and run.best.number("val_acc") is not None for run in runs)
    if optimistic:
        flags = f"{'' if has_val else '--val-fraction 0.1 '}--select-on val_acc"
        said.append(
            paragraph(
                f"The numbers of {ids_of(optimistic)} are optimistic: the best epoch was chosen on test data. Choose "
                "it on a val split instead: ",
                code(flags),
                ".",
            )
        )
    other = [(run, run.highest) for run in runs if run.highest is not None and run.highest != run.best]
    if other:
        each = [
            text(f"of #{run.id} is ", measured(run, at, "test_acc"), f" % @ {at.epoch}") for run, at in other
        ]
        said.append(
            paragraph("The highest test accuracy ", joined(each, ", "), " (epoch chosen on the test set).")
        )
    return said


def _bands(data: str, recipes: Sequence[Recipe], data_slug: str) -> Figure | None:
    """Return the figure of the repeated recipes with their bands; None where none was repeated."""
    repeated = [recipe for recipe in recipes if recipe.is_repeated and any(run.epochs for run in recipe.runs)]
    some = [recipe for recipe in ranked(recipes) if recipe in repeated] or repeated
    some = some[:MOST_IN_FIGURE]
    if not some:
        return None
    bands = tuple(figures.Band(recipe.name, recipe.called, recipe.runs) for recipe in some)
    means = "; ".join(f"{recipe.name}: mean {percent(recipe.accuracy)} %" for recipe in some)
    return Figure(
        f"bands-{data_slug}",
        text(f"Test accuracy of the repeated recipes on {data} per epoch, mean and standard deviation"),
        f"Curves of mean test accuracy per epoch with bands. At the best epochs: {means}.",
        text(BAND_NOTE),
        partial(figures.draw_bands, bands, data),
    )


def _curves(data: str, runs: Sequence[StudyRun], data_slug: str) -> Iterator[Figure]:
    """Yield a figure for each arch among runs on one data set, or several for an arch of many runs."""
    axis = figures.shared_range(runs)
    names: list[str] = []
    for arch in sorted({run.spec.arch for run in runs}, key=_place):
        mine = [run for run in runs if run.spec.arch == arch]
        splits = "Train, val and test" if any(figures.has_val(run) for run in mine) else "Train and test"
        caption = f"{splits} accuracy of {arch_shown(arch)} on {data} per epoch"
        names.append(unique(arch if arch in ARCH_INFOS else slug(arch_shown(arch)), names))
        for suffix, some in parts(mine, figures.RUNS_A_FIGURE):
            yield Figure(
                f"accuracy-{data_slug}-{names[-1]}{suffix}",
                text(caption),
                "Curves of accuracy per epoch. Test accuracy, first to last epoch: "
                + "; ".join(map(_course, some)),
                text(ACCURACY_NOTE),
                partial(figures.draw_accuracy, some, axis, mine),
            )


def _course(run: StudyRun) -> str:
    shown = [each.number("test_acc") for each in run.epochs if each.epoch or len(run.epochs) == 1]
    ends = " to ".join(dict.fromkeys(percent(value) for value in (shown[:1] + shown[-1:])))
    return f"#{run.id} {ends} %" if ends else f"#{run.id}"


def _place(arch: str) -> tuple[int, str]:
    """Sort built-in architectures in the registry's order, then plug-ins by name."""
    return list(ARCH_INFOS).index(arch) if arch in ARCH_INFOS else len(ARCH_INFOS), arch
