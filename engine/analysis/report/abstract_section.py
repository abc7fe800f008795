"""Abstract of a report: five sentences made from its numbers."""

from collections.abc import Iterator, Mapping, Sequence

from engine.analysis.comparison.sentences import in_one_sentence, optimism_in_words
from engine.analysis.finding import gravest_first
from engine.analysis.markdown import percent, points, title_of
from engine.analysis.report.blocks import Cell, Piece, Section, paragraph, section, text
from engine.analysis.report.data_section import CAVEATS, has_leak, partition_of, said_of_data
from engine.analysis.report.facts import Facts
from engine.analysis.report.recipes import Recipe, best_of, ranked, recipes_of, spread_of
from engine.analysis.report.values import baseline_of, ids_of, interval_of, measured, plural, range_in_percent
from engine.analysis.study import StudyRun
from engine.metrics.selection import is_optimistic
from engine.spec.plugin_name import arch_shown


def abstract_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    name = main_data(data)
    runs = data[name]
    recipes = recipes_of(runs)
    sentences = (
        _of_data(name, runs, facts, [each for each in data if each != name]),
        _compared(runs, recipes),
        _best(name, recipes, facts),
        _apart(name, recipes, facts),
        _caveat(name, runs, facts),
    )
    pieces: list[Cell] = []
    for sentence in sentences:
        pieces += [" ", sentence] if pieces else [sentence]
    return section("Abstract", "abstract", paragraph(*pieces))


def main_data(data: Mapping[str, Sequence[StudyRun]]) -> str:
    """Name the data set of most runs; of several, that of the newest run."""
    return max(data, key=lambda name: (len(data[name]), max(run.id for run in data[name])))


def _of_data(name: str, runs: Sequence[StudyRun], facts: Facts, others: Sequence[str]) -> Cell:
    found = facts.data.get(name, ())
    known = next((each for each in found if not each.unknown), None)
    level = partition_of(known).rstrip(".") if known else "The level of the split is not known"
    level = level[0].lower() + level[1:]
    aside = (
        f"; the sections below report {', '.join(others)} too, which cannot be compared with it"
        if others
        else ""
    )
    return text(
        "This study trains image classifiers on ", said_of_data(name, runs, found), f"; {level}{aside}."
    )


def _compared(runs: Sequence[StudyRun], recipes: Sequence[Recipe]) -> str:
    archs = ", ".join(dict.fromkeys(arch_shown(run.spec.arch) for run in runs))
    differing = list(dict.fromkeys(field for run in runs for field in run.unlike if field != "seed"))
    starts = len({run.spec.pretrained for run in runs}) > 1
    also = [*(["first weights"] if starts else []), *differing[:4]]
    more = f" and {len(differing) - 4} more settings" if len(differing) > 4 else ""
    in_what = f", which differ in {', '.join(also)}{more}" if also else ""
    done = sum(run.done for run in runs)
    state = "" if done == len(runs) else f", of which {done} {'is' if done == 1 else 'are'} done"
    return f"It compares {plural(len(recipes), 'recipe')} in {plural(len(runs), 'run')}{state}, with {archs}{in_what}."


def _best(name: str, recipes: Sequence[Recipe], facts: Facts) -> Cell:
    """Name the best recipe; where that is a single run beside repeated ones, say so, and name the best of these."""
    order = ranked(recipes)
    if not order:
        return "No run is done, so there is no result yet."
    several = next((each for each in order if len(each.accuracies) > 1), None)
    if several is order[0]:
        return text("The best recipe is ", *_several(name, several, facts), ".")
    if several is None:
        return text("The best recipe is ", *_single(order[0], facts), ".")
    return text(
        "The highest test accuracy is that of a single run, ", *_single(order[0], facts),
        ", which shows these weights and not what the recipe gives with other seeds; the best recipe of several runs ",
        "is ", *_several(name, several, facts), ".",
    )  # fmt: skip


def _single(best: Recipe, facts: Facts) -> tuple[Piece, ...]:
    run = best.top
    assert run is not None and run.best is not None
    at = run.best
    return text(
        f"#{run.id} ({best.name}): test accuracy ",
        measured(run, at, "test_acc"),
        f" % at epoch {at.epoch} (95 % interval {range_in_percent(interval_of(run, at, facts))} %; n "
        f"{plural(sum(run.test_images or ()), 'test image')}, one run), "
        f"{points(at.number('test_acc'), run.baseline)} points against the baseline of ",
        baseline_of(run),
        " % for always predicting the most frequent class",
    )


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
    second = order[1]
    next_one = f"the next recipe ({second.called}, {second.name}, {percent(second.accuracy)} %)"
    pairs = facts.pairs_of_best(name)
    found = next((each for each in pairs if each.second == second.side), None)
    if found is None:
        return f"Whether it differs from {next_one} was not tested."
    if found.told_apart is None:
        return f"Whether it differs from {next_one} is not known: {found.reason}."
    told = "is told apart from" if found.told_apart else "is not told apart from"
    return f"It {told} {next_one}: {in_one_sentence(found, len(facts.comparisons[name].pairs))}."


def _caveat(name: str, runs: Sequence[StudyRun], facts: Facts) -> str:
    return f"The gravest caveat: {next(caveats(name, runs, facts), 'none was found')}."


def caveats(name: str, runs: Sequence[StudyRun], facts: Facts) -> Iterator[str]:
    """Yield what limits the result, the gravest first."""
    order = ranked(recipes_of(runs))
    best = order[0] if order else None
    leaking = [run.id for run in runs if has_leak(run)]
    if leaking:
        yield f"{ids_of(leaking)} started from weights that were trained on its test images"
    for each in facts.data.get(name, ()):
        if each.shared_images:
            yield f"{each.shared_images:,} test images share a group with a train image, so the network may know them"
    top = best.top if best else best_of(runs)
    errors = [each for each in gravest_first(top.findings or ()) if each.severity == "error"] if top else []
    if top and errors:
        yield f"the best run itself ({title_of(top)}): {errors[0].headline}"
    if runs[0].spec.data in CAVEATS:
        yield CAVEATS[runs[0].spec.data].rstrip(".")[0].lower() + CAVEATS[runs[0].spec.data].rstrip(".")[1:]
    if top and is_optimistic(top.chosen_by, top.spec.epochs):
        side = facts.side(name, best.side) if best else None
        high = optimism_in_words(side) if side and side.chosen_on_test else "its accuracy is optimistic"
        yield f"the test images chose the best epoch: {high}"
    if best and len(best.accuracies) == 1:
        yield "the best recipe has one finished run: the variance between its seeds is not known"
    if best and len(order) > 1:
        yield f"the best of {len(order)} recipes was chosen on the test images that measure it"
