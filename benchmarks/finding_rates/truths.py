"""Truth of each finding: what a careful researcher would say of the run who had a thousand further images of each.

Told from fresh images (never trained or tested on, weighted to the class shares of the run's test images), from the
training images seen again in evaluation mode, and from going on with the run. The rules see none of these but the
training images after the last epoch, which every run evaluates itself: they share one side of the gap of overfitting.
True and False have a grey zone between them, None: there a rule is neither right nor wrong, and the number of such runs
is stated. Written down before any run was trained; `nll_risen` and `source_better`, for rules that came later, before a
measurement run was judged. "Significant" is more than two standard errors, paired image by image.

- `diverged`: the training met a value that is not finite. Grey: it ended finite at a training loss above ten times
  the loss of chance (the logarithm of the number of classes).
- `collapsed`: one class takes ≥ 98 % of the predictions and < 98 % of the labels. Grey: from 95 %.
- `at_chance` (no better than chance): Cohen's kappa, where classes are grades the larger of it and the quadratic one,
  is below .08. Grey: up to .15.
- `below_chance`: that kappa is below −.08. Grey: below −.03.
- `below_baseline`: accuracy lies below the share of the largest class by more than two standard errors of the
  difference, those of the fresh and of the run's own test images together. Grey: within two on either side. Beside it
  `below_baseline_on_test`, a fact: the accuracy on the run's own test images lies below their largest class.
- `worse_than_best`: accuracy of the last epoch lies below that of the epoch that is best on the run's own test images
  (epoch 0 among them for warm starts only), significantly and by ≥ .02. False below .01 or one standard error.
- `overfitting`: (a) the NLL of the last epoch lies above the lowest of the epochs looked at, significantly, by ≥ .05
  and ≥ 5 %, while the NLL of the training images, seen again, is no higher than at that epoch and ≥ .1 below the
  fresh one; or (b) the training images are known by heart (accuracy ≥ .95) and fresh accuracy is lower by ≥ .20.
  False: the rise is not significant or < .02, and training accuracy lies < .10 above the fresh one.
- `nll_risen`: the NLL rose significantly above its lowest, by ≥ 5 %, whatever the training images say. False: not
  significantly, or by < .02.
- `source_better` (warm starts): accuracy of epoch 0 is ≥ .01 above that of every later epoch looked at. False: not
  above.
- `improving` (still improving): trained on for as many epochs again (3 at least, 8 at most; the spec's learning rate
  along a cosine), accuracy or balanced accuracy, halfway or at the end, is significantly (2.5 standard errors, for
  there are four chances) higher by ≥ .03. False: no gain is above .01 and one standard error, and the NLL falls by
  less than 5 %.
- `unstable`: over the last two thirds of the epochs, five of them at least, accuracy on 250 fresh images falls from
  one epoch to the next by ≥ .10 and significantly, twice at least, and rises so between them. False: it never does.
- `never_predicted`: some class that has a test image takes < .1 % of the predictions and has a recall < .02. False:
  each takes ≥ .5 %, or has a recall ≥ .05.
- `lag` (BatchNorm's running statistics): accuracy rises significantly, by ≥ .05, when the statistics are measured anew
  on the training images. False below .02.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from benchmarks.finding_rates.looks import Look, gain, standard_error
from benchmarks.finding_rates.record import Record

Truth: TypeAlias = bool | None
FAR_LOSS = 10.0
SIGNIFICANT = 2.0


def between(value: float, false: float, true: float) -> Truth:
    """Return True from `true` on, False up to `false`, None between."""
    upwards = true > false
    if value >= true if upwards else value <= true:
        return True
    return False if (value <= false if upwards else value >= false) else None


def diverged(record: Record) -> Truth:
    if not record.is_finite:
        return True
    losses = [row["train_loss"] for row in record.epochs if row["train_loss"] is not None]
    return None if losses and losses[-1] > FAR_LOSS * np.log(record.classes) else False


def collapsed(record: Record) -> Truth:
    shares = record.end.predicted_shares(record.classes)
    favourite = int(shares.argmax())
    if record.test_shares[favourite] >= 0.98:
        return False
    return between(float(shares[favourite]), 0.95, 0.98)


def _kappa(record: Record) -> float:
    exact = record.end.kappa(record.classes, 0)
    return max(exact, record.end.kappa(record.classes, 2)) if record.ordered else exact


def at_chance(record: Record) -> Truth:
    return between(_kappa(record), 0.15, 0.08)


def below_chance(record: Record) -> Truth:
    return between(_kappa(record), -0.03, -0.08)


def below_baseline(record: Record) -> Truth:
    baseline, end = float(record.test_shares.max()), record.end
    fresh = standard_error(end.accuracy, end.weights)
    own = np.sqrt(max(end.accuracy * (1 - end.accuracy), 1e-9) / len(record.test_labels))
    error = SIGNIFICANT * float(np.hypot(fresh, own))
    return between(end.accuracy - baseline, error, -error)


def below_baseline_on_test(record: Record) -> Truth:
    accuracy = float((record.predictions[-1] == record.test_labels).mean())
    return accuracy < float(record.test_shares.max())


def worse_than_best(record: Record) -> Truth:
    best = record.looks[record.best_on_test]
    fall, error = gain(record.end.right, best.right, best.weights)
    if fall >= 0.02 and fall > SIGNIFICANT * error:
        return True
    return False if fall < 0.01 or fall < error else None


def overfitting(record: Record) -> Truth:
    end, looks = record.end, {epoch: look for epoch, look in record.looks.items() if epoch > 0}
    lowest = min(looks, key=lambda epoch: looks[epoch].mean_nll)
    rise, error = gain(looks[lowest].nll, end.nll, end.weights)
    nll, accuracy = record.again[max(looks)]
    gap = accuracy - end.accuracy
    fits_better = nll <= record.again[lowest][0] and nll <= end.mean_nll - 0.1
    if fits_better and rise > SIGNIFICANT * error and rise >= max(0.05, 0.05 * looks[lowest].mean_nll):
        return True
    if accuracy >= 0.95 and gap >= 0.20:
        return True
    return False if (rise < 0.02 or rise < SIGNIFICANT * error or not fits_better) and gap < 0.10 else None


def nll_risen(record: Record) -> Truth:
    looks = {epoch: look for epoch, look in record.looks.items() if epoch > 0}
    lowest = min(looks.values(), key=lambda look: look.mean_nll)
    rise, error = gain(lowest.nll, record.end.nll, record.end.weights)
    if rise > SIGNIFICANT * error and rise >= 0.05 * lowest.mean_nll:
        return True
    return False if rise < 0.02 or rise < SIGNIFICANT * error else None


def source_better(record: Record) -> Truth:
    if record.about["family"] != "warm":
        return False
    falls = [gain(look.right, record.looks[0].right, look.weights)[0] for look in record.looks.values()]
    fall = min(falls[1:])
    return between(fall, 0.0, 0.01)


def improving(record: Record) -> Truth:
    gains = [
        gain(record.end.right, later.right, weights)
        for later in record.later
        for weights in (later.weights, _balanced(later))
    ]
    falls = [gain(later.nll, record.end.nll, later.weights)[0] for later in record.later]
    if any(risen >= 0.03 and risen > 2.5 * error for risen, error in gains):
        return True
    no_gain = all(risen <= max(0.01, error) for risen, error in gains)
    return False if no_gain and max(falls, default=0.0) < 0.05 * record.end.mean_nll else None


def _balanced(look: Look) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    counts = np.bincount(look.labels)
    each = 1.0 / counts[look.labels]
    return np.asarray(each / each.sum())


def unstable(record: Record) -> Truth:
    epochs = len(record.watched) - 1
    watched = record.watched[-max(5, round(epochs * 2 / 3)) :]
    falls = rises = 0
    largest = 0.0
    for one, other in zip(watched, watched[1:], strict=False):
        change, error = gain(one.right, other.right, one.weights)
        large = abs(change) >= 0.10 and abs(change) > SIGNIFICANT * error
        falls, rises = falls + (large and change < 0), rises + (large and change > 0)
        largest = max(largest, -change)
    if falls >= 2 and rises >= 1:
        return True
    return False if not falls else None


def never_predicted(record: Record) -> Truth:
    present = np.flatnonzero(record.test_shares > 0)
    shares, recalls = record.end.predicted_shares(record.classes), record.end.recalls(record.classes)
    if bool(((shares < 0.001) & (recalls < 0.02))[present].any()):
        return True
    return False if bool(((shares >= 0.005) | (recalls >= 0.05))[present].all()) else None


def lag(record: Record) -> Truth:
    risen, error = gain(record.end.right, record.settled.right, record.end.weights)
    if risen >= 0.05 and risen > SIGNIFICANT * error:
        return True
    return False if risen < 0.02 else None


TRUTHS: Mapping[str, Callable[[Record], Truth]] = {
    each.__name__: each
    for each in (
        diverged, collapsed, at_chance, below_chance, below_baseline, below_baseline_on_test, worse_than_best,
        overfitting, nll_risen, source_better, improving, unstable, never_predicted, lag,
    )
}  # fmt: skip


def truths_of(record: Record) -> dict[str, Truth]:
    """Return the truth of each finding; of a run that diverged all but that are in the grey zone."""
    if not record.is_finite:
        return {name: True if name == "diverged" else None for name in TRUTHS}
    return {name: told(record) for name, told in TRUTHS.items()}
