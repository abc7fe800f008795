"""Several runs beside each other, by keys."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from cell_images import answer
from pilots import SMALL, TALL, app, notified, on_comparison, opened, shown, table, until
from rich.text import Text
from studies import LABELS, confusion
from textual.widgets import Static
from waiting import LIMIT_S

from engine.files.epoch_predictions import NO_CLASS, array_bytes
from engine.files.paths import Home
from engine.spec.run_spec import FIELDS
from engine.store.database import Store
from tui import verbs
from tui.feeds.compare_feed import CompareFeed
from tui.feeds.comparison_told import asked_of, read_told
from tui.screens.compare import CompareScreen
from tui.screens.help import HelpScreen
from tui.screens.home import HomeScreen
from tui.views.compared import Compared, at_best, at_last, compare_panels
from tui.views.curves import ChartState, chart_of
from tui.widgets.chart_box import ChartBox
from tui.widgets.chart_legend import chart_legend
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.compare_panes import key_text, numbers_text, settings_text
from tui.widgets.curves_pane import CurvesPane

NAMES = [f"{place // 2}_{('left', 'right')[place % 2]}.png" for place in range(sum(LABELS))]


def compared(home: Home, *run_ids: int) -> Compared:
    feed = CompareFeed(home, [(run_id,) for run_id in run_ids])
    found = feed.poll()
    assert found is not None and feed.poll() is None
    feed.close()
    return found


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_marked_runs_are_seen_beside_each_other(
    home: Home, study: Store, size: tuple[int, int]
) -> None:
    answer(home, 4, NAMES, 6, 0.15 * 4 % 0.7 + 0.1)
    answer(home, 3, NAMES, 6, 0.0)
    async with app(home).run_test(size=size, notifications=True) as pilot:
        await on_comparison(pilot, 3, 4)
        assert shown(pilot, "#compare-head") == "2 runs   differ in pretrained"
        assert [line.strip() for line in shown(pilot, "#key").splitlines()] == [
            "● #4 warm start from #2",
            "▲ #3 scratch",
        ]
        charts = [box.panel.key for box in pilot.app.screen.query(ChartBox) if box.display]
        assert len(charts) == (9 if size == TALL else 1)
        await pilot.press("left", "plus", "z", "right_square_bracket")
        assert pilot.app.screen.query_one(CurvesPane).chart_state.chosen.key == "loss"
        await pilot.press("2")
        numbers = shown(pilot, "#numbers-text")
        assert (
            "best epoch" in numbers
            and ".9204" in numbers
            and "#3 ✖ collapsed, epoch 6 of 6, baseline .7313" in numbers
        )
        assert "optimistic, best epoch chosen on test data: all of them" in numbers
        await pilot.press("3")
        settings = shown(pilot, "#settings-text")
        assert "run:2" in settings and f"{len(FIELDS) - 1} other settings" in settings
        await pilot.press("4", "down", "right")
        await until(pilot, lambda: "told apart" in shown(pilot, "#difference-test"))
        assert (
            shown(pilot, "#difference-head")
            == "#4 − #3   epochs 6 (best) and 1 (best)   row share, in points"
        )
        right = confusion(LABELS, 0.15 * 4 % 0.7 + 0.1)[1][1]
        assert f"true 1 mild, predicted 1 mild:  #4 {right} of 14  #3 0 of 14" == shown(
            pilot, "#difference-cell"
        )
        test = shown(pilot, "#difference-test")
        assert test.startswith("told apart   #4 − #3: accuracy +.1891 (95 % +.1")
        assert "201 images of 101 groups" in test and "less certain than it says" in test
        await pilot.press("m")
        assert shown(pilot, "#difference-head").endswith("counts")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "accuracy −.1891" in shown(pilot, "#difference-test"))
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape", "escape")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_too_few_or_too_many_marks_are_refused(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("c")
        assert "two to 8 runs or groups are compared: mark them with space first" in notified(pilot)
        await pilot.press("space", "c")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_runs_without_epochs_answers_or_common_classes_are_told(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_comparison(pilot, 7, 8)
        await pilot.press("4", "m", "down", "right_square_bracket")
        assert "no two of them have measured an epoch" in shown(pilot, "#difference-head")
        await pilot.press("2")
        assert "#7 queued, epoch 0 of 6" in shown(pilot, "#numbers-text")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen) and not table(pilot).marks)
        await on_comparison(pilot, 3, 4)
        await pilot.press("4")
        await until(pilot, lambda: "is missing" in shown(pilot, "#difference-test"))


async def test_a_run_that_is_removed_meanwhile_leaves(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_comparison(pilot, 3, 4, 6)
        verbs.remove(study, home, [6])
        await until(pilot, lambda: shown(pilot, "#compare-head").startswith("2 runs"))
        verbs.remove(study, home, [3])
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        assert "removed meanwhile" in notified(pilot)


def test_answers_that_were_lost_give_no_difference(home: Home, study: Store) -> None:
    for run_id, skill in ((3, 0.0), (4, 0.7)):
        answer(home, run_id, NAMES, 6, skill)
    asked = asked_of(compared(home, 4, 3).views)
    assert read_told(home, asked).pairs[0].verdict in ("told apart", "not told apart")
    lost = np.load(home.run(4).answers)
    lost[6] = NO_CLASS
    home.run(4).answers.write_bytes(array_bytes(lost))
    told = read_told(home, asked)
    assert told.pairs[0].verdict == "not compared"
    assert "#4: the predictions of epoch 6 were not kept" in told.pairs[0].paragraph


async def test_runs_that_go_while_help_is_open_end_the_comparison_behind_it(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_comparison(pilot, 3, 4)
        await pilot.press("question_mark")
        verbs.remove(study, home, [3])
        await until(pilot, lambda: "removed meanwhile" in notified(pilot))
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


def test_what_makes_numbers_incomparable_is_noted(home: Home, study: Store) -> None:
    both = compared(home, 1, 3)
    assert "data" in both.differing and both.label(both.views[0]).startswith("#1 lr 0.01 image_size 32 ")
    one, other = both.views
    spec = other.spec.model_copy(update={"augment": "flip4", "loss": "ce-sqrt"})
    other = replace(other, data_fingerprint="", spec=spec)
    assert (
        "not known to be the same test set: #1 digits (201), #3 fundus (201)" in Compared((one, other)).notes
    )
    other = replace(other, data_fingerprint="another")
    notes = "\n".join(Compared((one, other)).notes)
    assert "different test sets: #1 digits (201), #3 fundus (201)" in notes
    assert "passes over the images per epoch: #3 4, others 1" in notes and "different losses" in notes
    assert "optimistic, best epoch chosen on test data: all of them" in notes
    short = replace(other, spec=spec.model_copy(update={"epochs": 1}))  # nothing was chosen
    assert Compared((one, short)).notes[-1] == "optimistic, best epoch chosen on test data: #1"


def test_best_is_of_the_epoch_that_was_chosen(home: Home, study: Store) -> None:
    (view, _) = compared(home, 4, 3).views
    assert view.best_epoch == 6 and at_best(view, "test_acc") == at_last(view, "test_acc")
    earlier = replace(view, best_epoch=2)
    assert at_best(earlier, "test_acc") == dict(view.curves["test_acc"])[2.0]
    assert at_best(replace(view, best_epoch=None), "kappa") == at_last(view, "kappa")


@pytest.mark.parametrize("width", [78, 118])
def test_eight_runs_fit_the_width(home: Home, study: Store, width: int) -> None:
    eight = compared(home, *range(1, 9))
    for text in (key_text(eight, width), numbers_text(eight, width), settings_text(eight, width)):
        table_of = text.plain.partition("\n\n")[0]
        assert max(map(len, table_of.splitlines())) <= width and len(table_of.splitlines()) >= 5


async def test_while_it_loads_the_screen_says_what_is_read_and_how_far_that_is(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, poll = threading.Event(), CompareFeed.poll

    def slow(feed: CompareFeed) -> Compared | None:
        feed._has_read(1)
        go_on.wait(LIMIT_S)
        return poll(feed)

    monkeypatch.setattr(CompareFeed, "poll", slow)
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("space", "space", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        read = "reading epochs, losses and confusion matrices of 2 runs"
        await until(pilot, lambda: shown(pilot, "#key") == f"{read}: 1 of them read …")
        await pilot.press("2")
        assert pilot.app.screen.query_one("#key").display
        go_on.set()
        await until(pilot, lambda: shown(pilot, "#compare-head"))
        assert not pilot.app.screen.query_one("#key").display


def test_only_a_first_reading_that_takes_long_says_how_far_it_is(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    quick = CompareFeed(home, [(3,), (4,)], told.append)
    quick.poll()
    monkeypatch.setattr("tui.feeds.compare_feed.PROGRESS_AFTER_S", 0.0)
    monkeypatch.setattr("tui.feeds.compare_feed.AT_ONCE", 1)
    quick.poll()
    quick.close()
    feed = CompareFeed(home, [(2,), (3, 4)], told.append)
    feed.poll()
    feed.poll()
    feed.close()
    assert told[-2:] == [1, 2] and len(told) <= 3


async def test_the_best_run_is_drawn_on_top_until_another_is_brought_to_the_front(
    home: Home, study: Store
) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await on_comparison(pilot, 2, 3, 4)

        def top() -> int | None:
            chart = pilot.app.screen.query_one("#chart-accuracy ChartPlot", ChartPlot).chart
            assert chart is not None
            return chart.lines[-1].of

        def bold() -> list[int]:
            key = pilot.app.screen.query_one("#key", Static).content
            assert isinstance(key, Text)
            whole = [span for span in key.spans if span.style == "bold"]
            return [key.plain[: span.start].count("\n") for span in whole]

        best = {at_best(view, "test_acc"): place for place, view in enumerate(compared(home, 4, 3, 2).views)}
        place = best[max(value for value in best if value is not None)]
        assert top() == place and bold() == [place]
        for key, by in (("down", 1), ("down", 1), ("up", -1), ("k", -1)):
            await pilot.press(key)
            place = (place + by) % 3
            await until(pilot, lambda place=place: top() == place and bold() == [place])  # type: ignore[misc]
        await pilot.press("plus")
        assert top() == place
        await pilot.press("a")
        assert "by step" in shown(pilot, "#curves-says") and top() == place


def test_smoothing_and_a_run_that_left_keep_the_front_on_top(home: Home, study: Store) -> None:
    three = replace(compared(home, 4, 3, 2), chosen=0)
    panel = compare_panels()[0]
    for smoothing in (0, 2):
        chart = chart_of(three, ChartState(compare_panels(), smoothing=smoothing), panel)
        assert [line.of for line in chart.lines if not line.faint][-1] == 0
    chosen = replace(three, chosen=2)
    fewer = replace(three, views=three.views[1:])
    assert fewer.keeping(chosen).chosen == 1 and fewer.keeping(three).chosen is None
    assert fewer.keeping(replace(three, chosen=0)).chosen is None and three.keeping(None) == three
    assert (
        replace(
            three,
            chosen=None,
            views=tuple(replace(view, best_epoch=None, curves={"test_acc": ()}) for view in three.views),
        ).front
        is None
    )


def test_the_legend_keeps_the_order_of_the_runs_whichever_is_in_front(home: Home, study: Store) -> None:
    three = compared(home, 4, 3, 2)
    panels = compare_panels()
    words = [
        chart_legend(
            chart_of(replace(three, chosen=chosen), ChartState(panels), panels[0]), is_marked=True
        ).plain
        for chosen in range(3)
    ]
    assert len(set(words)) == 1 and [words[0].index(mark) for mark in "●▲■"] == sorted(
        words[0].index(mark) for mark in "●▲■"
    )
