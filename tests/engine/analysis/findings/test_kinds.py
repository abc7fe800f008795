"""The registry of the kinds of findings."""

from pathlib import Path

from engine.analysis.finding import SEVERITIES
from engine.analysis.findings.kinds import FINDING_KINDS

DOCS = Path(__file__).parents[4] / "docs" / "findings.md"


def test_kinds_are_named_once_and_refer_to_each_other() -> None:
    names = [each.kind for each in FINDING_KINDS]
    assert len(set(names)) == len(names)
    for each in FINDING_KINDS:
        assert each.severity in SEVERITIES and 0 < len(each.headline) <= 25
        assert each.said_by <= set(names) - {each.kind}
    places = [SEVERITIES.index(each.severity) for each in FINDING_KINDS]
    assert places == sorted(places), "the gravest first"


def test_each_kind_has_its_row_in_the_docs() -> None:
    text = DOCS.read_text()
    missing = [each.kind for each in FINDING_KINDS if f"| `{each.kind}` |" not in text]
    assert not missing
