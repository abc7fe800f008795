"""Repetitions of a recipe: seeds, splits and folds as runs of one group, whose digests are those that there were."""

import pytest

from engine.spec.grid import SpecError, expand_grid, make_spec
from engine.spec.repetitions import with_seeds, with_seeds_and_splits
from engine.spec.run_spec import RunSpec

KNOWN = {"data": "digits", "seed": 3, "lr": 0.05, "epochs": 4}


def spec(**more: object) -> RunSpec:
    return make_spec({**KNOWN, **more})


def test_digests_are_those_of_the_versions_before_there_were_folds() -> None:
    assert (spec().digest(), spec().group_digest()) == ("426e8e0169e0caa2", "48ce3fd65a1602c1")


def test_the_runs_of_a_group_have_one_key_and_digests_of_their_own() -> None:
    for runs in (
        with_seeds([spec()], 4),
        with_seeds_and_splits([spec()], 4),
        expand_grid({**KNOWN, "folds": 5}),
        expand_grid({**KNOWN, "folds": 5, "seed": [0, 1]}),
    ):
        assert len({each.group_digest() for each in runs}) == 1
        assert len({each.digest() for each in runs}) == len(runs)


def test_five_folds_and_ten_are_different_recipes() -> None:
    five, ten = (expand_grid({**KNOWN, "folds": folds})[0] for folds in (5, 10))
    assert len({five.group_digest(), ten.group_digest(), spec().group_digest()}) == 3


def test_repetitions_count_on_from_what_is_given() -> None:
    assert [each.seed for each in with_seeds([spec()], 3)] == [3, 4, 5]
    found = with_seeds_and_splits([spec(split_seed=7)], 3)
    assert [(each.seed, each.split_seed) for each in found] == [(3, 7), (4, 8), (5, 9)]


def test_the_first_repetition_is_the_plain_run() -> None:
    assert with_seeds_and_splits([spec()], 2)[0] == spec()


def test_a_seed_beyond_the_last_is_refused() -> None:
    with pytest.raises(SpecError, match="out of range"):
        with_seeds([spec(seed=2**31 - 2)], 3)


def test_lr_2_times_seeds_5_are_10_runs_in_2_groups() -> None:
    runs = with_seeds(expand_grid({**KNOWN, "lr": [0.1, 0.2]}), 5)
    assert len(runs) == 10 and len({each.group_digest() for each in runs}) == 2
    assert [each.lr for each in runs] == [0.1] * 5 + [0.2] * 5


def test_folds_without_a_fold_are_all_folds_innermost() -> None:
    runs = expand_grid({**KNOWN, "folds": "3", "lr": [0.1, 0.2]})
    assert [(each.lr, each.fold) for each in runs] == [(lr, fold) for lr in (0.1, 0.2) for fold in (1, 2, 3)]
    assert [each.fold for each in expand_grid({**KNOWN, "folds": 3, "fold": ["2", "3"]})] == [2, 3]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"folds": 1}, "folds: 1 leaves no images to train on"),
        ({"folds": 5}, "fold: which of the 5 folds the run tests on is not said: give 1 to 5"),
        ({"folds": 5, "fold": 6}, "fold: there is no fold 6 of 5: give 1 to 5"),
        ({"fold": 2}, "fold: is of a cross-validation: give folds too"),
        ({"folds": 5, "fold": 1, "test_fraction": 0.3}, "test_fraction: each of 5 folds is tested on once"),
        ({"split_seed": 1, "epochs": 0, "pretrained": "run:1"}, "split_seed: test_fraction 1 draws no split"),
    ],
)
def test_what_does_not_fit_together_is_one_line(more: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        spec(**more)
    assert said in str(refused.value) and len(refused.value.found) == 1


def test_folds_of_a_run_that_only_evaluates_are_folds() -> None:
    """And not all images, as without folds."""
    assert spec(epochs=0, pretrained="run:1", folds=4, fold=1).test_fraction == 0.2
    assert spec(epochs=0, pretrained="run:1").test_fraction == 1


@pytest.mark.parametrize("folds", ["x", "-2", "1", "2000", 2.5])
def test_no_number_of_folds_is_refused_and_not_expanded(folds: object) -> None:
    with pytest.raises(SpecError):
        expand_grid({**KNOWN, "folds": folds})
