"""Put together what is known of a network after an epoch, and decide whether it is the best so far."""

from dataclasses import dataclass, replace

from engine.metrics.catalogue import defined, split_metrics, values_of
from engine.metrics.evaluation import Evaluation
from engine.metrics.metric import SPLIT_HEADINGS, SPLIT_WORDS, EpochValues, Split
from engine.metrics.selection import selected
from engine.training.epoch_sums import EpochSums


@dataclass(frozen=True)
class Choice:
    """Best epoch so far by the spec's `select_on`."""

    epoch: int
    value: float
    accuracy: float
    balanced_accuracy: float | None
    kappa: float | None


@dataclass(frozen=True)
class EpochResult(EpochValues):
    """Values of an epoch, and the evaluations that files are written from."""

    evaluation: Evaluation
    """Of the test split."""
    val: Evaluation | None = None
    """Of the val split; None without one."""


def measure(
    epoch: int, test: Evaluation, sums: EpochSums, lr: float, *, val: Evaluation | None = None
) -> EpochResult:
    """Return the values of every declared metric; of the train images afterwards, see `with_train_images`."""
    counted = {
        **sums.means(),
        "images_per_s": sums.images_per_s,
        "data_wait_share": sums.data_wait_share,
        "lr": lr,
        "seconds": sums.seconds,
        "energy_j": sums.joules,
    }
    values = {
        **dict.fromkeys(each.key for each in split_metrics()),
        **{key: defined(value) for key, value in counted.items()},
        **values_of(test, "test"),
        **(values_of(val, "val") if val is not None else {}),
    }
    return EpochResult(epoch, values, test, val)


def with_train_images(result: EpochResult, evaluation: Evaluation) -> EpochResult:
    """Add what the train images gave in evaluation mode, not augmented."""
    return replace(result, values={**result.values, **values_of(evaluation, "eval_train")})


def better(result: EpochResult, best: Choice | None, *, select_on: str, epochs: int) -> Choice | None:
    """Return the best epoch after this one: ties stay with the earlier; epoch 0 counts only where there is no other."""
    chosen_by = selected(select_on)
    value = result.number(chosen_by.key)
    if value is None or (result.epoch == 0 and epochs > 0):
        return best
    if best is not None and not chosen_by.is_better(value, best.value):
        return best
    accuracy = result.number("test_acc")
    assert accuracy is not None
    return Choice(result.epoch, value, accuracy, result.number("balanced_acc"), result.number("kappa"))


def epoch_line(result: EpochResult, epochs: int) -> str:
    """Return an epoch as a line of the log: what a narrow window cuts tells the least."""
    number = result.number
    parts = [f"epoch {result.epoch:{len(str(epochs))}}/{epochs}"]
    scored: tuple[tuple[Split, str, str], ...] = (
        ("test", "test_acc", "kappa"),
        ("val", "val_acc", "val_kappa"),
        ("eval_train", "eval_train_acc", "eval_train_kappa"),
    )
    for split, accuracy_key, kappa_key in scored:
        if text := _scored(number(accuracy_key), number(kappa_key)):
            parts.append(f"{SPLIT_WORDS[split]} {text}")
    loss, accuracy = number("train_loss"), number("train_acc")
    if loss is not None and accuracy is not None:
        parts.append(f"{SPLIT_HEADINGS['train']} loss {loss:.4f} acc {accuracy:.4f}")
    if (speed := number("images_per_s")) is not None:
        parts.append(f"{speed:.0f} images/s")
    return "  ".join(parts)


def early_line(epoch: int, best: Choice | None, select_on: str) -> str:
    """Return a run that patience ended, as a line of the log."""
    since = "defined" if best is None else f"better since epoch {best.epoch}"
    return f"stopped early after epoch {epoch}: no {select_on} {since}"


def _scored(accuracy: float | None, kappa: float | None) -> str:
    parts = [] if accuracy is None else [f"acc {accuracy:.4f}"]
    return " ".join(parts if kappa is None else [*parts, f"kappa {kappa:.3f}"])
