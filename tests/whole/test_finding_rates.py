"""The benchmark of the findings' error rates: its truths and its arithmetic, without training."""

from typing import Any

import numpy as np

from benchmarks.finding_rates.images import Pool, images_of
from benchmarks.finding_rates.looks import Look, gain, weights_like
from benchmarks.finding_rates.record import Record
from benchmarks.finding_rates.scenarios import FAMILIES, PHASES, scenario
from benchmarks.finding_rates.truths import truths_of

LABELS = np.repeat(np.arange(4), 100)
TEST = np.repeat(np.arange(4), (50, 20, 20, 10))
LIKE_TEST = np.concatenate([100 * label + np.arange(count) for label, count in enumerate((50, 20, 20, 10))])
RNG = np.random.default_rng(5)


def some_right(share: float, labels: np.ndarray = LABELS) -> np.ndarray:
    return np.where(RNG.random(len(labels)) < share, labels, RNG.integers(0, 4, len(labels)))


def record(
    *predictions: np.ndarray,
    nll: tuple[float, ...] = (),
    train: float = 0.7,
    later: float = 0.0,
    **about: Any,
) -> Record:
    """A run of as many epochs, each looked at, which would be right that `later` if it went on."""
    losses = nll or (1.0,) * len(predictions)
    told = {
        "family": "ordinary",
        "class_names": list("abcd"),
        "ordered": False,
        "diverged_step": None,
        **about,
    }
    going_on = some_right(later) if later else predictions[-1]
    watched = [predictions[0], *predictions]
    arrays = {
        "predictions": np.stack([each[LIKE_TEST] for each in watched]),
        "test_labels": TEST,
        "fresh_labels": LABELS,
        "looks": np.arange(1, len(predictions) + 1),
        "look_predictions": np.stack(predictions),
        "look_nll": np.stack([np.full(len(LABELS), loss) for loss in losses]),
        "again": np.array([(0.5, train)] * len(predictions)),
        "watched_predictions": np.stack([each[:250] for each in watched]),
        "settled_predictions": predictions[-1][None],
        "settled_nll": np.ones((1, len(LABELS))),
        "later_predictions": going_on[None],
        "later_nll": np.full((1, len(LABELS)), losses[-1]),
    }
    return Record(told, [{"epoch": 0, "train_loss": None}, {"epoch": 1, "train_loss": 1.0}], arrays)


def told(one: Record) -> set[str]:
    return {name for name, truth in truths_of(one).items() if truth}


def test_fresh_images_tell_each_truth() -> None:
    good = some_right(0.6)
    assert not told(record(good, good))
    assert {"collapsed", "at_chance", "never_predicted"} <= told(record(good, np.zeros_like(LABELS)))
    assert "worse_than_best" in told(record(LABELS, some_right(0.3)))
    assert "below_chance" in told(record((LABELS + 1) % 4))
    assert {"at_chance", "below_baseline"} <= told(record(RNG.integers(0, 4, len(LABELS))))
    assert "improving" in told(record(good, later=0.9))
    assert "never_predicted" in told(record(np.where(good == 3, 0, good)))
    swings = [some_right(share) for share in (0.8, 0.3, 0.8, 0.3, 0.8)]
    assert "unstable" in told(record(*swings))
    assert told(record(good, diverged_step=7)) == {"diverged"}


def test_overfitting_is_a_rise_of_the_loss_or_images_known_by_heart() -> None:
    good = some_right(0.5)
    assert "overfitting" in told(record(good, good, nll=(1.0, 1.3)))
    assert "overfitting" in told(record(good, good, train=1.0))
    assert "overfitting" not in told(record(good, good, nll=(1.3, 1.0)))
    assert truths_of(record(good, good, nll=(1.0, 1.03)))["overfitting"] is None


def test_weights_give_the_class_shares_of_the_test_images() -> None:
    weights = weights_like(LABELS, TEST)
    assert np.allclose([weights[label == LABELS].sum() for label in range(4)], (0.5, 0.2, 0.2, 0.1))
    look = Look(LABELS, np.where(LABELS == 3, 0, LABELS), np.ones(len(LABELS)), weights)
    assert np.isclose(look.accuracy, 0.9)
    risen, error = gain(look.right, np.ones(len(LABELS)), weights)
    assert np.isclose(risen, 0.1) and 0 < error < 0.05


def test_phases_share_no_run_and_a_run_only_uses_its_classes() -> None:
    runs = [scenario(phase, number) for phase in PHASES for number in range(130)]
    assert len({run.seed for run in runs}) == len({run.settings["seed"] for run in runs}) == 260
    assert {run.family for run in runs} == set(FAMILIES)
    swapped = next(
        run for run in runs if run.family == "swapped" and run.source == "digits" and run.noise == 1
    )
    few = np.zeros((3_000, 2, 2, 3), np.uint8), np.arange(3_000) % 10
    images = images_of(swapped, Pool({"digits": {split: few for split in ("train", "test", "fresh")}}))
    assert images.train[1].max() == len(swapped.shares) - 1
    assert set(images.fresh[1]) == set(range(len(swapped.shares)))
