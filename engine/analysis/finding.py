"""A finding about a run: what is worth saying, with its evidence and what to change."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, get_args

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the gravest on."""
NO_FINDINGS = "no problems found"
"""Headline of a judged run without findings."""


@dataclass(frozen=True)
class Finding:
    """Finding about a run. Every text is one line; `ruled_out` and `suggestion` may be empty."""

    kind: str
    """Name for scripts, such as `below_baseline`."""
    severity: Severity
    headline: str
    """In the field's words, such as `below the baseline`."""
    evidence: str
    """Numbers that show it: of the best epoch, of the last one and of the baseline."""
    ruled_out: str = ""
    """Causes that the numbers rule out."""
    suggestion: str = ""
    since_epoch: int | None = None
    """Epoch in which it began; None where it is of the whole run."""
    change: Mapping[str, Any] = field(default_factory=dict)
    """Most promising fix, as spec fields to set in a clone; empty where there is none."""

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "change": dict(self.change)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Finding":
        """Read what `as_json` gave; keys of a newer version are left out."""
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})


GRAVE = ("error", "warning")
"""Severities that lists, details and news show as a warning."""
SIGNS = {"error": "✖", "warning": "⚠", "note": "·"}
OLD_SEVERITY: Mapping[str, Severity] = {
    "diverged": "error",
    "collapsed": "error",
    "overfitting": "warning",
    "underfitting": "note",
}
"""Severities of the verdicts of older versions; that of a healthy run is empty."""


def head_of(headline: str | None, severity: str | None, verdict: str | None) -> tuple[str, str]:
    """Return headline and severity for lists, from a run's columns; those of an older version's word where there is no
    headline; both empty before the first epoch."""
    if headline is not None:
        return headline, severity or ""
    return verdict or "", OLD_SEVERITY.get(verdict or "", "")


def change_of(findings: Iterable[Finding]) -> Mapping[str, Any]:
    """Return the change of the gravest finding that has one; empty where none has."""
    return next((each.change for each in gravest_first(findings) if each.change), {})


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings by severity; those of equal severity keep their order."""
    return tuple(sorted(findings, key=lambda each: SEVERITIES.index(each.severity)))


def headline_of(findings: Iterable[Finding]) -> str:
    """Return the headline of the gravest finding, or that there is none."""
    return next((each.headline for each in gravest_first(findings)), NO_FINDINGS)
