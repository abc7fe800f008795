"""Verdict on a run: its kind, the evidence, and the settings to change.

A network is judged by its predictions, never by accuracy or loss alone: one at baseline accuracy with a kappa of .6 has
learnt, and one whose loss still falls may predict a single class.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from engine.analysis.case import Case, Verdict, make_case
from engine.analysis.collapse import collapsed, diverged, is_collapsed
from engine.analysis.evidence import EpochEvidence
from engine.analysis.fit import healthy, overfitting, underfitting
from engine.spec.run_spec import RunSpec

Rule: TypeAlias = Callable[[Case], Verdict | None]

RULES: tuple[Rule, ...] = (diverged, collapsed, overfitting, underfitting, healthy)
"""Rules in the order in which they are tried; the first that applies gives the verdict, and the last always applies."""


def judge(
    history: Sequence[EpochEvidence],
    spec: RunSpec,
    train_counts: Sequence[int] = (),
    *,
    ends_here: bool = False,
) -> Verdict | None:
    """Judge the latest epoch; None before epoch 1.

    `train_counts` are the training images of each class: without them no loss is compared with the majority-class loss.
    `ends_here`: patience has ended the run with this epoch.
    """
    case = make_case(history, spec, train_counts, ends_here=ends_here)
    if case is None:
        return None
    return next(verdict for rule in RULES if (verdict := rule(case)) is not None)


def collapsed_epochs(history: Sequence[EpochEvidence]) -> tuple[int, ...]:
    """Return the epochs whose predictions were collapsed, without epoch 0."""
    return tuple(sorted(each.epoch for each in history if each.epoch >= 1 and is_collapsed(each)))


__all__ = ["RULES", "Verdict", "collapsed_epochs", "judge"]
