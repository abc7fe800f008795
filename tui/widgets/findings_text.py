"""Findings about a run as text: severity by sign and colour."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from tui.detail_view import FindingView

INKS = {"error": "error", "warning": "warning"}
"""Colours of the theme by severity; all else has that of the text, so that nothing is praised."""


def findings_text(findings: Sequence[FindingView], theme: Mapping[str, str]) -> Text:
    """Write all headlines, what to do about the gravest, then why, a line each: where room is short, the end is cut."""
    text = Text()
    for number, each in enumerate(findings):
        text.append("  " if number else "").append_text(head_text(each, theme))
    advice = next((each.suggestion for each in findings if each.suggestion), "")
    text.append(f"  ▸ {advice}" if advice else "", style="bold")
    for each in findings:
        if not each.evidence:
            continue
        if len(findings) == 1:
            text.append(f"  {each.evidence}")
        else:
            text.append(f"\n{each.sign} {each.headline}: ", style=_ink(each, theme)).append(each.evidence)
    return text


def whole_text(findings: Sequence[FindingView], theme: Mapping[str, str]) -> Text:
    """Write all that is known of each finding, a block each."""
    text = Text()
    for each in findings:
        text.append_text(head_text(each, theme))
        text.append(f"  {each.since}\n" if each.since else "\n", style="dim")
        for mark, line, style in (
            ("", each.evidence, ""), ("ruled out: ", each.ruled_out, ""), ("▸ ", each.suggestion, "bold"),
        ):  # fmt: skip
            text.append(f"{mark}{line}\n" if line else "", style=style)
        text.append("\n")
    return text


def head_text(finding: FindingView, theme: Mapping[str, str]) -> Text:
    """Write the sign and the headline of a finding."""
    sign = f"{finding.sign} " if finding.sign else ""
    return Text.assemble((f"{sign}{finding.headline}", _ink(finding, theme)))


def _ink(finding: FindingView, theme: Mapping[str, str]) -> str:
    if finding.headline == "waiting":
        return "dim"
    ink = INKS.get(finding.severity)
    return f"bold {theme[ink]}" if ink else "bold"
