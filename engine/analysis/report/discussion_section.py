"""Discussion: the findings about each run, the gravest first, with their evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.analysis.finding import NO_FINDINGS, SEVERITIES, Finding, gravest_first
from engine.analysis.markdown import title_of, why_unfinished
from engine.analysis.report.blocks import Block, Bullets, Section, Text, paragraph, section, strong, text
from engine.analysis.report.values import ids_of
from engine.analysis.study import StudyRun


def discussion_section(data: Mapping[str, Sequence[StudyRun]]) -> Section:
    parts = [
        section(f"Findings on {name}", f"findings-{number}", *_blocks(runs))
        for number, (name, runs) in enumerate(data.items(), start=1)
    ]
    return section("Discussion", "discussion", *parts)


def _blocks(runs: Sequence[StudyRun]) -> list[Block]:
    shown = [run for run in runs if run.status != "failed"]
    with_findings = [(run, finding) for run in shown for finding in gravest_first(run.findings or ())]
    with_findings.sort(key=lambda pair: SEVERITIES.index(pair[1].severity))
    clean = [run.id for run in shown if run.findings is not None and not run.findings]
    blocks: list[Block] = [
        Bullets(tuple(_finding(run, finding) for run, finding in with_findings)),
    ]
    if clean:
        blocks.append(paragraph(f"{ids_of(clean)}: {NO_FINDINGS}."))
    failed = [run for run in runs if run.status == "failed"]
    blocks.append(Bullets(tuple(text(strong(title_of(run)), f" {why_unfinished(run)}") for run in failed)))
    return blocks


def _finding(run: StudyRun, finding: Finding) -> Text:
    since = f", since epoch {finding.since_epoch}" if finding.since_epoch is not None else ""
    said = [f" ({finding.severity}{since}): {_sentence(finding.evidence)}"]
    if finding.ruled_out:
        said.append(f"Ruled out: {_sentence(finding.ruled_out)}")
    if finding.suggestion:
        said.append(f"Suggestion: {_sentence(finding.suggestion)}")
    return text(strong(f"{title_of(run)}: {finding.headline}"), " ".join(said))


def _sentence(words: str) -> str:
    return words.rstrip(". ") + "."
