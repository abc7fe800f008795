"""Opening of screens: what is done once, what waits, and what is left when they are closed."""

import asyncio
import gc
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pilots import TALL, app, on_run, opened, shown, until
from textual._compositor import CompositorUpdate
from textual._styles_cache import StylesCache
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from engine.files.paths import Home
from engine.store.database import Store
from tui.app import ResnetTui
from tui.feeds.run_feed import RunFeed
from tui.screens.help import HelpScreen
from tui.screens.run import RunScreen
from tui.textual_internals import OpeningScreen
from tui.views.run_view import RunView
from tui.widgets.chart_plot import ChartPlot

MOST = 10_000
"""Characters that the whole screen of a run takes at least."""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Screen[Any], str]]:
    """Screens that were drawn, in their order, with what their head said then."""
    found: list[tuple[Screen[Any], str]] = []
    display = ResnetTui._display

    def note(self: ResnetTui, screen: Screen[Any], renderable: Any) -> None:
        heads = screen.query("#run-head")
        found.append((screen, str(heads.first().render()) if heads else ""))
        display(self, screen, renderable)

    monkeypatch.setattr(ResnetTui, "_display", note)
    return found


@pytest.fixture
def late_feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Event without which a run's feed reads nothing."""
    may_read = threading.Event()
    poll = RunFeed.poll

    def wait(self: RunFeed) -> RunView | None:
        may_read.wait(60)
        return poll(self)

    monkeypatch.setattr(RunFeed, "poll", wait)
    yield may_read
    may_read.set()


async def test_a_run_is_drawn_for_the_first_time_with_its_curves(
    home: Home, study: Store, drawn: list[tuple[Screen[Any], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunScreen, "REVEALED_AFTER_S", 60.0)
    async with app(home).run_test(size=TALL) as pilot:
        await on_run(pilot)
        await until(pilot, lambda: any(isinstance(screen, RunScreen) for screen, _ in drawn))
    first = next(head for screen, head in drawn if isinstance(screen, RunScreen))
    assert "#5 resnet50" in first


async def test_a_run_whose_table_is_slow_is_shown_as_it_is(
    home: Home, study: Store, late_feed: threading.Event, drawn: list[tuple[Screen[Any], str]]
) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: any(isinstance(screen, RunScreen) for screen, _ in drawn))
        assert shown(pilot, "#run-head") == ""
        late_feed.set()
        await until(pilot, lambda: "#5 resnet50" in shown(pilot, "#run-head"))


async def test_its_other_pages_are_mounted_after_that(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await on_run(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: all(pane.is_mounted for pane in screen.body.panes.values()))
        assert [pane.id for pane in screen.body.children] == list(screen.body.names)


async def test_a_whole_screen_is_written_once(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the revealing nor the other pages write it again: over a slow line that is waited for."""
    written: list[Screen[Any]] = []
    display = ResnetTui._display

    def note(self: ResnetTui, screen: Screen[Any], renderable: Any) -> None:
        if (
            isinstance(renderable, CompositorUpdate)
            and len(renderable.render_segments(self.console)) > MOST / 2
        ):
            written.append(screen)
        display(self, screen, renderable)

    monkeypatch.setattr(ResnetTui, "_display", note)
    monkeypatch.setattr(RunScreen, "REVEALED_AFTER_S", 60.0)
    async with app(home).run_test(size=TALL) as pilot:
        await on_run(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: all(pane.is_mounted for pane in screen.body.panes.values()))
        for _ in range(3):
            settled = asyncio.Event()
            screen.call_after_refresh(settled.set)
            await settled.wait()
    assert written.count(screen) == 1


async def test_a_key_to_a_page_that_is_not_mounted_yet_turns_to_it(
    home: Home, study: Store, late_feed: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunScreen, "REVEALED_AFTER_S", 60.0)
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.is_whole)
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        assert len(screen.body.children) == 1
        await pilot.press("3", "slash")
        assert screen.page == "log"
        assert screen.focused is not None and screen.focused.id == "log-word"


async def test_widgets_are_styled_once_and_know_the_size_of_the_window(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    styled: Counter[Widget] = Counter()
    apply = Stylesheet.apply

    def count(self: Stylesheet, node: Any, **more: Any) -> None:
        styled[node] += 1
        apply(self, node, **more)

    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        monkeypatch.setattr(Stylesheet, "apply", count)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and is_revealed(pilot))
        charts = pilot.app.screen.query(ChartPlot)
        assert len([each for each in charts if each.is_on_screen]) > 5
        assert {styled[each] for each in charts} == {1}


def is_revealed(pilot: Pilot[Any]) -> bool:
    screen = pilot.app.screen
    return isinstance(screen, OpeningScreen) and screen.is_revealed


async def test_nothing_that_a_closed_screen_has_drawn_is_kept(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen) and is_revealed(pilot))
        caches = [
            weakref.ref(each._styles_cache)
            for each in pilot.app.screen.query("#dialog Static").results(Widget)
        ]
        assert StylesCache.get_inner_outer.cache_info().currsize > 0
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, HelpScreen))

        def are_gone() -> bool:
            gc.collect()
            return all(each() is None for each in caches)

        await until(pilot, are_gone)
