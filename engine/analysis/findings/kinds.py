"""Registry of the kinds of findings. To add one: write its rule in the file of its family and its entry here."""

from dataclasses import dataclass

from engine.analysis.finding import Severity
from engine.analysis.findings.course import (
    nll_risen,
    source_better,
    still_improving,
    unstable,
    worse_than_best,
)
from engine.analysis.findings.failed import batchnorm_lag, collapsed, diverged, only_majority, recovered
from engine.analysis.findings.fit import overfitting
from engine.analysis.findings.found import Rule
from engine.analysis.findings.level import below_baseline, below_chance, chance, few_images, unpredicted
from engine.analysis.findings.trust import chosen_on_test, leak, seen_groups


@dataclass(frozen=True)
class FindingKind:
    """Kind of finding: all that the program knows of it. Documented in docs/findings.md."""

    kind: str
    """Name for scripts."""
    severity: Severity
    """Unless its rule gives another."""
    headline: str
    """In the field's words, at most 25 characters, unless its rule gives another."""
    rule: Rule
    verdict: str = ""
    """Word of older versions for it; empty where they had none."""
    said_by: frozenset[str] = frozenset()
    """Kinds that say it already: beside one of these it is left out."""


FAILED = frozenset({"diverged"})
ONE_CLASS = FAILED | {"collapsed", "only_majority"}
NOTHING = ONE_CLASS | {"chance", "below_chance"}
WORSE = NOTHING | {"overfitting", "worse_than_best", "unstable", "nll_risen"}

FINDING_KINDS: tuple[FindingKind, ...] = (
    FindingKind("diverged", "error", "diverged", diverged, "diverged"),
    FindingKind("collapsed", "error", "collapsed", collapsed, "collapsed"),
    FindingKind("below_chance", "error", "worse than chance", below_chance, "underfitting", ONE_CLASS),
    FindingKind("leak", "error", "leak", leak),
    FindingKind("only_majority", "warning", "only majority predicted", only_majority, "underfitting"),
    FindingKind(
        "chance",
        "warning",
        "no better than chance",
        chance,
        "underfitting",
        ONE_CLASS | {"below_chance", "batchnorm_lag"},
    ),
    FindingKind("batchnorm_lag", "warning", "BatchNorm lag", batchnorm_lag, said_by=FAILED),
    FindingKind("below_baseline", "warning", "below the baseline", below_baseline, said_by=FAILED),
    FindingKind("unstable", "warning", "unstable", unstable, said_by=FAILED),
    FindingKind("overfitting", "warning", "overfitting", overfitting, "overfitting", FAILED),
    FindingKind("worse_than_best", "warning", "worse than best epoch", worse_than_best, said_by=FAILED),
    FindingKind("nll_risen", "warning", "test NLL risen", nll_risen, said_by=FAILED | {"overfitting"}),
    FindingKind("source_better", "warning", "source was better", source_better, said_by=FAILED),
    FindingKind("recovered", "warning", "not finite for a while", recovered),
    FindingKind("never_predicted", "warning", "class never predicted", unpredicted, said_by=ONE_CLASS),
    FindingKind("few_test_images", "warning", "too few test images", few_images, said_by=NOTHING),
    FindingKind("seen_groups", "warning", "groups in train and test", seen_groups, said_by=FAILED),
    FindingKind("still_improving", "note", "still improving", still_improving, "underfitting", WORSE),
    FindingKind("chosen_on_test", "note", "chosen on test", chosen_on_test, said_by=FAILED),
)
"""In the order in which findings of equal severity are told: what explains most comes first."""
