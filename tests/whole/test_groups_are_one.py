"""A group has the same numbers wherever it is shown: with a repeat, a failed member and a run on other data."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cell_images import answer
from grouped_runs import finish
from shell import Shell
from sqlalchemy import delete
from studies import GRADES, LABELS

from engine.files.epoch_predictions import append_predictions, read_predictions
from engine.files.paths import Home
from engine.queries.read_comparison import read_comparison
from engine.queries.read_groups import list_groups
from engine.spec.grid import make_spec
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.measurement_tables import EpochMetrics
from tui.feeds.compare_feed import CompareFeed
from tui.feeds.run_table_feed import RunTableFeed
from tui.views.compared import at_best, at_last
from tui.views.group_by import REPETITIONS
from tui.views.group_view import GroupView

EYES = [f"{place}.png" for place in range(sum(LABELS))]
ACCURACIES = {1: 0.5, 2: 0.61, 3: 0.7, 4: 0.7}
"""Run 4 repeats run 3, 5 has failed, 6 had other data, and so it is with the second recipe's 7 to 12."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find(tmp_path, cache=tmp_path / "cache")


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with contextlib.closing(open_store(home.database)) as store:
        for lr in (0.1, 0.2):
            seeds = [make_spec({"data": "digits", "lr": lr, "seed": seed}) for seed in (0, 1, 2, 2, 3, 4)]
            add_runs(store, seeds)
        for start, shift in ((0, 0.0), (6, 0.1)):
            done = {run_id + start: best + shift for run_id, best in ACCURACIES.items()}
            finish(store, done, best_kappa=0.3)
            finish(store, {5 + start: 0.05}, status="failed", cause="diverged")
            finish(store, {6 + start: 0.99}, fingerprint="other")
            _measure(store, {**done, 5 + start: 0.05, 6 + start: 0.99})
        yield store


def _measure(store: Store, accuracies: dict[int, float]) -> None:
    """Write the epochs that the finished runs claim to have: the best one, and the last one."""
    with store.write() as session:
        for run_id, best in accuracies.items():
            for epoch, accuracy in ((1, best), (2, best - 0.01)):
                session.add(EpochMetrics(run_id=run_id, epoch=epoch, attempt=1, test_acc=accuracy))


def test_home_compare_screen_and_lists_agree(home: Home, store: Store) -> None:
    with store.read() as session:
        groups = list_groups(session)
    feed = RunTableFeed(home.database)
    snapshot = feed.poll(-1, group_by=REPETITIONS)
    feed.close()
    assert snapshot is not None and snapshot.detail is not None
    assert [group.run_ids for group in groups] == [(1, 2, 3, 4, 5), (7, 8, 9, 10, 11)]
    rows = [snapshot.groups[key] for key in (-1, -7)]
    compared_feed = CompareFeed(home, [row.fold.members for row in rows if row.fold is not None])
    compared = compared_feed.poll()
    compared_feed.close()
    assert compared is not None
    for group, row, view in zip(groups, rows, compared.views, strict=True):
        best, last = group.summary("test_acc"), group.summary("test_acc", "last")
        assert best.n == 3 and row.fold is not None and isinstance(view, GroupView)
        assert (row.best, row.fold.best_sd, row.fold.n) == (best.mean, best.sd, 3)
        assert (row.fold.last, row.fold.last_sd) == (last.mean, last.sd)
        assert (row.kappa, row.fold.members) == (group.summary("kappa").mean, group.run_ids)
        assert view.group.spread("test_acc") == (3, best.mean, best.sd)
        assert (at_best(view, "test_acc"), at_last(view, "test_acc")) == (best.mean, last.mean)
        assert row.fold.left_out == tuple(view.group.left_out()) + tuple(group.left_out()[1:])
    assert "n 3" in snapshot.detail.numbers


def test_cross_validations_count_the_same_wherever_they_are_shown(home: Home, store: Store) -> None:
    """Two whole ones of three folds, and one that lacks a fold: n is 3 folds, and none of the third counts."""
    spec = {"data": "digits", "lr": 0.3, "folds": 3}
    kinds = [(seed, fold) for seed in (0, 1, 2) for fold in (1, 2, 3)]
    ids = add_runs(store, [make_spec({**spec, "seed": seed, "fold": fold}) for seed, fold in kinds]).ids
    best = {}
    for run_id, (seed, fold) in zip(ids, kinds, strict=True):
        names = [name for place, name in enumerate(EYES) if place % 3 == fold - 1]
        best[run_id] = _answer_part(home, run_id, names, fold, 0.2 + 0.1 * seed)
    finish(store, dict(list(best.items())[:-1]), class_names=list(GRADES))
    with store.read() as session:
        group = next(each for each in list_groups(session) if each.folds)
    feed = RunTableFeed(home.database)
    snapshot = feed.poll(-1, group_by=REPETITIONS)
    feed.close()
    assert snapshot is not None
    fold_row = snapshot.groups[-ids[0]].fold
    side = read_comparison(store, home, [f"group:{ids[0]}", "1"]).sides[0]
    assert fold_row is not None
    assert fold_row.counted == side.run_ids == tuple(each.run_id for each in group.counted) == ids[:6]
    summary = group.summary("test_acc")
    assert fold_row.n == side.n == summary.n == 3 and side.runs == 2
    assert side.sd == pytest.approx(summary.sd) and fold_row.best_sd == summary.sd
    assert fold_row.left_out == side.remarks == tuple(group.left_out())
    assert side.about.not_done == {str(ids[-1]): "queued"}


def _answer_part(home: Home, run_id: int, names: list[str], fold: int, skill: float) -> float:
    """Write predictions of a third of the images; return the accuracy of epoch 1."""
    labels = np.array([label for label, count in enumerate(LABELS) for _ in range(count)])[fold - 1 :: 3]
    paths = home.run(run_id)
    paths.folder.mkdir(parents=True)
    rows = [f"{name},{GRADES[label]},x,0" for name, label in zip(names, labels, strict=True)]
    paths.predictions().write_text("\n".join(["image,label,answer,score", *rows]) + "\n")
    right = np.random.default_rng(run_id).random(len(labels)) < skill
    answers = np.where(right, labels, (labels + 1) % len(GRADES)).astype(np.uint16)
    scores = np.full((len(labels), len(GRADES)), 0.2, np.float32)
    for epoch in range(3):
        append_predictions(paths, epoch, answers, scores, fence=contextlib.nullcontext)
    return float(right.mean())


def test_the_command_line_agrees(
    home: Home, store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.root)
    shell = Shell(home.root, capsys)
    assert shell("ls", "--groups", "--json") == 0
    listed = json.loads(shell.out)["groups"][0]
    assert shell("show", "1", "--group", "--json") == 0
    shown = json.loads(shell.out)
    assert listed["metrics"]["best"]["test_acc"] == shown["metrics"]["best"]["test_acc"]
    assert listed["counted"] == shown["counted"] == [1, 2, 3]


def test_a_comparison_counts_the_same_runs(home: Home, store: Store) -> None:
    for run_id in range(1, 13):
        answer(home, run_id, EYES, 2, 0.05 * run_id)
        found = read_predictions(home.run(run_id), GRADES)
        is_done = run_id not in (5, 11)
        finish(
            store,
            {run_id: float((found.answers[1] == found.labels).mean())},
            class_names=list(GRADES),
            fingerprint="f" if run_id not in (6, 12) else "other",
            status="done" if is_done else "failed",
        )
    with store.write() as session:
        session.execute(delete(EpochMetrics))  # they are of other predictions
    with store.read() as session:
        groups = list_groups(session)
    sides = read_comparison(store, home, ["group:4", "group:11"]).sides
    assert [side.name for side in sides] == ["group of #1", "group of #7"]
    for side, group in zip(sides, groups, strict=True):
        summary = group.summary("test_acc")
        assert side.run_ids == tuple(each.run_id for each in group.counted)
        assert (side.runs, side.accuracy, side.sd) == (
            summary.n,
            pytest.approx(summary.mean),
            pytest.approx(summary.sd),
        )
        assert side.remarks == tuple(group.left_out())
        assert side.about.not_done == {str(each.run_id): each.status for each in group.not_done}
