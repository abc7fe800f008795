"""Verdict in one word, as older versions gave it: derived from the findings, for scripts that read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.analysis.finding import Finding
from engine.analysis.findings.case import Case
from engine.analysis.findings.course import not_broken
from engine.analysis.findings.found import standing
from engine.analysis.findings.kinds import FINDING_KINDS

HEALTHY = "healthy"
OLD_WORD = {each.kind: each.verdict for each in FINDING_KINDS if each.verdict}


@dataclass(frozen=True)
class Verdict:
    """Word of older versions with the texts of the finding that gives it. Every text is one line."""

    kind: str
    """`healthy`, `collapsed`, `diverged`, `overfitting` or `underfitting`; the kind of the gravest finding where
    none of these words fits it."""
    evidence: str
    ruled_out: str = ""
    suggestion: str = ""
    change: Mapping[str, Any] = field(default_factory=dict)


def derived_verdict(case: Case, findings: Sequence[Finding]) -> Verdict:
    """Return the old word for findings, given the gravest first: that of the first finding that has one; else, where an
    error or a warning stands, its kind; else healthy.

    A note gives its old word only where nothing graver stands, and only if it is that more training helps."""
    grave = [each for each in findings if each.severity != "note"]
    worded = [each for each in grave or findings if each.kind in OLD_WORD]
    chosen = next(iter((*worded, *grave)), None)
    if chosen is None:
        return Verdict(
            HEALTHY, f"{case.where()}: {standing(case) or 'no test predictions'}", not_broken(case)
        )
    return Verdict(
        OLD_WORD.get(chosen.kind, chosen.kind),
        chosen.evidence,
        chosen.ruled_out,
        chosen.suggestion,
        chosen.change,
    )
