"""Recipes of a report: intervals over splits, and the order of the figures of their scores."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_runs import MadeRuns, right
from score_files import write_scores
from studies import open_groups

from engine.analysis import score_figures
from engine.analysis.report.blocks import Figure, Paragraph, words_of
from engine.analysis.report.recipes import recipes_of, spread_of
from engine.analysis.report.score_blocks import score_blocks
from engine.analysis.study import Study
from engine.files.paths import Home
from engine.queries.image_groups import GroupReader
from engine.queries.read_study import collect, with_scores


@pytest.mark.parametrize(
    ("repetitions", "covers"),
    [
        ([{"seed": seed} for seed in range(3)], "seeds"),
        ([{"split_seed": split} for split in range(3)], "splits"),
        (
            [{"split_seed": split, "seed": seed} for split in range(2) for seed in range(2)],
            "seeds and splits",
        ),
        ([{"folds": 3, "fold": fold} for fold in (1, 2, 3)], "folds"),
    ],
)
def test_an_interval_says_which_repetitions_it_covers(
    tmp_path: Path, repetitions: list[dict[str, int]], covers: str
) -> None:
    """It is told where no comparison has one over test images."""
    made = MadeRuns(tmp_path)
    for number, settings in enumerate(repetitions):
        made.run(right(range(number + 1)), **settings)
    (recipe,) = recipes_of(collect(made.store, run_ids=None, sweep=None).runs)
    made.store.close()
    values = 2 if covers == "seeds and splits" else len(repetitions)
    assert recipe.summary.n == values, "runs on the same split are averaged first"
    said = spread_of(recipe, None)
    assert said.startswith("95 % interval of the mean ") and said.endswith(f" %, which covers {covers}")


def test_of_equal_runs_or_a_single_one_no_interval_is_known(tmp_path: Path) -> None:
    made = MadeRuns(tmp_path)
    made.run(right([0]))
    (recipe,) = recipes_of(collect(made.store, run_ids=None, sweep=None).runs)
    made.store.close()
    assert spread_of(recipe, None) == "its interval is not known"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Two groups with scores: runs 1 to 3, which are better, and 4 and 5."""
    home = Home.find(tmp_path)
    store = open_groups(tmp_path / "runs.db")
    found = collect(store, run_ids=[1, 2, 3, 4, 5], sweep=None)
    store.close()
    for run in found.runs:
        assert run.kept is not None
        write_scores(home, run.id, best=run.kept.epoch, last=run.epoch)
    return with_scores(found, home, GroupReader(home))


def drawn(study: Study, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """The runs that each figure is drawn of, by its name, in their order."""
    found: dict[str, list[int]] = {}
    for name in ("comparison_figure", "class_figure", "reliability_figure", "histogram_figure"):
        monkeypatch.setattr(score_figures, name, lambda runs, *_: [run.id for run in runs])
    for block in score_blocks(study.runs, "digits"):
        if isinstance(block, Figure):
            made: Any = block.draw()
            found[block.key] = made
    return found


def test_few_runs_are_drawn_in_their_order(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    found = drawn(study, monkeypatch)
    assert list(found) == ["roc-digits", "roc-classes-digits", "reliability-digits", "scores-digits"]
    assert all(runs == [1, 2, 3, 4, 5] for runs in found.values())


def test_of_many_the_best_run_of_each_recipe_is_drawn_the_best_recipe_first(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_figures, "PANELS_A_FIGURE", 3)
    assert all(runs == [2, 5] for runs in drawn(study, monkeypatch).values())
    swapped = replace(study, runs=(*study.runs[3:], *study.runs[:3]))  # the order of the runs is not theirs
    assert all(runs == [2, 5] for runs in drawn(swapped, monkeypatch).values())
    monkeypatch.setattr(score_figures, "PANELS_A_FIGURE", 1)
    assert all(runs == [2] for runs in drawn(study, monkeypatch).values())


def test_what_has_no_scores_is_said_last(study: Study) -> None:
    runs = [replace(study.runs[0], scores=None), *study.runs[1:]]
    last = list(score_blocks(runs, "digits"))[-1]
    assert isinstance(last, Paragraph)
    assert words_of(last.content) == "The scores of #1 were not kept: no curves of them."
