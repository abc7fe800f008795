"""Findings of runs as they are shown: stored ones, and those of a home that version 0.1.0 made."""

from pathlib import Path

import pytest
from sqlmodel import Session

from engine.analysis.finding import Finding
from engine.queries.judged import document_of, findings_of, read_findings, suggested_change
from engine.store import listing
from engine.store.database import Store, open_store
from tests.golden.documents import old_home
from tests.support.table_rows import run


@pytest.fixture
def old(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{old_home(tmp_path)}/runs.db")


def read(session: Session, run_id: int) -> list[Finding]:
    found = read_findings(session, listing.get_run(session, run_id))
    return list(found or ())


def test_runs_of_an_older_version_are_judged_anew_from_their_epochs(old: Store) -> None:
    with old.read() as session:
        assert listing.get_run(session, 1).findings is None
        collapsed = read(session, 1)
        assert (collapsed[0].kind, collapsed[0].severity) == ("collapsed", "error")
        assert "test accuracy: best" in collapsed[0].evidence and "below_baseline" in {
            each.kind for each in collapsed
        }
        assert suggested_change(session, listing.get_run(session, 1)) == collapsed[0].change != {}
        assert all(
            read_findings(session, each) is not None or each.verdict is None
            for each in listing.list_runs(session)
        )


def test_what_cannot_be_judged_anew_keeps_its_old_word() -> None:
    values = {"verdict": "diverged", "verdict_evidence": "epoch 3: loss nan", "verdict_change": {"lr": 0.1}}
    found = findings_of(run(1, "failed", **values), (), None)
    assert found == (Finding("diverged", "error", "diverged", "epoch 3: loss nan", change={"lr": 0.1}),)
    assert findings_of(run(1, "done", verdict="healthy"), (), None) == ()
    assert findings_of(run(1), (), None) is None
    assert document_of(None) == {"findings": None, "headline": None}
    assert document_of(()) == {"findings": [], "headline": "no problems found"}


def test_stored_findings_are_shown_as_they_are() -> None:
    stored = Finding(
        "overfitting", "warning", "overfitting", "test NLL 2", "", "epochs 9 → 3", 4, {"epochs": 3}
    )
    row = run(1, "done", findings=[{**stored.as_json(), "of_a_newer_version": 1}], verdict="overfitting")
    assert findings_of(row, (), None) == (stored,)
