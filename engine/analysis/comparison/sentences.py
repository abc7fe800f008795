"""Results of a comparison in words, the same in the terminal, the app and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from engine.text import with_minus

if TYPE_CHECKING:  # it needs numpy, which the app loads only when runs are compared
    from engine.analysis.comparison.comparison import Comparison, PairResult, SideResult

WORDS = {"weights": "these weights", "recipe": "this recipe"}
LEAST_OPTIMISM = 0.0005
POINTS = " points"
NOTHING_LEARNT = (
    "Neither side has learnt anything that is worth comparing: each of their runs predicts one class or is hardly "
    "better than chance"
)
CAUTION = "less certain than it says: an epoch was chosen on these images"


def signed(value: float, places: int = 4) -> str:
    """`+.0067`, `−.0120`: as accuracies are written, without the zero before the point."""
    text = f"{abs(value):.{places}f}"
    return f"{'−' if value < 0 else '+'}{text.removeprefix('0') if text.startswith('0.') else text}"


def _unsigned(value: float) -> str:
    return signed(value)[1:]


def in_points(value: float) -> str:
    """`+0.67 points`, `−1.20 points`: as a report writes differences, beside accuracies in percent."""
    return with_minus(f"{100 * value:+.2f}{POINTS}")


Unit: TypeAlias = Callable[[float], str]
"""Writes a signed difference of accuracies: `signed` or `in_points`."""


def p_shown(p: float | None) -> str:
    """Write `p = .031`, `p < .0001`; a dash where there is none."""
    cell = p_cell(p)
    return cell if p is None else f"p {cell}" if cell.startswith("<") else f"p = {cell}"


def p_cell(p: float | None) -> str:
    """Write a p-value for a column that is headed p: `.031`, `< .0001`; a dash where there is none."""
    if p is None:
        return "–"
    if p < 0.0001:
        return "< .0001"
    text = f"{p:.2g}" if p >= 0.001 else f"{p:.1g}"
    return text.removeprefix("0") if text.startswith("0.") else text


def rounded(count: int) -> int:
    """Round up to two digits that count: an estimate of a plan is no surer."""
    step = int(10 ** max(len(str(count)) - 2, 0))
    return -(-count // step) * step


def verdict(pair: PairResult) -> str:
    """Return the few words of a table's last column."""
    if pair.told_apart is None:
        return "not compared" if pair.difference is None else "nothing can be told"
    return "told apart" if pair.told_apart else "not told apart"


def pair_sentence(pair: PairResult, comparisons: int = 1, unit: Unit = signed) -> str:
    """Return one paragraph on a pair: what is told of what, with its numbers, and what more would tell."""
    return " ".join(f"{part}." for part in _pair_parts(pair, comparisons, unit) if part)


def in_one_sentence(pair: PairResult, comparisons: int = 1, unit: Unit = signed) -> str:
    """Return `pair_sentence` as one sentence without its full stop."""
    told, more = _pair_parts(pair, comparisons, unit)
    return f"{told}; {more[0].lower()}{more[1:]}" if more else told


def _pair_parts(pair: PairResult, comparisons: int, unit: Unit) -> tuple[str, str]:
    """Return what is told of a pair, and what more would tell; without full stops."""
    name = f"{pair.first} − {pair.second}"
    if pair.difference is None:
        return f"{name}: not compared: {pair.reason}", ""
    found = f"{name}: accuracy {unit(pair.difference)}"
    if pair.told_apart is None:
        more = NOTHING_LEARNT if pair.nothing_learnt else ""
        return f"{found}; nothing can be told: {pair.reason}", more
    assert pair.low is not None and pair.high is not None
    ends = f"{unit(pair.low).removesuffix(POINTS)} to {unit(pair.high)}"
    found += f" (95 % {ends}, {_p(pair, comparisons)}){_where(pair)}"
    parts = [f"{found}: {_told(pair)}", f"{pair.method}{f', groups by {pair.rule}' if pair.rule else ''}"]
    parts += [CAUTION] if pair.chosen_on_test else []
    more = NOTHING_LEARNT if pair.nothing_learnt else "" if pair.told_apart else _more(pair)
    return "; ".join(parts), more


def _p(pair: PairResult, comparisons: int) -> str:
    corrected = (
        f", {p_shown(pair.p_holm)} after Holm for {comparisons} comparisons" if comparisons > 1 else ""
    )
    return f"{p_shown(pair.p)}{corrected}"


def _where(pair: PairResult) -> str:
    if not pair.images:
        return ""
    groups = f" of {pair.groups:,} groups" if pair.groups != pair.images else ""
    return f" on the same {pair.images:,} images{groups}"


def _told(pair: PairResult) -> str:
    what = WORDS[pair.scope]
    if not pair.told_apart:
        return f"{'these weights are' if pair.scope == 'weights' else 'the recipes are'} not told apart"
    better = pair.first if (pair.difference or 0) > 0 else pair.second
    return f"told apart: {what} of {better} {'are' if pair.scope == 'weights' else 'is'} more accurate"


def _more(pair: PairResult) -> str:
    """Say what would tell the observed difference apart."""
    ways = []
    if pair.seeds_needed:
        ways.append(f"{pair.seeds_needed:,} seeds each")
    if pair.images_needed:
        ways.append(f"{rounded(pair.images_needed):,} such test images")
    if not ways:
        return (
            ""
            if not pair.images
            else "No number of images or seeds that is within reach would tell so small a difference apart"
        )
    return f"If this is the true difference, about {' or '.join(ways)} would tell it apart, with a chance of 80 %"


def n_in_words(side: SideResult) -> str:
    """Say what n counts: `n 3`, `n 5 folds, each the mean of 3 runs`, `n 10 splits`."""
    if side.layout is None or side.layout == "same images":
        return f"n {side.n}"
    each = f", each the mean of {side.runs} runs" if side.layout == "folds" and side.runs > 1 else ""
    return f"n {side.n} {side.layout}{each}"


def side_in_words(side: SideResult) -> str:
    """Say what a side is: its recipe, its runs, which are not done, how its epochs were chosen, its baseline and its
    gravest error or warning.

    `group of #1: resnet18, scratch; lr 0.01; #1, #2, n 2; not done, not counted: #3 running; epoch chosen: by val_acc;
    baseline .5556; collapsed: #1`"""
    about = side.about
    runs = f"{', '.join(f'#{each}' for each in side.run_ids)}, {n_in_words(side)}" if side.n > 1 else ""
    parts = (
        about.recipe,
        runs,
        not_done_in_words(side),
        about.epoch_chosen and f"epoch chosen: {about.epoch_chosen}",
        baseline_in_words(side),
        finding_in_words(side),
    )
    return f"{side.name}: {'; '.join(filter(None, parts))}"


def baseline_in_words(side: SideResult) -> str:
    """`baseline .5556`, or `baselines .4667 to .5556` of runs with other test images; empty where none is known."""
    known = side.about.baselines.values()
    ends = dict.fromkeys(_unsigned(value) for value in (min(known), max(known))) if known else {}
    return f"baseline{'s' * (len(ends) > 1)} {' to '.join(ends)}" if ends else ""


def finding_in_words(side: SideResult) -> str:
    """`collapsed: #1–3`, of a single run `collapsed`; empty where no run has an error or a warning."""
    about = side.about
    of = f": {ids_in_words(about.finding_runs)}" if side.n > 1 else ""
    return f"{about.finding}{of}" if about.finding else ""


def ids_in_words(run_ids: Iterable[int]) -> str:
    """Name runs by their numbers, three or more in a row by the first and the last: `#1–3, #5, #6`."""
    rows: list[list[int]] = []
    for run_id in sorted(run_ids):
        if rows and run_id == rows[-1][-1] + 1:
            rows[-1].append(run_id)
        else:
            rows.append([run_id])
    return ", ".join(
        f"#{row[0]}–{row[-1]}" if len(row) > 2 else ", ".join(f"#{each}" for each in row) for row in rows
    )


def not_done_in_words(side: SideResult) -> str:
    """Name the runs that are not done, with their status; empty where all are done.

    A side whose predictions could not be read counts no run, done or not."""
    own = {run_id: status for run_id, status in side.about.not_done.items() if int(run_id) in side.run_ids}
    others = {run_id: status for run_id, status in side.about.not_done.items() if run_id not in own}
    without = "not done, not counted" if side.run_ids else "not done"
    told = [("compared although not done", own), (without, others)]
    return "; ".join(f"{what}: {by_status(runs)}" for what, runs in told if runs)


def not_measured_in_words(found: Comparison) -> str:
    """Name the runs of sweeps that are not compared, with their status; empty where there are none."""
    runs = by_status(found.not_measured)
    return f"not compared, no epoch measured yet: {runs}" if runs else ""


def by_status(runs: Mapping[str, str]) -> str:
    """`#4 #5 running, #6 failed`."""
    named: dict[str, list[str]] = {}
    for run_id, status in runs.items():
        named.setdefault(status, []).append(f"#{run_id}")
    return ", ".join(f"{' '.join(ids)} {status}" for status, ids in named.items())


def side_sentences(side: SideResult, unit: Unit = signed) -> list[str]:
    """Return what is to be said of one side: how its epoch was chosen, and which runs are not counted."""
    said = [remark if remark.startswith(side.name) else f"{side.name}: {remark}" for remark in side.remarks]
    if side.chosen_on_test:
        said.append(f"{side.name}: best epoch chosen on test data: {optimism_in_words(side, unit)}")
    return said


def optimism_in_words(side: SideResult, unit: Unit = signed) -> str:
    """Say by how much the accuracy of a side is too high whose epoch was chosen on test data."""
    if side.optimism is None:
        return "optimistic, by how much cannot be estimated from its predicted classes"
    high = "not measurably" if side.optimism < LEAST_OPTIMISM else f"about {unit(side.optimism)[1:]}"
    return (
        f"its accuracy is {high} too high (estimated by choosing on one half of the test images and telling on the "
        "other)"
    )
