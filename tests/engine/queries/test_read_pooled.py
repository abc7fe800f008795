"""Pooled out-of-fold predictions: of real runs, image by image, and what keeps them from being pooled."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab

from engine.analysis.groups import Group
from engine.queries.read_groups import group_of_run
from engine.queries.read_pooled import NotPooled, read_pooled
from engine.store.schema import run_table

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


def test_each_image_is_predicted_once_and_a_missing_file_or_fold_is_named(lab: Lab) -> None:
    """One test for all, because the runs are trained for each."""
    (pooled,) = read_pooled(lab.store, lab.home, group(lab))
    rows = [
        row for run in (1, 2, 3) for row in csv.DictReader(lab.home.run(run).predictions().open(newline=""))
    ]
    assert len({row["image"] for row in rows}) == len(rows) == pooled.images == 24
    assert pooled.accuracy == pytest.approx(sum(row["label"] == row["answer"] for row in rows) / 24)
    assert [sum(row) for row in pooled.confusion] == [12, 12] and pooled.run_ids == (1, 2, 3)
    assert pooled.low < pooled.accuracy <= pooled.high and pooled.rule == ""
    assert len(read_pooled(lab.store, lab.home, group(lab), "last")) == 1
    lab.home.run(2).answers.unlink()
    with pytest.raises(NotPooled, match="run 2: .*missing"):
        read_pooled(lab.store, lab.home, group(lab))
    with lab.store.write() as session:
        session.execute(run_table.update().where(run_table.c.id > 1).values(status="failed"))
    with pytest.raises(NotPooled, match="folds 2, 3 of 3 are not done"):
        read_pooled(lab.store, lab.home, group(lab))
