"""Discussion: the findings about the runs, the gravest first, with their evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.analysis.finding import NO_FINDINGS, SEVERITIES, Finding, gravest_first
from engine.analysis.markdown import title_of, why_unfinished
from engine.analysis.report.blocks import (
    Block,
    Bullets,
    Section,
    Text,
    joined,
    paragraph,
    section,
    strong,
    text,
)
from engine.analysis.report.values import ids_of
from engine.analysis.study import StudyRun

MOST_EVIDENCE = 3
"""Runs whose evidence for the same finding is told; `show` tells that of the others."""


def discussion_section(data: Mapping[str, Sequence[StudyRun]]) -> Section:
    parts = [
        section(f"Findings on {name}", f"findings-{number}", *_blocks(runs))
        for number, (name, runs) in enumerate(data.items(), start=1)
    ]
    return section("Discussion", "discussion", *parts)


def _blocks(runs: Sequence[StudyRun]) -> Iterator[Block | None]:
    shown = [run for run in runs if run.status != "failed"]
    yield Bullets(tuple(_same(found) for found in _by_kind(shown)))
    if any(len([each for each in run.findings or () if each.suggestion]) > 1 for run in shown):
        yield paragraph("Of a run with several findings the suggestion of the gravest is given.")
    clean = [run.id for run in shown if run.findings is not None and not run.findings]
    if clean:
        yield paragraph(f"{ids_of(clean)}: {NO_FINDINGS}, which says that no rule applies, and no more.")
    failed = [run for run in runs if run.status == "failed"]
    yield Bullets(tuple(text(strong(title_of(run)), f" {why_unfinished(run)}") for run in failed))


def _by_kind(runs: Sequence[StudyRun]) -> list[list[tuple[StudyRun, Finding]]]:
    """Return the findings with their runs, those of the same headline together, the gravest first; of a run only the
    gravest suggestion, for those of several findings may contradict each other."""
    found: dict[tuple[str, str], list[tuple[StudyRun, Finding]]] = {}
    for run in runs:
        is_first = True
        for each in gravest_first(run.findings or ()):
            told = each if is_first else replace(each, suggestion="")
            is_first = is_first and not each.suggestion
            found.setdefault((each.severity, each.headline), []).append((run, told))
    return sorted(found.values(), key=lambda pairs: SEVERITIES.index(pairs[0][1].severity))


def _same(found: Sequence[tuple[StudyRun, Finding]]) -> Text:
    """Tell one finding of one run or of several, with the evidence of the first."""
    first, finding = found[0]
    if len(found) == 1:
        return text(strong(f"{title_of(first)}: {finding.headline}"), " ", _told(finding, finding.severity))
    heading = strong(f"{ids_of(run.id for run, _ in found)}: {finding.headline}")
    each = [text(strong(f"#{run.id}"), " ", _told(it)) for run, it in found[:MOST_EVIDENCE]]
    others = [run.id for run, _ in found[MOST_EVIDENCE:]]
    more = f" The evidence of {ids_of(others)} is told by resnet-tui show." if others else ""
    return text(heading, f" ({finding.severity}). ", joined(each, " "), more)


def _told(finding: Finding, severity: str = "") -> str:
    since = f"since epoch {finding.since_epoch}" if finding.since_epoch is not None else ""
    aside = ", ".join(filter(None, (severity, since)))
    said = [f"{f'({aside})' if aside else ''}: {_sentence(finding.evidence)}".removeprefix(": ")]
    if finding.ruled_out:
        said.append(f"Ruled out: {_sentence(finding.ruled_out)}")
    if finding.suggestion:
        said.append(f"Suggestion: {_sentence(finding.suggestion)}")
    return " ".join(said)


def _sentence(words: str) -> str:
    return words.rstrip(". ") + "."
