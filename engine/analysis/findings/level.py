"""Rules for how good the latest predictions are: against chance, against the baseline, for each class."""

from collections.abc import Set

from engine.analysis.chance import (
    LEAST_SHARE,
    SIGNIFICANT,
    above_chance,
    exact_beyond_chance,
    exact_share_above_chance,
    is_near_chance,
    may_hide_learning,
    share_above_chance,
)
from engine.analysis.evidence import (
    EpochEvidence,
    alarms,
    number,
    percent,
    unpredicted_classes,
    what_works,
)
from engine.analysis.finding import Severity
from engine.analysis.findings.case import Case
from engine.analysis.findings.found import Found, since
from engine.analysis.findings.suggestion import better_start, learn_at_all, learn_more, weigh_classes
from engine.analysis.interval import wilson_interval
from engine.recipes.losses import LOSSES
from engine.recipes.samplers import SAMPLERS

NOTHING_LEARNT = 0.97
"""Share of the majority-class loss above which a training loss is no better than it."""
CLEAR_DISTANCE = 0.02
"""Distance to the baseline from which more test images would be worth having; a nearer accuracy is at the baseline."""
WIDE = 0.2
"""Width of the 95 % interval of an accuracy, that of about 100 images, from which it tells little."""
FEW_OF_CLASS = 10
"""Test images of a class below which it is only noted that it is never predicted: it may have a prediction in a
hundred. For the same reason two epochs in a row have to have none."""
NAMED = 3
"""Classes named in a list; the rest are counted."""
MOST_IMAGES = 10**7
"""Number of test images past which it is not counted how many would tell."""


def is_at_chance(case: Case, evidence: EpochEvidence) -> bool:
    """Tell whether test predictions are hardly better than chance; where that cannot be said, whether the training
    loss is not below the majority-class loss. Too few predictions to tell are not at chance."""
    little = is_near_chance(evidence)
    if little is not None:
        return little and not may_hide_learning(evidence)
    constant, loss = case.majority_class_loss, evidence.train_loss
    return constant is not None and loss is not None and loss > NOTHING_LEARNT * constant


def chance(case: Case) -> Found | None:
    """Find test predictions that are no better, or hardly better, than the same predictions in random order."""
    latest = case.latest
    if not is_at_chance(case, latest) or _is_below_chance(latest):
        return None
    beyond, share = above_chance(latest), share_above_chance(latest)
    hardly = beyond is not None and share is not None and beyond >= SIGNIFICANT
    words = (
        f"hardly better than chance: {percent(share or 0.0)} of the way from chance to perfect"
        if hardly
        else "no better than chance" + (" so far" if not case.is_over else "")
    )
    if beyond is not None and not hardly:
        words += f" ({number(beyond)} σ)"
    constant = case.majority_class_loss
    parts = [f"{case.where()}: test predictions are {words}"]
    if constant is not None and latest.train_loss is not None:
        parts.append(f"training loss {number(latest.train_loss)} (majority-class loss {number(constant)})")
    parts += [*alarms(latest), *case.lag()]
    first = since(case.epochs, lambda each: is_at_chance(case, each))
    works = what_works(latest, frozen=case.is_frozen)
    headline = "hardly better than chance" if hardly else ""
    if case.is_early:
        return Found([*parts, "too early to say more"], first, (), works, "note", headline)
    return Found(parts, first, learn_at_all(case), works, headline=headline)


def _is_below_chance(evidence: EpochEvidence) -> bool:
    exact, best = exact_beyond_chance(evidence), above_chance(evidence)
    return exact is not None and best is not None and exact <= -SIGNIFICANT and best < SIGNIFICANT


def below_chance(case: Case) -> Found | None:
    """Find predictions that agree with the labels significantly less than by chance."""
    latest = case.latest
    if not _is_below_chance(latest):
        return None
    beyond = -(exact_beyond_chance(latest) or 0.0)
    parts = [
        f"{case.where()}: predictions agree with the labels {number(beyond)} σ less than in random order: they know "
        "the classes but name others; labels are probably swapped, or classes in another order in train and test"
    ]
    if latest.train_acc is not None:
        parts.append(f"training accuracy {percent(latest.train_acc)}")
    first = since(case.epochs, _is_below_chance)
    return Found(parts, first, (), f"{number(beyond)} σ from chance: not a network that learnt nothing")


def below_baseline(case: Case) -> Found | None:
    """Find a last accuracy below that of always predicting the most frequent class."""
    latest = case.latest
    accuracy, baseline, images = latest.test_acc, latest.baseline, sum(latest.labels)
    if accuracy is None or baseline is None or not accuracy < baseline:
        return None
    parts = [f"{case.where()}: {percent(accuracy)} is below the {percent(baseline)} of one class for all"]
    if images:
        low, high = wilson_interval(accuracy, images)
        inside = "within" if high >= baseline else "outside"
        parts.append(f"baseline {inside} the 95 % interval ({percent(low)} to {percent(high)}, n {images:,})")
    kappa = exact_share_above_chance(latest)
    beyond = above_chance(latest)
    learns = kappa is not None and kappa >= LEAST_SHARE and beyond is not None and beyond >= SIGNIFICANT
    ruled_out = f"better than chance ({number(beyond)} σ): no collapse" if learns else ""
    first = since(
        case.epochs,
        lambda each: (
            each.test_acc is not None and each.baseline is not None and each.test_acc < each.baseline
        ),
    )
    if learns and _weighs_classes(case):
        parts.append("classes are weighted: accuracy is traded for recall of rare classes, as intended")
        return Found(parts, first, (), ruled_out, "note")
    changes = [*learn_more(case), better_start(case.spec)]
    return Found(parts, first, () if case.is_early else changes, ruled_out, "note" if case.is_early else None)


def _weighs_classes(case: Case) -> bool:
    return not SAMPLERS[case.spec.sampler].keeps_shares or LOSSES[case.spec.loss].corrects_shares


def unpredicted(case: Case) -> Found | None:
    """Find classes with test images that are never predicted."""
    latest = case.latest
    missing = unpredicted_classes(latest)
    if not missing:
        return None
    first = since(case.epochs, lambda each: missing <= unpredicted_classes(each))
    beyond = above_chance(latest)
    ruled_out = (
        f"better than chance ({number(beyond)} σ): no collapse" if (beyond or 0.0) >= SIGNIFICANT else ""
    )
    changes = () if case.is_early else [*weigh_classes(case), *learn_more(case)]
    before = case.epochs[-2] if len(case.epochs) > 1 else latest
    lasting = missing & unpredicted_classes(before) if sum(before.answers) else missing
    most = max((latest.labels[place] for place in lasting), default=0)
    severity: Severity | None = "note" if most < FEW_OF_CLASS or case.is_early else None
    headline = "class never predicted" if len(missing) == 1 else "classes never predicted"
    return Found([f"{case.where()}: {_named(case, missing)}"], first, changes, ruled_out, severity, headline)


def _named(case: Case, missing: Set[int]) -> str:
    """Name classes without a prediction, as `class 1 (21 images) never predicted`, the largest first."""
    labels = case.latest.labels
    order = sorted(missing, key=lambda index: (-labels[index], index))
    named = [f"{case.named(index)} ({labels[index]:,} images)" for index in order[:NAMED]]
    more = f" and {len(order) - NAMED:,} more" if len(order) > NAMED else ""
    return f"{', '.join(named)}{more} never predicted"


def few_images(case: Case) -> Found | None:
    """Find an accuracy whose interval reaches the baseline or is wide, and predictions that few images cannot tell
    from chance."""
    latest = case.latest
    accuracy, baseline, images = latest.test_acc, latest.baseline, sum(latest.labels)
    if accuracy is None or not images:
        return None
    low, high = wilson_interval(accuracy, images)
    interval = f"95 % interval {percent(low)} to {percent(high)} of {images:,} test images"
    wide = high - low >= WIDE
    if baseline is not None and low <= baseline <= accuracy < 1:
        if accuracy - baseline < CLEAR_DISTANCE and not (wide and may_hide_learning(latest)):
            return Found([f"{case.where()}: {interval}"], None, (), "", "note", "at the baseline")
        needed = images_to_tell(accuracy, baseline)
        tells = f"; about {needed:,} would tell" if needed is not None else ""
        return Found([f"{case.where()}: {interval} reaches the baseline{tells}"])
    if may_hide_learning(latest):
        beyond = above_chance(latest) or 0.0
        return Found([f"{case.where()}: {number(beyond)} σ better than chance, {interval}"])
    return Found([f"{case.where()}: {interval}"], severity="note") if wide else None


def images_to_tell(accuracy: float, baseline: float) -> int | None:
    """Return the number of test images, to two digits, from which the 95 % interval of an accuracy is above a baseline;
    None past MOST_IMAGES."""
    images = 1
    while wilson_interval(accuracy, images)[0] <= baseline:
        images = images + max(1, images // 50)
        if images > MOST_IMAGES:
            return None
    return int(float(f"{images:.2g}"))
