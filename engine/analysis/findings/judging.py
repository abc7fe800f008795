"""Judge a run: every rule is asked, and what applies becomes a finding.

A network is judged by its predictions, never by accuracy or loss alone: one at baseline accuracy with a kappa of .6 has
learnt, and one whose loss still falls may predict a single class."""

from collections.abc import Sequence

from engine.analysis.evidence import EpochEvidence
from engine.analysis.finding import Finding, gravest_first
from engine.analysis.findings.case import Case, make_case
from engine.analysis.findings.failed import is_collapsed
from engine.analysis.findings.found import Found, standing
from engine.analysis.findings.kinds import FINDING_KINDS, FindingKind
from engine.analysis.findings.suggestion import prescribe


def judge(case: Case) -> tuple[Finding, ...]:
    """Return the findings of the latest epoch, the gravest first; empty where there is no problem."""
    found = {kind.kind: result for kind in FINDING_KINDS if (result := kind.rule(case)) is not None}
    told = [kind for kind in FINDING_KINDS if kind.kind in found and not kind.said_by & set(found)]
    return gravest_first(_finding(case, kind, found[kind.kind]) for kind in told)


def _finding(case: Case, kind: FindingKind, found: Found) -> Finding:
    suggestion, change = prescribe(case.spec, found.changes)
    return Finding(
        kind=kind.kind,
        severity=found.severity or kind.severity,
        headline=found.headline or kind.headline,
        evidence="; ".join(filter(None, (*found.evidence, standing(case)))),
        ruled_out=found.ruled_out,
        suggestion=suggestion,
        since_epoch=found.since_epoch,
        change=change,
    )


def collapsed_epochs(history: Sequence[EpochEvidence]) -> tuple[int, ...]:
    """Return the epochs whose predictions were collapsed, without epoch 0."""
    return tuple(sorted(each.epoch for each in history if each.epoch >= 1 and is_collapsed(each)))


__all__ = ["Case", "Finding", "collapsed_epochs", "judge", "make_case"]
