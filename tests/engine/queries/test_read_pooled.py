"""Pooled out-of-fold predictions: of real runs, image by image, and what keeps them from being pooled."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab
from sqlmodel import select

from engine.analysis.groups import Group
from engine.analysis.pooled import PooledFolds
from engine.analysis.report.blocks import Matrices
from engine.analysis.report.contents import report_contents
from engine.analysis.report.numbering import walk
from engine.queries.read_groups import group_of_run
from engine.queries.read_pooled import NotPooled, read_pooled
from engine.queries.read_study import collect
from engine.queries.report_data import ReportData
from engine.queries.report_facts import read_facts
from engine.store.measurement_tables import EpochMetrics
from engine.store.schema import run_table
from tui.cli.pooled import pooled_document, pooled_lines

TINY = """
from torch import nn
def make(num_classes):
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 8 * 8, num_classes))
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Runs 1-3: the folds of a cross-validation of 24 images; done."""
    made = Lab(tmp_path)
    (tmp_path / "tiny.py").write_text(TINY)
    for fold in (1, 2, 3):
        made.add(folds=3, fold=fold, epochs=1, arch="tiny.py:make")
    made.train_queue()
    yield made
    made.close()


def group(lab: Lab) -> Group:
    with lab.store.read() as session:
        found = group_of_run(session, 1)
    assert found is not None
    return found


def repeat_first(lab: Lab) -> None:
    """Add runs 4-6, a repetition with another seed whose files are those of runs 1-3."""
    for fold in (1, 2, 3):
        lab.add(folds=3, fold=fold, epochs=1, arch="tiny.py:make", seed=1)
        shutil.copytree(lab.home.run(fold).folder, lab.home.run(fold + 3).folder)
    with lab.store.write() as session:
        for fold in (1, 2, 3):
            done = session.execute(run_table.select().where(run_table.c.id == fold)).mappings().one()
            same = ("status", "epoch", "best_epoch", "best", "class_names", "environment", "group_key")
            session.execute(
                run_table.update().where(run_table.c.id == fold + 3).values({key: done[key] for key in same})
            )
            for epoch in session.exec(select(EpochMetrics).where(EpochMetrics.run_id == fold)).all():
                session.add(EpochMetrics(**{**epoch.model_dump(), "run_id": fold + 3}))


def report_of(lab: Lab) -> tuple[object, list[object]]:
    """Facts of a report about the group, and the counts of its pooled matrices."""
    study = collect(lab.store, run_ids=None, sweep=None)
    facts = read_facts(
        lab.home, study, ReportData(lab.home), commands=(), progress=lambda _what: None, with_maps=False
    )
    panels = [
        panel.counts
        for block in walk(report_contents(study, facts))
        if isinstance(block, Matrices) and block.figure.key.startswith("pooled-")
        for panel in block.panels
    ]
    return facts.pooled[1], panels


def test_each_image_is_predicted_once_and_a_missing_file_or_fold_is_named(lab: Lab) -> None:
    """One test for all, because the runs are trained for each."""
    (pooled,) = read_pooled(lab.store, lab.home, group(lab)).repetitions
    rows = [
        row for run in (1, 2, 3) for row in csv.DictReader(lab.home.run(run).predictions().open(newline=""))
    ]
    assert len({row["image"] for row in rows}) == len(rows) == pooled.images == 24
    assert pooled.accuracy == pytest.approx(sum(row["label"] == row["answer"] for row in rows) / 24)
    assert [sum(row) for row in pooled.confusion] == [12, 12] and pooled.run_ids == (1, 2, 3)
    assert pooled.low < pooled.accuracy <= pooled.high and pooled.rule == ""
    assert len(read_pooled(lab.store, lab.home, group(lab), "last").repetitions) == 1
    assert report_of(lab)[0] == PooledFolds((pooled,))
    _, panels = report_of(lab)
    assert panels == [tuple(map(tuple, pooled.confusion))]
    repeat_first(lab)
    lab.home.run(5).answers.unlink()
    found = read_pooled(lab.store, lab.home, group(lab))
    assert found.repetitions == (pooled,)
    (left_out,) = found.left_out
    assert left_out.startswith("#4, #5, #6: run 5: ") and "is missing" in left_out
    document = pooled_document(lab.store, lab.home, group(lab))
    assert [len(each) for each in document["pooled"].values()] == [1, 1]
    assert document["not_pooled"] == left_out
    lines = list(pooled_lines(document))
    assert f"not pooled: {left_out}" in lines and any("best epochs of runs 1-3" in line for line in lines)
    report, panels = report_of(lab)
    assert isinstance(report, PooledFolds) and report.repetitions == (pooled,) and len(panels) == 1
    assert report.left_out[0].startswith("#4, #5, #6: #5: ")
    lab.home.run(2).answers.unlink()
    with pytest.raises(NotPooled, match="#1, #2, #3: run 2: .*missing.*; #4, #5, #6: run 5"):
        read_pooled(lab.store, lab.home, group(lab))
    why, panels = report_of(lab)
    assert "#2: runs/2/" in str(why) and "is missing" in str(why) and not panels
    with lab.store.write() as session:
        session.execute(run_table.update().where(run_table.c.id > 1).values(status="failed"))
    with pytest.raises(NotPooled, match="folds 2, 3 of 3 are not done"):
        read_pooled(lab.store, lab.home, group(lab))
