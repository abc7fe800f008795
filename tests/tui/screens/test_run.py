"""The screen of one run: its pages by keys."""

from typing import Any

import pytest
from cell_images import SKILL, answer
from pilots import SMALL, TALL, app, go_to, notified, on_run, opened, shown, table, until
from studies import GRADES, LABELS
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot
from textual.widgets import Input, Static

from engine.files.paths import Home
from engine.store import listing, queue
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.measurement_tables import AttemptTimes
from tui import commands
from tui.plots import Chart
from tui.screens.help import HelpScreen
from tui.screens.images import ImagesScreen
from tui.screens.new_run import NewRunScreen
from tui.screens.run import RunScreen
from tui.views.curves import ChartState
from tui.widgets.chart_box import ChartBox
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.curves_pane import CurvesPane
from tui.widgets.matrix_pane import MatrixPane


def noted(store: Store, run_id: int) -> str:
    with store.read() as session:
        return listing.get_run(session, run_id).note


def curves(pilot: Pilot[Any]) -> CurvesPane:
    return pilot.app.screen.query_one(CurvesPane)


def title(pilot: Pilot[Any], key: str) -> str:
    return str(
        pilot.app.screen.query_one(f"#chart-{key}", ChartBox).query_one(".chart-title", Static).content
    )


def chart_of_box(pilot: Pilot[Any], key: str) -> Chart:
    chart = pilot.app.screen.query_one(f"#chart-{key} ChartPlot", ChartPlot).chart
    assert chart is not None
    return chart


async def test_curves_are_read_smoothed_scaled_and_zoomed(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        assert "#5 resnet50" in shown(pilot, "#run-head") and "epoch 3 of 6" in shown(pilot, "#run-head")
        assert [box.panel.key for box in curves(pilot).query(ChartBox) if box.display] == ["accuracy"]
        assert "test .7761" in title(pilot, "accuracy") and "epoch" not in title(pilot, "accuracy")
        await pilot.press("left")
        assert "epoch 3" in title(pilot, "accuracy")
        await pilot.press("left")
        assert "epoch 2" in title(pilot, "accuracy") and "baseline" not in title(pilot, "accuracy")
        await pilot.press("right_square_bracket")
        assert title(pilot, "loss").startswith("loss") and "epoch 2" in title(pilot, "loss")
        await pilot.press("plus", "plus", "y", "z")
        says = shown(pilot, "#curves-says")
        assert "2 of 9" in says and "smoothed 0.8" in says and "logarithmic" in says and "epochs " in says
        await pilot.press("minus", "minus", "y", "Z")
        assert shown(pilot, "#curves-says") == "2 of 9"
        await pilot.press("left_square_bracket", "left_square_bracket")
        assert title(pilot, "speed").startswith("images/s")


async def test_the_axis_turns_from_epochs_to_steps_and_to_time(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("left", "left")
        assert "accuracy  epoch 2  " in title(pilot, "accuracy")
        for panel in ("loss", "balanced"):  # all charts read their values at the one cursor
            chart = chart_of_box(pilot, panel)
            assert chart.cursor == 2.0 and "epoch" not in title(pilot, panel)
        assert ".2736" in title(pilot, "balanced")  # the newest has .3
        await pilot.press("a")
        assert "step 40" in title(pilot, "accuracy") and "by step" in shown(pilot, "#curves-says")
        chart = chart_of_box(pilot, "accuracy")
        assert [x for x, _ in chart.lines[-1].points] == [20.0, 40.0, 60.0] and chart.last == 6 * 20
        await pilot.press("a")
        assert "time 12 s" in title(pilot, "accuracy") and "by time of training" in shown(
            pilot, "#curves-says"
        )
        chart = chart_of_box(pilot, "accuracy")
        assert [x for x, _ in chart.lines[-1].points] == [6.0, 12.0, 18.0] and chart.last == 36.0
        await pilot.press("z")
        assert "times " in shown(pilot, "#curves-says")
        await pilot.press("a")
        assert "epoch 2" in title(pilot, "accuracy") and "epochs " in shown(pilot, "#curves-says")


async def test_all_charts_are_seen_where_there_is_room_and_one_alone_at_enter(
    home: Home, study: Store
) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await on_run(pilot)
        await until(pilot, lambda: sum(box.display for box in curves(pilot).query(ChartBox)) == 9)
        await pilot.press("enter")
        assert sum(box.display for box in curves(pilot).query(ChartBox)) == 1
        await pilot.resize_terminal(*SMALL)
        await pilot.press("enter")
        await pilot.resize_terminal(*TALL)
        await until(pilot, lambda: sum(box.display for box in curves(pilot).query(ChartBox)) == 9)


async def test_new_measurements_come_in_while_it_is_open(home: Home, study: Store) -> None:
    from studies import train

    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        before = title(pilot, "accuracy")
        train(study, Claim(5, 1), 5, skill=0.9)
        await until(pilot, lambda: title(pilot, "accuracy") != before)
        queue.end(
            study,
            Claim(5, 1),
            "failed",
            cause="diverged",
            error="the loss is not finite",
            suggestion="try lr 1e-4",
        )
        await until(pilot, lambda: "failed" in shown(pilot, "#run-head"))
        says = shown(pilot, "#run-findings")
        assert "\nthe loss is not finite\n▸ try lr 1e-4\nr begins anew: its 5 epochs" in says


async def test_the_confusion_page_scrubs_plays_and_names_its_cell(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("2")
        pane = pilot.app.screen.query_one(MatrixPane)
        await until(pilot, lambda: "epoch ◀ 3" in shown(pilot, "#scrubber"))
        assert shown(pilot, "#cell").startswith(  # the cursor begins at the most confused classes
            f"true 2 {GRADES[2]}, predicted 0 {GRADES[0]}: 26 images, 84 % of"
        )
        assert "most confused: 2 moderate as 0 no DR (26)" in shown(pilot, "#pairs")
        await pilot.press("comma")
        assert "epoch ◀ 2 ▶" in shown(pilot, "#scrubber") and pane.scrub.epoch == 2
        await pilot.press("m")
        assert "counts" in shown(pilot, "#scrubber")
        await pilot.press("full_stop")
        assert pane.scrub.epoch is None  # the newest, whichever it will be
        await pilot.press("space")
        assert "epoch   0 ▶" in shown(pilot, "#scrubber") and "playing" in shown(pilot, "#scrubber")
        await until(pilot, lambda: pane.scrub.epoch is None)
        assert "playing" not in shown(pilot, "#scrubber")
        await pilot.press("right", "right", "right", "right", "right", "right")
        assert pane.scrub.cell == (2, 4)


async def test_all_pages_look_at_the_epoch_that_was_chosen_on_one(home: Home, study: Store) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "epoch ◀ 3" in shown(pilot, "#scrubber"))
        await pilot.press("1")
        assert "epoch" not in title(pilot, "accuracy")  # nothing was chosen
        await pilot.press("left", "left", "3", "2")
        await until(pilot, lambda: "epoch ◀ 2 ▶" in shown(pilot, "#scrubber"))
        await pilot.press("1")
        assert "epoch 2" in title(pilot, "accuracy")
        await pilot.press("right_square_bracket", "left", "left")  # steps of the loss, within epoch 2
        before = curves(pilot).chart_state.cursor
        assert before is not None and 1.5 < before < 2
        await pilot.press("2")
        await until(pilot, lambda: "epoch ◀ 1 ▶" in shown(pilot, "#scrubber"))
        await pilot.press("1")
        assert curves(pilot).chart_state.cursor == before
        await pilot.press("2", "down", "full_stop", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ImagesScreen))
        await until(pilot, lambda: "epoch 2 of 3" in shown(pilot, "#images-head"))
        await pilot.press("comma", "comma")
        await until(pilot, lambda: "epoch 0 of 3" in shown(pilot, "#images-head"))
        await pilot.press("escape")
        await until(pilot, lambda: "epoch   0 ▶" in shown(pilot, "#scrubber"))
        await pilot.press("a", "1", "a")
        assert curves(pilot).epoch == 0 and "step 0" in title(pilot, "loss")
        await pilot.press("2", "full_stop", "full_stop", "full_stop", "1")
        assert curves(pilot).chart_state.cursor is None  # the newest, whichever it will be


async def test_the_spec_shows_where_the_time_went(home: Home, study: Store) -> None:
    with study.write() as session:
        session.add(AttemptTimes(run_id=5, attempt=1, seconds={"process": 0.5, "training": 99.5}))
    async with app(home).run_test(size=TALL) as pilot:
        await on_run(pilot)
        await pilot.press("4")
        await until(pilot, lambda: "Time line   100 s" in shown(pilot, "#spec-text"))
        lines = [line.split() for line in shown(pilot, "#spec-text").splitlines()]
        assert ["training", "99.5", "s", "99.5", "%"] in [line[:5] for line in lines]


async def test_the_spec_names_what_differs(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("4")
        await until(pilot, lambda: "3 differ from the defaults" in shown(pilot, "#spec-text"))
        await pilot.press("d", "3", "enter")
        await until(pilot, lambda: "1 differs from #3" in shown(pilot, "#spec-text"))
        assert "resnet50   #3 resnet18" in shown(pilot, "#spec-text")
        await pilot.press("d", "9", "9", "enter")
        await until(pilot, lambda: "99" in notified(pilot))
        await pilot.press("d", *"12345678901234567890", "enter")
        await until(pilot, lambda: "there is no run 12345678901234567890" in notified(pilot))
        await pilot.press("d")
        pilot.app.screen.query_one(Input).value = "7" * 5_000  # more digits than Python makes a number of
        await pilot.press("enter")
        await until(pilot, lambda: "there is no run with a number of 5,000 digits" in notified(pilot))


async def test_a_double_click_opens_a_run_and_a_click_turns_to_a_page(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.click(table(pilot), offset=(20, 4), times=2)
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await until(pilot, lambda: shown(pilot, "#run-head").startswith("#6"))
        await pilot.click("#pages", offset=(17, 0))
        await until(pilot, lambda: pilot.app.screen.query_one(MatrixPane).display)


async def test_its_verbs_are_homes_and_back_leads_there(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("C")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await pilot.press("N", *"seen", "enter")
        await until(pilot, lambda: noted(study, 5) == "seen")
        await pilot.press("x", "y")
        await until(pilot, lambda: "run 5: asked to stop" in notified(pilot))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, RunScreen))
        assert table(pilot).row_count == 8
    with study.read() as session:
        assert listing.get_run(session, 5).request == "cancel"


async def test_fix_is_offered_where_a_finding_suggests_a_change(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        assert not pilot.app.screen.check_action("command", ("fix",))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, RunScreen))
        await go_to(pilot, 3)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await until(pilot, lambda: pilot.app.screen.check_action("command", ("fix",)))
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        assert shown(pilot, ".heading") == "Clone of #3 with lr 0.01"


async def test_a_run_that_is_removed_meanwhile_closes_its_screen(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot, downs=2)
        from tui import verbs

        run_id = pilot.app.screen.run_id  # type: ignore[attr-defined]
        verbs.remove(study, home, [run_id])
        await until(pilot, lambda: not isinstance(pilot.app.screen, RunScreen))
        await until(pilot, lambda: f"#{run_id} was removed" in notified(pilot))


async def test_every_key_of_the_table_does_something_or_is_not_offered(home: Home, study: Store) -> None:
    """No key of any page ends in an error, and each has a page that takes it."""
    taken = set()
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        for page in (*screen.body.names, "log"):
            await pilot.press(str(screen.body.names.index(page) + 1))
            if "search" in taken and page == "log":
                await pilot.press("slash", "x", "enter")
            for command in commands.RUN:
                if screen.check_action("command", (command.id,)):
                    taken.add(command.id)
                    if command.pane_key:
                        await pilot.press(command.keys.split(",")[0])
                        if pilot.app.screen is not screen:
                            await pilot.press("escape")
    assert taken == {command.id for command in commands.RUN} - {"fix"}  # nothing is suggested for this run


def test_the_window_stays_in_the_run_and_follows_the_cursor(home: Home, study: Store) -> None:
    from tui.feeds.run_feed import RunFeed

    feed = RunFeed(home, 4)
    view = feed.poll()
    assert view is not None and feed.poll() is None
    feed.close()
    chart_state = ChartState()
    for _ in range(9):
        chart_state = chart_state.zoom(view, 0.5)
    first, last = chart_state.range(view)
    assert last - first == pytest.approx(0.02 * 6) and last <= 6
    for _ in range(9):
        chart_state = chart_state.move(view, -1, 60)
        first, last = chart_state.range(view)
        assert (
            0 <= first < last <= 6 and chart_state.cursor is not None and first <= chart_state.cursor <= last
        )
    assert chart_state.cursor == 1.0
    for _ in range(9):
        chart_state = chart_state.zoom(view, 2.0)
    assert chart_state.window is None


async def test_what_is_cut_in_the_block_stands_whole_on_the_page_of_the_spec(
    home: Home, study: Store
) -> None:
    with study.write() as session:
        run = listing.get_run(session, 6)
        run.error = "a long reason " * 60 + "at last"
        session.add(run)
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press(*"jjj", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and shown(pilot, "#run-findings"))
        block = shown(pilot, "#run-findings")
        assert "at last" not in block and "… all: 4" in block and "C clones it" in block
        await pilot.press("4")
        await until(pilot, lambda: "at last" in shown(pilot, "#spec-text"))
        assert not pilot.app.screen.query_one("#run-findings").display
        await pilot.press("1")
        await until(pilot, lambda: pilot.app.screen.query_one("#run-findings").display)


@pytest.mark.parametrize("size", [SMALL, (150, 50)])
async def test_a_click_puts_the_cursor_and_the_wheel_zooms(
    home: Home, study: Store, size: tuple[int, int]
) -> None:
    async with app(home).run_test(size=size) as pilot:
        await on_run(pilot)
        await until(pilot, lambda: curves(pilot).query_one("#chart-accuracy ChartPlot", ChartPlot).chart)
        box = curves(pilot).query_one("#chart-accuracy ChartPlot", ChartPlot)
        width = box.size.width
        await pilot.click(box, offset=(width // 4, 3))  # of epochs 1 to 6
        await until(pilot, lambda: "epoch 2" in title(pilot, "accuracy"))
        assert curves(pilot).chart_state.cursor == 2
        await pilot._post_mouse_events([MouseScrollUp], box, offset=(width - 1, 3))
        assert curves(pilot).chart_state.window == pytest.approx((3.0, 6.0), abs=0.05)  # where the mouse is
        await pilot._post_mouse_events([MouseScrollDown], box, offset=(width - 1, 3))
        assert curves(pilot).chart_state.window is None
        if size != SMALL:  # another chart is chosen, and all have its cursor
            await pilot.click(curves(pilot).query_one("#chart-kappa ChartPlot"), offset=(8, 3))
            await until(pilot, lambda: curves(pilot).chart_state.cursor == 1)
            assert curves(pilot).chart_state.chosen.key == "kappa" and "epoch 1" in title(pilot, "kappa")
