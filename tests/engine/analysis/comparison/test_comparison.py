"""Comparison of sides: what is told of what, and what is refused."""

import json
from collections.abc import Sequence

import numpy as np
import pytest

from engine.analysis.comparison.comparison import compare
from engine.analysis.comparison.document import document
from engine.analysis.comparison.learnt import has_learnt_nothing
from engine.analysis.comparison.optimism import CHOOSERS
from engine.analysis.comparison.sentences import (
    ids_in_words,
    p_cell,
    p_shown,
    pair_sentence,
    rounded,
    side_in_words,
    side_sentences,
)
from engine.analysis.comparison.sides import RunPredictions, Side
from engine.analysis.comparison.tables import as_csv_text, as_tex_text


def run(
    run_id: int, correct: Sequence[bool] | np.ndarray, names: Sequence[str] | None = None, **more: object
) -> RunPredictions:
    """Return the predictions of a run for images of two classes."""
    labels = np.arange(len(correct)) % 2
    answers = np.where(correct, labels, 1 - labels)
    names = tuple(names or (f"i{place:04}" for place in range(len(correct))))
    values = {"by_epoch": answers[None], "select_on": "val_acc", "chosen_on_test": False} | more
    return RunPredictions(run_id, 1, names, labels, answers=answers, **values)  # type: ignore[arg-type]


def drawn(seed: int, share: float, count: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).random(count) < share


def test_single_runs_speak_of_these_weights() -> None:
    one, other = Side("#1", (run(1, np.arange(400) < 380),)), Side("#2", (run(2, np.arange(400) < 340),))
    found = compare([one, other])
    (pair,) = found.pairs
    assert pair.told_apart and pair.scope == "weights" and pair.difference == pytest.approx(0.1)
    assert "told apart: these weights of #1 are more accurate" in pair_sentence(pair)
    assert "recipe" not in pair_sentence(pair) and pair.images_needed is None
    assert [side.scope for side in found.sides] == ["weights", "weights"]
    assert found.sides[0].accuracy == 0.95 and found.sides[0].low < 0.95 < found.sides[0].high


@pytest.mark.parametrize(("seeds", "scope"), [(1, "weights"), (2, "weights"), (3, "recipe"), (5, "recipe")])
def test_only_from_three_seeds_on_it_speaks_of_the_recipe(seeds: int, scope: str) -> None:
    sides = [
        Side(
            name,
            tuple(
                run(100 * share + number, drawn(10 * number + share, 0.6 + share / 10))
                for number in range(seeds)
            ),
        )
        for name, share in (("group of #1", 1), ("group of #9", 3))
    ]
    (pair,) = compare(sides).pairs
    assert pair.scope == scope and pair.told_apart
    words = {"weights": "these weights of", "recipe": "this recipe of"}
    assert words[scope] in pair_sentence(pair)


def test_what_is_not_told_apart_says_how_much_more_would_tell() -> None:
    one, other = Side("#1", (run(1, drawn(1, 0.80)),)), Side("#2", (run(2, drawn(2, 0.78)),))
    (pair,) = compare([one, other]).pairs
    text = pair_sentence(pair)
    assert pair.told_apart is False and "not told apart" in text and pair.images_needed > 400
    assert (
        f"about {rounded(pair.images_needed):,} such test images would tell it apart, with a chance of 80 %"
        in text
    )
    assert [rounded(count) for count in (7, 99, 8469, 12001)] == [7, 99, 8500, 13000]
    recipes = [
        Side(name, tuple(run(number + start, drawn(number + start, 0.8)) for number in range(3)))
        for name, start in (("A", 0), ("B", 50))
    ]
    (pair,) = compare(recipes).pairs
    assert pair.told_apart is False and "the recipes are not told apart" in pair_sentence(pair)


def test_two_sides_that_have_learnt_nothing_say_so_and_not_how_much_more_would_tell() -> None:
    labels = np.arange(400) % 2

    def side(name: str, first: int, answers: np.ndarray) -> Side:
        return Side(name, tuple(run(first + place, answers == labels) for place in range(3)))

    one_class = np.zeros(400, int)
    random = np.random.default_rng(3).integers(0, 2, 400)
    useless = side("group of #1", 1, one_class), side("group of #9", 9, random)
    (pair,) = compare(useless).pairs
    assert pair.nothing_learnt and pair.images_needed is pair.seeds_needed is None
    text = pair_sentence(pair)
    assert "Neither side has learnt anything" in text and "would tell" not in text
    (again,) = document(compare(useless))["pairs"]
    assert again["nothing_learnt"] is True
    learnt = side("group of #20", 20, np.where(drawn(1, 0.8), labels, 1 - labels))
    for one, other in ((useless[0], learnt), (learnt, useless[1])):
        assert not compare([one, other]).pairs[0].nothing_learnt
        assert "has learnt" not in pair_sentence(compare([one, other]).pairs[0])


def test_few_images_ordered_classes_and_swapped_labels_may_hide_what_was_learnt() -> None:
    few = Side("#1", (run(1, np.arange(20) < 15),))
    swapped = Side("#2", (run(2, np.arange(400) < 100),))
    near = Side("#3", (run(3, np.random.default_rng(3).random(400) < 0.5, kappa=0.6),))
    one_class = Side("#4", (run(4, np.arange(400) % 2 == 0),))
    assert [has_learnt_nothing(each) for each in (few, swapped, near, one_class)] == [
        False,
        False,
        False,
        True,
    ]
    near = Side("#3", (run(3, np.random.default_rng(3).random(400) < 0.5),))
    assert has_learnt_nothing(near)


def test_runs_in_a_row_are_named_by_the_first_and_the_last() -> None:
    assert ids_in_words([3, 1, 2, 5, 7, 8]) == "#1–3, #5, #7, #8"


def test_different_test_sets_are_refused_with_the_reason() -> None:
    one = Side("#1", (run(1, drawn(1, 0.8)),))
    others = [f"j{place}" for place in range(380)] + [f"i{place:04}" for place in range(20)]
    other = Side("#2", (run(2, drawn(2, 0.8), others),))
    found = compare([one, other])
    (pair,) = found.pairs
    assert pair.difference is pair.p is pair.told_apart is None
    assert "different test sets (400 and 400 images, 20 of them the same)" in pair_sentence(pair)
    json.dumps(document(found), allow_nan=False)


def test_a_run_is_not_compared_with_itself() -> None:
    both = (run(1, drawn(1, 0.8)), run(2, drawn(2, 0.8)))
    (pair,) = compare([Side("group of #1", both), Side("#2", both[1:])]).pairs
    assert pair.told_apart is None and "not compared: both have #2" in pair_sentence(pair)


def test_the_order_of_images_does_not_matter() -> None:
    correct, turned = drawn(1, 0.8), np.arange(400)[::-1]
    straight = run(1, correct)
    reverse = RunPredictions(
        2, 1, tuple(straight.names[place] for place in turned), straight.labels[turned], straight.by_epoch,
        straight.answers[turned], "val_acc", False,
    )  # fmt: skip
    (pair,) = compare([Side("#1", (straight,)), Side("#2", (reverse,))]).pairs
    assert pair.only_first == pair.only_second == 0 and pair.p == 1.0


def test_folds_are_pooled_out_of_fold() -> None:
    def folds(start: int, share: float) -> Side:
        parts = [[f"i{place:04}" for place in range(400) if place % 4 == fold] for fold in range(4)]
        runs = [run(start + fold, drawn(start + fold, share, 100), part) for fold, part in enumerate(parts)]
        return Side(f"group of #{start}", tuple(runs))

    found = compare([folds(1, 0.95), folds(11, 0.7)])
    assert [side.images for side in found.sides] == [400, 400]
    (pair,) = found.pairs
    assert pair.told_apart and pair.images == 400 and pair.scope == "weights"


def test_uneven_folds_count_whole_cross_validations_and_name_the_run_left_out() -> None:
    halves = [[f"i{place:04}" for place in range(400) if place % 2 == fold] for fold in range(2)]
    runs = (
        run(1, drawn(1, 0.9, 200), halves[0]), run(2, drawn(2, 0.5, 200), halves[0]),
        run(3, drawn(3, 0.9, 200), halves[1]),
    )  # fmt: skip
    other = (run(11, drawn(11, 0.8, 200), halves[0]), run(12, drawn(12, 0.8, 200), halves[1]))
    side = compare([Side("group of #1", runs), Side("group of #11", other)]).sides[0]
    assert (side.run_ids, side.epochs, side.runs, side.n) == ((1, 3), (1, 1), 1, 2)
    assert side.sd == pytest.approx(np.std([runs[0].correct.mean(), runs[2].correct.mean()], ddof=1))
    assert side_sentences(side) == [
        "group of #1: not counted: #2, of a cross-validation that lacks other folds"
    ]
    both = (*runs, run(4, drawn(4, 0.5, 200), halves[1]))
    side = compare([Side("group of #1", both), Side("group of #11", other)]).sides[0]
    of_folds = [
        np.mean([one.correct.mean(), two.correct.mean()])
        for one, two in ((runs[0], runs[1]), (runs[2], both[3]))
    ]
    assert (side.runs, side.n) == (2, 2) and side.sd == pytest.approx(np.std(of_folds, ddof=1))
    assert not side.remarks and "n 2 folds, each the mean of 2 runs" in side_in_words(side)


def test_random_splits_have_the_interval_of_a_group() -> None:
    """Two runs of the first split count once; the interval is Nadeau and Bengio's, as a group's."""
    names = [
        [f"i{place:04}" for place in np.random.default_rng(split).permutation(900)[:200]]
        for split in range(4)
    ]
    runs = [run(split, drawn(split, 0.8, 200), names[split], test_over_train=0.25) for split in range(4)]
    again = run(9, drawn(9, 0.4, 200), names[0], test_over_train=0.25)
    side = compare([Side("A", (*runs, again)), Side("B", (run(20, drawn(20, 0.8)),))]).sides[0]
    means = [(runs[0].correct.mean() + again.correct.mean()) / 2, *(each.correct.mean() for each in runs[1:])]
    reach = 3.182446 * np.std(means, ddof=1) * np.sqrt(1 / 4 + 0.25)
    assert (side.runs, side.scope, side.accuracy) == (4, "recipe", pytest.approx(np.mean(means)))
    assert (side.low, side.high) == pytest.approx(
        (max(np.mean(means) - reach, 0), min(np.mean(means) + reach, 1))
    )


def test_random_splits_are_compared_over_common_splits() -> None:
    def splits(start: int, share: float, count: int) -> Side:
        runs = []
        for split in range(count):
            names = [f"i{place:04}" for place in np.random.default_rng(split).permutation(1000)[:200]]
            runs.append(run(start + split, drawn(start + split, share, 200), names, test_over_train=0.25))
        return Side(f"group of #{start}", tuple(runs))

    (pair,) = compare([splits(1, 0.95, 5), splits(11, 0.6, 5)]).pairs
    assert pair.told_apart and pair.scope == "recipe" and "5 splits" in pair.method
    (pair,) = compare([splits(1, 0.95, 2), splits(11, 0.6, 2)]).pairs
    assert pair.told_apart is None and "split seeds" in pair.reason


def test_groups_of_images_are_counted_and_two_tell_nothing() -> None:
    sides = [Side("#1", (run(1, np.arange(400) < 390),)), Side("#2", (run(2, np.arange(400) < 350),))]
    names = sides[0].runs[0].names
    for count in (2, 40):
        of = {name: f"p{place % count}" for place, name in enumerate(names)}
        grouped = [Side(side.name, side.runs, of, "names") for side in sides]
        found = compare([grouped[0], sides[1]])  # groups of one side are enough
        assert found.pairs[0].groups == count and found.pairs[0].rule == "names"
        assert found.sides[0].groups == count and found.sides[1].groups == 400
        assert (found.pairs[0].told_apart is None) is (count == 2)
    assert "40 groups" in pair_sentence(found.pairs[0])
    columns = [
        Side(side.name, side.runs, of, "c", column) for side, column in zip(sides, ("a", "b"), strict=True)
    ]
    assert "different group columns: a and b" in compare(columns).pairs[0].reason


def test_many_pairs_are_corrected_after_holm() -> None:
    sides = [Side(f"#{number}", (run(number, drawn(number, 0.8)),)) for number in range(4)]
    sides.append(Side("#9", (run(9, np.arange(400) < 344),)))
    found = compare(sides)
    assert len(found.pairs) == 10
    assert all(pair.p_holm >= pair.p for pair in found.pairs)
    assert f"{p_shown(found.pairs[0].p_holm)} after Holm for 10 comparisons" in pair_sentence(
        found.pairs[0], 10
    )


def test_plans_count_the_correction_and_are_of_more_images_than_there_are() -> None:
    """p of .02 of one pair is none after Holm for ten: as many images as there are would not tell it then."""
    right = np.arange(400) < 320
    better = right.copy()
    better[315:334] = ~right[315:334]  # 14 more, 5 less
    sides = [Side("#1", (run(1, right),)), Side("#2", (run(2, better),))]
    alone = compare(
        [Side("#1", (run(1, right),)), Side("#2", (run(2, np.where(np.arange(400) < 326, True, False)),))]
    )
    assert alone.pairs[0].told_apart and alone.pairs[0].images_needed is None
    others = [Side(f"#{number}", (run(number, drawn(number, 0.8)),)) for number in range(3, 6)]
    among = compare([*sides, *others]).pairs[0]
    assert among.told_apart is False and among.p is not None and among.p < 0.05
    assert among.images_needed is not None and among.images_needed > 600


def test_an_epoch_chosen_on_test_is_said_and_its_optimism_estimated() -> None:
    epochs = np.stack([drawn(seed, 0.8, 300) for seed in range(20)])
    best = int(epochs.mean(axis=1).argmax())
    labels = np.arange(300) % 2
    by_epoch = np.where(epochs, labels, 1 - labels)
    chosen = run(1, epochs[best], by_epoch=by_epoch, select_on="test_acc", chosen_on_test=True)
    found = compare([Side("#1", (chosen,)), Side("#2", (run(2, epochs[0]),))])
    side = found.sides[0]
    assert side.optimism is not None
    expected = 1.87 * np.sqrt(0.16 / 300)  # the largest of 20 normal values
    assert side.optimism == pytest.approx(expected, abs=0.01)
    assert "too high" in side_sentences(side)[0] and "less certain than it says" in pair_sentence(
        found.pairs[0]
    )
    unknown = run(1, epochs[best], by_epoch=by_epoch, select_on="test_auc", chosen_on_test=True)
    assert (
        "cannot be estimated"
        in side_sentences(compare([Side("#1", (unknown,)), Side("#2", (), problem="no file")]).sides[0])[0]
    )


def test_a_problem_of_a_side_is_the_reason() -> None:
    missing = Side("#2", (), problem="answers.npy is missing")
    found = compare([Side("#1", (run(1, drawn(1, 0.8)),)), missing])
    assert "answers.npy is missing" in pair_sentence(found.pairs[0]) and found.sides[1].accuracy is None


def test_tables_are_whole_and_escaped() -> None:
    sides = [
        Side(r"50%_#{a}\b$&^~", (run(1, drawn(1, 0.8)),), remarks=("1 of 2 done",)),
        Side("#2", (run(2, drawn(2, 0.8)),)),
        Side("#3", (), problem="no file"),
    ]
    found = compare(sides)
    tex = as_tex_text(found)
    assert r"50\%\_\#\{a\}\textbackslash{}b\$\&\textasciicircum{}\textasciitilde{}" in tex
    for begin, end in (("\\begin{tabular}", "\\end{tabular}"), ("\\toprule", "\\bottomrule")):
        assert tex.count(begin) == tex.count(end) == 2
    for body, columns in zip(tex.split("\\begin{tabular}")[1:], (9, 6), strict=True):
        rows = [line for line in body.split("\\end{tabular}")[0].splitlines() if line.endswith(r"\\")]
        assert len(rows) == 4
        assert all(row.replace(r"\&", "").count("&") == columns - 1 for row in rows)
    assert tex.isascii()
    lines = as_csv_text(found).splitlines()
    assert len(lines) == 4 and lines[0].startswith(
        "first,second,scope,difference,low,high,p,p_holm,told_apart"
    )


def test_p_in_words() -> None:
    shown = [p_shown(p) for p in (None, 0.00001, 0.0004, 0.0312, 0.5, 1.0)]
    cells = [p_cell(p) for p in (None, 0.00001, 0.0004, 0.0312, 0.5, 1.0)]
    assert cells == ["–", "< .0001", ".0004", ".031", ".5", "1"]
    assert shown == ["–", "p < .0001", "p = .0004", "p = .031", "p = .5", "p = 1"]


def test_choosers_are_the_metrics_that_select_on_names() -> None:
    from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, matthews_corrcoef

    rng = np.random.default_rng(6)
    labels, answers = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    answers[:150] = labels[:150]
    matrix = np.zeros((4, 4))
    np.add.at(matrix, (labels, answers), 1)
    expected = {
        "test_acc": (labels == answers).mean(),
        "test_balanced_acc": balanced_accuracy_score(labels, answers),
        "test_kappa": cohen_kappa_score(labels, answers, weights="quadratic"),
        "test_cohen_kappa": cohen_kappa_score(labels, answers),
        "test_mcc": matthews_corrcoef(labels, answers),
    }
    for name, choose in CHOOSERS.items():
        assert choose(matrix[None])[0] == pytest.approx(expected[name])
    one_class = np.array([[[5.0, 0.0], [5.0, 0.0]]])
    assert CHOOSERS["test_mcc"](one_class)[0] == CHOOSERS["test_cohen_kappa"](one_class)[0] == 0.0
