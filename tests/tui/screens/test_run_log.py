"""The log of an opened run, and why a failed run failed."""

from typing import get_args

import pytest
from pilots import SMALL, TALL, app, notified, on_run, opened, shown, until

from engine.files.paths import Home
from engine.store.database import Store
from engine.store.status import Cause
from tui.screens.run import RunScreen
from tui.views.run_view import Failure
from tui.widgets.failure import MEANS, failure_text
from tui.widgets.log_pane import LogPane


async def test_the_log_is_followed_and_searched(home: Home, study: Store) -> None:
    log = home.run(5).log
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("".join(f"line {number}\n" for number in range(200)) + "the end [bold]\x1b[31m\n")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("3")
        pane = pilot.app.screen.query_one(LogPane)
        await until(pilot, lambda: len(pane.lines) == 201 and pane.is_vertical_scroll_end)
        assert pane.lines[-1].startswith("the end [bold]") and "\x1b" not in pane.lines[-1]
        with log.open("a") as more:
            more.write("half a li")
            more.flush()
            await pilot.pause(0.4)
            assert len(pane.lines) == 201
            more.write("ne\n")
        await until(pilot, lambda: pane.lines[-1] == "half a line" and pane.is_vertical_scroll_end)
        await pilot.press("g")
        assert pane.scroll_offset.y == 0
        await pilot.press("slash", *"line", "space", "1", "2", "enter")
        await until(pilot, lambda: "11 lines have 'line 12'" in notified(pilot))
        assert pane._match == 129
        await pilot.press("right_square_bracket")
        assert pane._match == 12
        await pilot.press("left_square_bracket")
        assert pane._match == 129
        log.write_text("begun anew\n")
        await until(pilot, lambda: pane.lines == ["begun anew"])


async def test_a_failed_run_says_why_what_to_do_and_what_its_log_said_last(home: Home, study: Store) -> None:
    log = home.run(6).log
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number} {'x' * 200}\n" for number in range(9)))
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press(*"jjj", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and shown(pilot, "#run-findings"))
        says = shown(pilot, "#run-findings").splitlines()
        assert says[0].startswith("✖ diverged  the loss was no longer a number   attempt 1, ")
        assert says[1:4] == [
            "the loss is not finite at step 41 of epoch 3",
            "▸ try a smaller lr: 0.01",
            "r begins anew: its 2 epochs are deleted   C clones it",
        ]
        assert [line.strip()[:6] for line in says[4:]] == ["line 6", "line 7", "line 8"]
        assert all(len(line) <= SMALL[0] for line in says)
        await pilot.resize_terminal(*TALL)
        await until(pilot, lambda: "line 3" in shown(pilot, "#run-findings"))
        await pilot.press("r", "y")
        await until(pilot, lambda: "queued" in shown(pilot, "#run-head"))
        assert "diverged" not in shown(pilot, "#run-findings")


async def test_the_time_of_a_log_line_stays_while_the_line_is_scrolled(home: Home, study: Store) -> None:
    log = home.run(5).log
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"2026-01-02 15:31:00  {'0123456789' * 20}\nno time {'abcdefghij' * 20}\n")
    async with app(home).run_test(size=SMALL) as pilot:
        await on_run(pilot)
        await pilot.press("3")
        pane = pilot.app.screen.query_one(LogPane)
        await until(pilot, lambda: len(pane.lines) == 2)
        await pilot.press("right")
        await until(pilot, lambda: pane.scroll_offset.x == 8)
        assert pane.render_line(0).text.startswith("2026-01-02 15:31:00  8901")
        assert pane.render_line(1).text.startswith("abcdefgh")
        assert all(pane.render_line(line).cell_length == pane.size.width for line in range(4))


@pytest.mark.parametrize(
    ("kept", "is_anew", "change", "says"),
    [
        (0, True, "", "r tries it again   C clones it"),
        (1, False, "", "r goes on after 1 epoch   C clones it"),
        (
            4,
            True,
            "lr 0.01",
            "r begins anew: its 4 epochs are deleted   f clones it with lr 0.01   C clones it",
        ),
    ],
)
def test_the_ways_out_of_a_failure(kept: int, is_anew: bool, change: str, says: str) -> None:
    failure = Failure("worker_lost", "gone", "", 2, None, kept, is_anew, change, ())
    text = failure_text(failure, {"error": "red"}, 3, 80).plain
    assert text == f"✖ worker lost  the worker was gone   attempt 2\ngone\n{says}"


def test_every_cause_has_words() -> None:
    assert set(MEANS) == set(get_args(Cause))
