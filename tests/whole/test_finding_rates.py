"""The harness of the verdict's error rates: its truths and its arithmetic, without training."""

import numpy as np

from benchmarks.verdict_rates import rate
from benchmarks.verdict_scenarios import FAMILIES, scenario
from benchmarks.verdict_truth import Looked, information_p, measured_truth, truth_of

LABELS = np.repeat(np.arange(4), 50)
RNG = np.random.default_rng(5)


def looked(answers: np.ndarray, nll: float = 1.0) -> Looked:
    return Looked(LABELS, answers, np.full(len(LABELS), nll))


def truth(end: Looked, *, earlier: float = 1.0, again: Looked | None = None, later: float = 0.0) -> str:
    half = np.where(RNG.random(len(LABELS)) < later, LABELS, 0)
    numbers = measured_truth(
        [looked(end.answers, earlier), end],
        again or end,
        test_labels=LABELS,
        diverged=False,
        go_on=lambda: [looked(half)],
    )
    return truth_of({"truth": numbers})


def test_fresh_images_tell_each_truth() -> None:
    mixed = np.where(RNG.random(len(LABELS)) < 0.5, LABELS, RNG.integers(0, 4, len(LABELS)))
    assert truth(looked(np.zeros_like(LABELS))) == "collapsed"
    assert truth(looked(mixed)) == "healthy"
    assert truth(looked(mixed), later=0.95) == "underfitting"
    assert truth(looked(RNG.permutation(LABELS))) == "underfitting", "answers spread, but at random"
    assert truth(looked(mixed, 1.5), again=looked(LABELS)) == "overfitting"
    assert truth(looked(mixed, 1.5)) == "healthy", "the training images are not known by heart"
    assert truth(looked(mixed), again=looked(LABELS)) == "healthy", "a gap alone is none"
    assert truth_of({"truth": {"diverged": True}}) == "diverged"


def test_information_is_found_where_it_is_and_not_where_it_is_not() -> None:
    some = np.where(RNG.random(len(LABELS)) < 0.3, LABELS, RNG.integers(0, 4, len(LABELS)))
    assert information_p(looked(some)) <= 0.002
    assert information_p(looked(np.zeros_like(LABELS))) == 1.0
    by_chance = [information_p(looked(RNG.permutation(LABELS)), seed) for seed in range(5)]
    assert min(by_chance) > 0.001


def test_phases_share_no_run_and_rates_are_shares_with_intervals() -> None:
    runs = [scenario(phase, number) for phase in ("development", "measurement") for number in range(126)]
    assert len({run.seed for run in runs}) == len({run.settings["seed"] for run in runs}) == 252
    assert {run.family for run in runs} == set(FAMILIES)
    assert rate([True] * 2 + [False] * 29) == "2 of 31: 6.5 % (1.8 to 20.7)"
    assert rate([]) == "no such run"
