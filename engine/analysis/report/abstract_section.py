"""Abstract of a report: five sentences made from its numbers."""

import itertools
from collections.abc import Mapping, Sequence

from engine.analysis.comparison.sentences import in_one_sentence, in_points
from engine.analysis.findings.kinds import NOTHING
from engine.analysis.markdown import decimal, percent, points
from engine.analysis.report.blocks import Cell, Piece, Section, joined, paragraph, section, text
from engine.analysis.report.caveats import caveats
from engine.analysis.report.data_section import partition_of, said_of_data
from engine.analysis.report.facts import Facts
from engine.analysis.report.ranking import best_of, have_one_test_set, in_words, ranked, recipes_rank_by
from engine.analysis.report.recipes import Recipe, recipes_of, spread_of
from engine.analysis.report.values import baseline_of, ids_of, interval_of, measured, plural, range_in_percent
from engine.analysis.study import StudyRun
from engine.metrics.metric import SplitMetric
from engine.spec.plugin_name import arch_shown

MOST_CAVEATS = 4
MOST_DIFFERING = 4
MOST_APART = 3
"""Recipes that are named where none can be called the best."""


def abstract_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    name = main_data(data)
    runs = _best_first(data[name])
    recipes = recipes_of(runs)
    sentences = (
        _of_data(name, runs, facts, [each for each in data if each != name]),
        _compared(runs, recipes),
        _best(name, recipes, facts),
        _apart(name, recipes, facts),
        _caveat(name, runs, facts),
    )
    return section("Abstract", "abstract", paragraph(*joined(filter(None, sentences), " ")))


def main_data(data: Mapping[str, Sequence[StudyRun]]) -> str:
    """Name the data set of most runs; of several, that of the newest run."""
    return max(data, key=lambda name: (len(data[name]), max(run.id for run in data[name])))


def _best_first(runs: Sequence[StudyRun]) -> list[StudyRun]:
    """Put the runs of the best recipe first: the data are described as they were for these."""
    order = ranked(recipes_of(runs))
    best = {run.id for run in order[0].runs} if order else set()
    return sorted(runs, key=lambda run: run.id not in best)


def _of_data(name: str, runs: Sequence[StudyRun], facts: Facts, others: Sequence[str]) -> Cell:
    found = sorted(facts.data.get(name, ()), key=lambda each: runs[0].id not in each.run_ids)
    known = next((each for each in found if not each.unknown), None)
    level = partition_of(known).rstrip(".") if known else "The level of the split is not known"
    level = level[0].lower() + level[1:]
    aside = f"; the sections below report {', '.join(others)} too, apart from it" if others else ""
    return text(
        "This study trains image classifiers on ", said_of_data(name, runs, found), f"; {level}{aside}."
    )


def _compared(runs: Sequence[StudyRun], recipes: Sequence[Recipe]) -> str:
    archs = ", ".join(dict.fromkeys(arch_shown(run.spec.arch) for run in runs))
    differing = list(dict.fromkeys(field for run in runs for field in run.unlike if field != "seed"))
    starts = len({run.spec.pretrained for run in runs}) > 1
    several = len({run.spec.arch for run in runs}) > 1
    also = [
        *(["arch"] if several else []),
        *(["first weights"] if starts else []),
        *differing[:MOST_DIFFERING],
    ]
    more = len(differing) - MOST_DIFFERING
    and_more = f" and {plural(more, 'more setting')}" if more > 0 else ""
    in_what = f"; they differ in {', '.join(also)}{and_more}" if also else ""
    done = sum(run.done for run in runs)
    state = "" if done == len(runs) else f", of which {done} {'is' if done == 1 else 'are'} done"
    return f"It compares {plural(len(recipes), 'recipe')} in {plural(len(runs), 'run')}{state}, with {archs}{in_what}."


def _best(name: str, recipes: Sequence[Recipe], facts: Facts) -> Cell:
    """Name the best recipe; where that is a single run beside repeated ones, say so, and name the best of these."""
    order = ranked(recipes)
    if not order:
        return "No run is done, so there is no result yet."
    if not have_one_test_set(order):
        return _none_best(name, order, facts)
    several = next((each for each in order if len(each.accuracies) > 1), None)
    if several is None or several is order[0]:
        told = _single(order[0], facts) if several is None else _several(name, several, facts)
        by = _chosen(order)
        return text(
            "The best recipe", by and f" by {by},", " is ", *told, _highest(name, order, several, facts),
            _as_good(order), _nothing_learnt(order[0]), ".",
        )  # fmt: skip
    metric = recipes_rank_by(order)
    of = f", of {_value(several, metric)}," if metric.split == "val" else ""
    return text(
        "The best ", _chosen(order) or in_words(metric), "," * bool(of), " is that of a single run, ",
        *_single(order[0], facts), ", which shows these weights and not what the recipe gives with other seeds; the ",
        f"best recipe of several runs{of} is ", *_several(name, several, facts),
        _highest(name, order, several, facts), _nothing_learnt(several), ".",
    )  # fmt: skip


def _nothing_learnt(recipe: Recipe) -> str:
    """Say so where none of a recipe's runs has learnt anything that its test images show; else nothing."""
    gravest = [
        next((each for each in run.findings or () if each.kind in NOTHING), None) for run in recipe.finished
    ]
    if None in gravest:
        return ""
    headlines = ", ".join(dict.fromkeys(each.headline for each in gravest if each))
    which = "this run" if len(gravest) == 1 else "any of these runs"
    return f"; but the test images do not show that {which} has learnt anything ({headlines})"


def _none_best(name: str, order: Sequence[Recipe], facts: Facts) -> str:
    told = [f"{each.called} ({each.name}): {_accuracy(name, each, facts)}" for each in order[:MOST_APART]]
    more = f", and {plural(len(order) - MOST_APART, 'more recipe')}" if len(order) > MOST_APART else ""
    return (
        "The recipes were tested on different images, so none can be called the best; their test accuracies are "
        f"{'; '.join(told)}{more}."
    )


def _chosen(order: Sequence[Recipe]) -> str:
    """Name what ranks the recipes where that is not the test accuracy itself, with the best one's value."""
    metric = recipes_rank_by(order)
    if metric.split == "test" or len(order) < 2:
        return ""
    return f"{_value(order[0], metric, ', ')}, which is measured on other images than the test accuracy"


def _value(recipe: Recipe, metric: SplitMetric, between: str = " ") -> str:
    """Return a recipe's mean of a metric, or a single run's value: `mean val accuracy 90.00 %`."""
    value = recipe.group.spread(metric.key).mean
    mean = "mean " if len(recipe.accuracies) > 1 else ""
    if value is None:
        return f"{in_words(metric)} undefined"
    return f"{mean}{in_words(metric)}{between}{f'{percent(value)} %' if metric.metric.is_share else decimal(value)}"


def _accuracy(name: str, recipe: Recipe, facts: Facts, what: str = "") -> str:
    """Return a recipe's test accuracy with its interval and n: `97.50 %, 95 % interval 87.1 to 99.6 %, n 40 test
    images`; `what` names it."""
    if len(recipe.accuracies) > 1:
        spread = spread_of(recipe, facts.side(name, recipe.side))
        return f"mean {what}{percent(recipe.accuracy)} % over {len(recipe.accuracies)} runs, {spread}"
    run = recipe.finished[0]
    ends = range_in_percent(interval_of(run, run.best, facts))
    n = plural(sum(run.test_images or ()), "test image")
    return f"{what}{percent(recipe.accuracy)} %, 95 % interval {ends} %, n {n}"


def _highest(name: str, order: Sequence[Recipe], several: Recipe | None, facts: Facts) -> str:
    """Name the recipe of the highest test accuracy where another metric ranks them; empty where it is the best.

    The interval of the next recipe, and of the best of several runs, stands beside it in the abstract already."""
    highest = max(order, key=lambda each: (each.accuracy or 0.0, -each.first.id))
    if highest.accuracy == order[0].accuracy:
        return ""
    is_told = highest is order[1] or highest is several
    told = f"{percent(highest.accuracy)} %" if is_told else _accuracy(name, highest, facts)
    return f"; the highest test accuracy is that of {highest.called}, {told}"


def _as_good(order: Sequence[Recipe]) -> str:
    """Name the recipes that share the value which ranks the best: it stands before them, but is no better."""
    metric = recipes_rank_by(order)
    value = order[0].group.spread(metric.key).mean
    others = [each.called for each in order[1:] if each.group.spread(metric.key).mean == value]
    if value is None or not others:
        return ""
    named = (
        others if len(others) <= MOST_APART else [*others[:MOST_APART], f"{len(others) - MOST_APART} more"]
    )
    return f"; {', '.join(named)} {'has' if len(others) == 1 else 'have'} the same {in_words(metric)}"


def _single(best: Recipe, facts: Facts) -> tuple[Piece, ...]:
    run = best_of(best.finished)
    assert run is not None and run.best is not None
    at = run.best
    return text(
        f"#{run.id} ({best.name}): test accuracy ",
        measured(run, at, "test_acc"),
        f" % at epoch {at.epoch} (95 % interval {range_in_percent(interval_of(run, at, facts))} %; n "
        f"{plural(sum(run.test_images or ()), 'test image')}, one run",
        *_last_in_words(run),
        f"), {points(at.number('test_acc'), run.baseline)} points against the baseline of ",
        baseline_of(run),
        " % for always predicting the most frequent class",
    )


def _last_in_words(run: StudyRun) -> tuple[Piece, ...]:
    """Give the accuracy of the last epoch where another is the best."""
    if run.best is None or run.last is None or run.last.epoch == run.best.epoch:
        return ()
    return text("; ", measured(run, run.last, "test_acc"), f" % at the last epoch, {run.last.epoch}")


def _several(name: str, best: Recipe, facts: Facts) -> tuple[Piece, ...]:
    side, baseline = facts.side(name, best.side), best.group.baseline
    return text(
        f"{best.name} ({ids_of(each.id for each in best.runs)}): mean test accuracy "
        f"{percent(best.accuracy)} % over {len(best.accuracies)} runs ({spread_of(best, side)}), "
        f"{points(best.accuracy, baseline)} points against the baseline of {percent(baseline)} % for always predicting "
        "the most frequent class"
    )


def _apart(name: str, recipes: Sequence[Recipe], facts: Facts) -> str:
    order = ranked(recipes)
    if len(order) < 2:
        return "There is no second finished recipe to compare it with."
    if not have_one_test_set(order):
        return ""
    first, second = order[:2]
    metric = recipes_rank_by(order)
    by = f"{_value(second, metric)}, " if metric.split == "val" else ""
    numbers = f"{by}{_accuracy(name, second, facts, 'test accuracy ')}"
    next_one = f"the next recipe ({second.called}, {second.name}; {numbers})"
    pairs = facts.pairs_of_best(name)
    found = next((each for each in pairs if each.second == second.side), None)
    if found is None:
        return f"Whether {first.called} differs from {next_one} was not tested."
    if found.told_apart is None:
        return f"Whether {first.called} differs from {next_one} is not known: {found.reason}."
    told = "is told apart from" if found.told_apart else "is not told apart from"
    said = in_one_sentence(found, len(facts.comparisons[name].pairs), in_points)
    return f"{first.called} {told} {next_one}: {said}."


def _caveat(name: str, runs: Sequence[StudyRun], facts: Facts) -> str:
    found = list(itertools.islice(caveats(name, runs, facts), MOST_CAVEATS))
    if len(found) < 2:
        return f"The gravest caveat: {found[0] if found else 'none was found'}."
    return f"The gravest caveats: {'; '.join(found)}."
