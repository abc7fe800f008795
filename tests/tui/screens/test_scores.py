"""The page of scores by keys: of one run and of compared ones, and when files are missing."""

from typing import Any

import pytest
from pilots import SMALL, TALL, app, on_comparison, on_run, shown, until
from score_files import write_scores
from stored_runs import get
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.store.database import Store
from tui.widgets.score_pane import ComparedScorePane, RunScorePane, ScorePlot


def write(home: Home, study: Store, *run_ids: int, **more: Any) -> None:
    for run_id in run_ids:
        run = get(study, run_id)
        assert run.best_epoch is not None
        write_scores(home, run_id, best=run.best_epoch, last=run.epoch, **more)


def drawing(pilot: Pilot[Any]) -> object:
    return pilot.app.screen.query_one(ScorePlot).drawing


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_a_run_by_keys(home: Home, study: Store, size: tuple[int, int]) -> None:
    write(home, study, 5)
    async with app(home).run_test(size=size, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("5")
        await until(pilot, lambda: "n 201" in shown(pilot, "#scores-head"))
        rows = shown(pilot, "#scores-table").splitlines()
        assert rows[0].split() == ["n", "AUC", "95", "%"] and rows[1].startswith("━ all classes")
        await pilot.press("down", "right")
        assert "score ≥" in shown(pilot, "#scores-says")
        for kind in ("precision-recall", "reliability", "histogram"):
            await pilot.press("right_square_bracket")
            assert pilot.app.screen.query_one(RunScorePane).score_state.kind == kind
        await pilot.press("e")
        assert "val, best epoch" in shown(pilot, "#scores-head")
        await pilot.press("left_square_bracket", *["down"] * 20)
        assert "━ referable" in shown(pilot, "#scores-table")
        assert pilot.app.screen.query_one(RunScorePane).score_state.target == 6


async def test_a_run_without_files_says_so_and_reads_them_once_they_are_there(
    home: Home, study: Store
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("5")
        await until(pilot, lambda: "scores.npy is missing" in str(drawing(pilot)))
        await pilot.press("right_square_bracket", "down", "up", "left", "right", "e")  # nothing to move in
        write(home, study, 5, has_val=False)
        pane = pilot.app.screen.query_one(RunScorePane)
        pane.ask()  # as the next view of the training run does
        await until(pilot, lambda: "n 201" in shown(pilot, "#scores-head"))


async def test_compared_runs_have_a_line_each(home: Home, study: Store) -> None:
    write(home, study, 4)
    write(home, study, 2, are_grades=True)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_comparison(pilot, 3, 4, 2)
        await pilot.press("5")
        await until(pilot, lambda: "all classes: test" in shown(pilot, "#scores-head"))
        assert "no scores: #3" in shown(pilot, "#scores-says")
        await pilot.press(*["down"] * 9)
        assert "referable: test" in shown(pilot, "#scores-head")
        pane = pilot.app.screen.query_one(ComparedScorePane)
        rows = {row.name.split()[0]: row.cells[0] for row in pane.picture().rows}
        assert rows == {"#4": "40", "#3": "–", "#2": "40"}
        await pilot.press("right_square_bracket", "right_square_bracket", "e")
        assert "referable: val" in shown(pilot, "#scores-head")
