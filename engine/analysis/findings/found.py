"""Finding of a rule, and the numbers that every finding names."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.analysis.evidence import EpochEvidence, percent
from engine.analysis.finding import Severity
from engine.analysis.findings.case import Case
from engine.analysis.findings.suggestion import Change


@dataclass(frozen=True)
class Found:
    """Result of a rule that applies. Every text is one line."""

    evidence: Sequence[str]
    """Parts of a sentence, in numbers; test accuracies and the baseline are added to them."""
    since_epoch: int | None = None
    """Epoch in which it began; None where it is of the whole run."""
    changes: Iterable[Change] = ()
    """Changes of settings that may help, the most promising first; those that do not fit the spec are left out."""
    ruled_out: str = ""
    severity: Severity | None = None
    """None or empty: that of the kind."""
    headline: str = ""
    """None or empty: that of the kind."""


Rule: TypeAlias = Callable[[Case], Found | None]


def standing(case: Case) -> str:
    """Word the test accuracies of the best and of the last epoch, and the baseline."""
    best, last = case.best, case.latest
    if best.test_acc is None:
        return ""
    at_best = f"{_best_in_words(case)} in epoch {best.epoch}"
    at_last = (
        f"last {percent(last.test_acc)} in epoch {last.epoch}"
        if last.test_acc is not None
        else f"none in epoch {last.epoch}"
    )
    accuracies = f"best and last {percent(best.test_acc)}" if best is last else f"{at_best}, {at_last}"
    baseline = next((each.baseline for each in (last, best) if each.baseline is not None), None)
    return f"test accuracy: {accuracies}" + (
        f", baseline {percent(baseline)}" if baseline is not None else ""
    )


def _best_in_words(case: Case) -> str:
    """Word the accuracy of the best epoch; where another metric chose it, a later epoch may have a higher one."""
    best = case.best
    chosen = case.best_epoch == best.epoch and case.spec.select_on != "test_acc"
    shown = percent(best.test_acc or 0.0)
    return f"{shown} (chosen by {case.spec.select_on})" if chosen else f"best {shown}"


def since(history: Sequence[EpochEvidence], holds: Callable[[EpochEvidence], bool]) -> int:
    """Return the first epoch of the unbroken row, up to the latest, for which `holds` is true."""
    first = history[-1].epoch
    for evidence in reversed(history):
        if not holds(evidence):
            break
        first = evidence.epoch
    return first
