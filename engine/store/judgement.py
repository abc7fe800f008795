"""Columns of a run that say what was found of it."""

from dataclasses import dataclass, field
from typing import Any

from engine.analysis.finding import headline_of
from engine.analysis.findings.judging import Case, judge
from engine.analysis.verdict import derived_verdict


@dataclass(frozen=True)
class Judgement:
    """Judgement of a run after an epoch."""

    verdict: str
    """Word of older versions, derived from the findings; so are the texts below."""
    verdict_evidence: str
    verdict_suggestion: str
    verdict_ruled_out: str = ""
    verdict_change: dict[str, Any] = field(default_factory=dict)
    findings: list[dict[str, Any]] | None = None
    headline: str | None = None
    """Headline of the gravest finding, for lists; null where an older version judged the run."""
    severity: str | None = None
    """Its severity; empty where there is none."""


def judgement_of(case: Case) -> Judgement:
    """Judge a run."""
    findings = judge(case)
    verdict = derived_verdict(case, findings)
    return Judgement(
        verdict.kind,
        verdict.evidence,
        verdict.suggestion,
        verdict.ruled_out,
        dict(verdict.change),
        [each.as_json() for each in findings],
        headline_of(findings),
        findings[0].severity if findings else "",
    )
