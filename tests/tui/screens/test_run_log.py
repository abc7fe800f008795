"""The log of an opened run, and why a failed run failed."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pilots import SMALL, TALL, app, on_run, opened, shown, until
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.store.database import Store
from engine.store.status import Cause
from tui.screens.run import RunScreen
from tui.screens.text_prompt import AskScreen
from tui.views.run_view import Failure
from tui.widgets.failure import MEANS, failure_text
from tui.widgets.log_pane import LogPane


def written(home: Home, text: str) -> Path:
    log = home.run(5).log
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text)
    return log


async def on_log(pilot: Pilot[Any], lines: int) -> LogPane:
    """Open the log of run 5, and wait until it shows so many lines."""
    await on_run(pilot)
    await pilot.press("3")
    pane = pilot.app.screen.query_one(LogPane)
    await until(pilot, lambda: len(pane.lines) == lines and pane.view.size.width)
    return pane


def rows_of(pane: LogPane) -> list[str]:
    return [pane.view.render_line(line).text.rstrip() for line in range(pane.view.size.height)]


async def test_the_log_is_followed_and_searched(home: Home, study: Store) -> None:
    log = written(home, "".join(f"line {number}\n" for number in range(200)) + "the end [bold]\x1b[31m\n")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        pane = await on_log(pilot, 201)
        await until(pilot, lambda: pane.view.is_vertical_scroll_end)
        assert pane.lines[-1].startswith("the end [bold]") and "\x1b" not in pane.lines[-1]
        with log.open("a") as more:
            more.write("half a li")
            more.flush()
            await pilot.pause(0.4)
            assert len(pane.lines) == 201
            more.write("ne\n")
        await until(pilot, lambda: pane.lines[-1] == "half a line" and pane.view.is_vertical_scroll_end)
        await pilot.press("g")
        assert pane.view.scroll_offset.y == 0 and "rows below: G follows" in shown(pilot, "#log-says")
        await pilot.press("slash", *"line", "space", "1", "2")
        assert shown(pilot, "#log-says").startswith("/line 12  11 of 11 lines")
        await pilot.press("enter", "n")
        assert pane.view.match == 12 and shown(pilot, "#log-says").startswith("/line 12  1 of 11 lines")
        await pilot.press("N")
        assert pane.view.match == 129
        await pilot.press("left_square_bracket")
        assert pane.view.match == 128
        await pilot.press("right_square_bracket")
        assert pane.view.match == 129
        log.write_text("begun anew\n")
        await until(pilot, lambda: pane.lines == ["begun anew"])
        assert shown(pilot, "#log-says") == "/line 12  not in the log"
        with log.open("a") as more:
            more.write("LINE 12 again\n")
        await until(pilot, lambda: shown(pilot, "#log-says") == "/line 12  1 lines")


async def test_a_search_ends_at_esc_and_its_keys_are_the_runs_again(home: Home, study: Store) -> None:
    written(home, "one\ntwo\n")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        pane = await on_log(pilot, 2)
        await pilot.press("slash", *"wN", "escape")
        assert pane.word == "" and not pane.search_line.display
        await pilot.press("slash", *"two", "enter", "N")
        assert pane.view.match == 1 and isinstance(pilot.app.screen, RunScreen)
        await pilot.press("escape")
        assert (pane.word, shown(pilot, "#log-says")) == ("", "") and isinstance(pilot.app.screen, RunScreen)
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, RunScreen | AskScreen))


async def test_long_lines_are_wrapped_below_their_text_or_scrolled_as_was_last_chosen(
    home: Home, study: Store
) -> None:
    words = " ".join(f"word{number:03}" for number in range(20))
    written(home, f"2026-01-02 15:31:00  {words}\nno time {'x' * 200}\n2026-01-03 00:00:01  last\n")
    async with app(home).run_test(size=SMALL) as pilot:
        pane = await on_log(pilot, 5)
        assert pane.lines[0] == "2026-01-02" and pane.lines[3] == "2026-01-03"
        await until(pilot, lambda: len(pane.view.log_lines.rows) == 9)
        rows = rows_of(pane)
        assert rows[1] == "15:31:00  word000 word001 word002 word003 word004 word005 word006 word007"
        assert rows[2].startswith("          word008 ") and rows[4].startswith("no time xxx")
        assert rows[5].startswith("  xxx") and rows[8] == "00:00:01  last"
        await pilot.press("slash", *"word007 word008", "enter")  # over the end of a row
        assert pane.view.match == 1
        await pilot.press("escape", "w", "right")
        await until(pilot, lambda: pane.view.scroll_offset.x == 8 and len(pane.view.log_lines.rows) == 5)
        assert rows_of(pane)[1].startswith("15:31:00  word001 word002") and rows_of(pane)[2].startswith("xxx")
        assert all(pane.view.render_line(line).cell_length == pane.view.window.width for line in range(9))
    async with app(home).run_test(size=SMALL) as pilot:
        pane = await on_log(pilot, 5)
        assert not pane.view.wraps


async def test_what_was_read_stays_at_the_top_in_another_width(home: Home, study: Store) -> None:
    written(home, "".join(f"{number} {'x' * 160}\n" for number in range(100)))
    async with app(home).run_test(size=TALL) as pilot:
        pane = await on_log(pilot, 100)
        await until(pilot, lambda: pane.view.is_vertical_scroll_end and pane.view.scroll_offset.y)
        pane.view.scroll_to(y=40, animate=False)
        await until(pilot, lambda: rows_of(pane)[0].startswith("20 "))
        await pilot.resize_terminal(*SMALL)
        await until(
            pilot, lambda: len(pane.view.log_lines.rows) == 300 and rows_of(pane)[0].startswith("20 ")
        )


async def test_the_end_alone_is_read_of_a_log_of_any_size(home: Home, study: Store) -> None:
    log = written(home, "")
    with log.open("wb") as file:
        file.seek(200_000_000)
        file.write(b"\n" + b"".join(b"line %d\n" % number for number in range(1_000)))
    async with app(home).run_test(size=(100, 30)) as pilot:
        pane = await on_log(pilot, 1_000)
        assert shown(pilot, "#log-says") == "the end of 200.0 MB: resnet-tui log 5 prints all"
        assert pane.lines[0] == "line 0" and pane.view.is_vertical_scroll_end


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
