"""Curves of the opened run: one chart large, or all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.message import Message

from tui.plots import place_at
from tui.plots.axes import AXIS_WORDS, EPOCH, Axis, x_shown
from tui.views.curves import ChartState, Panel, Subject, chart_of, run_panels
from tui.views.smoothing import SMOOTHING, strength
from tui.widgets.chart_legend import chart_legend
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.epoch_cursor import EpochPane
from tui.widgets.pictured import Pictured
from tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from tui.views.saved_chart import Picture

ALL_FROM = (100, 30)
"""The smallest window in which all charts are seen at once, in characters."""
AROUND = Size(0, 8)
"""Columns and lines of a window that the charts do not have: head, findings, pages and keys."""


class ChartBox(Vertical):
    """Chart under its title, with the lines' names and their newest values, or those at the cursor."""

    def __init__(self, panel: Panel) -> None:
        super().__init__(id=f"chart-{panel.key}", classes="chart")
        self.panel = panel

    def compose(self) -> ComposeResult:
        yield TextLine(classes="chart-title")
        yield ChartPlot()

    def show(self, view: Subject, chart_state: ChartState, *, is_marked: bool) -> None:
        """Draw the chart; `is_marked`: as the chosen one of several."""
        chart = chart_of(view, chart_state, self.panel)
        self.query_one(ChartPlot).chart = chart
        is_chosen = self.panel is chart_state.chosen
        self.query_one(".chart-title", TextLine).say(
            chart_legend(chart, is_marked=is_marked, says_place=is_chosen)
        )

    @property
    def columns(self) -> int:
        return max(self.query_one(ChartPlot).size.width - 7, 8)


class ChartsPane(Pictured, Container):
    """Keys move the cursor, the window and the scale of the chosen chart."""

    def __init__(
        self,
        panels: tuple[Panel, ...],
        id: str,  # noqa: A002
        axis: Axis = EPOCH,
        smoothing: int = 0,
    ) -> None:
        super().__init__(id=id, classes="charts")
        self.panels, self._first_axis = panels, axis
        self._view: Subject | None = None
        self.chart_state = ChartState(panels, axis=axis, smoothing=strength(smoothing))
        self.one_alone = False

    def compose(self) -> ComposeResult:
        boxes = [ChartBox(panel) for panel in self.panels]
        self._arrange(boxes)
        yield from boxes
        yield TextLine("curves-says")

    def on_resize(self) -> None:
        self._draw()

    def show(self, view: Subject) -> None:
        self._view = view
        self._draw()

    @property
    def all_from(self) -> tuple[int, int]:
        """Smallest window in which all charts are seen at once, in characters."""
        return ALL_FROM

    @property
    def _shows_all(self) -> bool:
        """True where there is room for all charts; before the first layout, where there will be in such a window."""
        width, height = self.all_from
        room = self.size or self.app.size - AROUND
        return not self.one_alone and room.width >= width and room.height >= height

    def _arrange(self, boxes: Iterable[ChartBox]) -> None:
        """Show the boxes of all charts or that of the chosen one."""
        self.set_class(self._shows_all, "-all")
        for box in boxes:
            is_chosen = box.panel is self.chart_state.chosen
            box.display = is_chosen or (self._shows_all and box.panel in self.chart_state.panels)
            box.set_class(is_chosen, "-chosen")

    def _draw(self) -> None:
        if self._view is None:
            return
        boxes = self.query(ChartBox)
        self._arrange(boxes)
        for box in boxes:
            if box.display:
                is_marked = box.panel is self.chart_state.chosen and self._shows_all
                box.show(self._view, self.chart_state, is_marked=is_marked)
        self.query_one("#curves-says", TextLine).say(self._says())

    def _says(self) -> Text:
        words = [] if self._shows_all else [f"{self.chart_state.panel + 1} of {len(self.chart_state.panels)}"]
        if self.chart_state.smoothing:
            words.append(f"smoothed {SMOOTHING[self.chart_state.smoothing]:g}")
        if self.chart_state.chosen.key in self.chart_state.log:
            words.append("logarithmic")
        axis = self.chart_state.axis
        if axis != self._first_axis:
            words.append(f"by {AXIS_WORDS[axis]}")
        if self.chart_state.window is not None:
            words.append(
                "{}s {} to {}".format(axis, *(x_shown(axis, edge) for edge in self.chart_state.window))
            )
        if self._view is not None and self._view.caption:
            words.append(self._view.caption)
        return Text("   ".join(words), style="dim", no_wrap=True, overflow="ellipsis")

    def _look(self, chart_state: ChartState) -> None:
        self.chart_state = chart_state
        self._draw()

    def picture(self) -> Picture | None:
        """Return the chosen chart as it is seen; None before there is anything to draw."""
        from tui.views.saved_chart import chart_picture  # and the report's figures with it

        view, panel = self._view, self.chart_state.chosen
        if view is None or not (chart := chart_of(view, self.chart_state, panel)).has_points:
            return None
        return chart_picture(f"{view.file_stem}-{panel.key}", view.title, chart, view.names)

    # The mouse: a click puts the cursor, the wheel zooms

    def _under(self, event: events.MouseEvent) -> tuple[ChartBox, float] | None:
        """Return the chart under the mouse and the place on its axis; None elsewhere."""
        for box in self.query(ChartBox):
            plot = box.query_one(ChartPlot)
            if box.display and plot.chart and plot.region.contains(event.screen_x, event.screen_y):
                at = place_at(plot.chart, *plot.size, event.screen_x - plot.region.x)
                return (box, at) if at is not None else None
        return None

    def on_click(self, event: events.Click) -> None:
        if self._view is not None and (found := self._under(event)) is not None:
            box, at = found
            self._look(self.chart_state.point_at(self._view, box.panel, at, box.columns))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._zoom_at(event, 0.5)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._zoom_at(event, 2.0)

    def _zoom_at(self, event: events.MouseEvent, factor: float) -> None:
        if self._view is not None and (found := self._under(event)) is not None:
            event.stop()
            self._look(self.chart_state.zoom(self._view, factor, found[1]))

    # What keys do

    def do_left(self) -> None:
        self._move(-1)

    def do_right(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        if self._view is not None:
            box = self.query_one(f"#chart-{self.chart_state.chosen.key}", ChartBox)
            self._look(self.chart_state.move(self._view, by, box.columns))

    def do_next(self) -> None:
        self._look(self.chart_state.next_panel(1))

    def do_previous(self) -> None:
        self._look(self.chart_state.next_panel(-1))

    def do_more(self) -> None:
        self._smooth(1)

    def do_less(self) -> None:
        self._smooth(-1)

    def _smooth(self, by: int) -> None:
        self._look(self.chart_state.smoother(by))

    def do_log(self) -> None:
        self._look(self.chart_state.turn_log())

    def do_zoom_in(self) -> None:
        if self._view is not None:
            self._look(self.chart_state.zoom(self._view, 0.5))

    def do_zoom_out(self) -> None:
        if self._view is not None:
            self._look(self.chart_state.zoom(self._view, 2.0))

    def do_open(self) -> None:
        """One chart, or all again."""
        self.one_alone = not self.one_alone
        self._draw()


class CurvesPane(EpochPane, ChartsPane):
    """Curves over epochs, which turn to steps and time."""

    class Smoothed(Message):
        """New strength of the smoothing, for all screens."""

        def __init__(self, smoothing: int) -> None:
            super().__init__()
            self.smoothing = smoothing

    def __init__(self, smoothing: int = 0, panels: tuple[Panel, ...] | None = None) -> None:
        super().__init__(panels if panels is not None else run_panels(), "curves", smoothing=smoothing)

    @property
    def epoch(self) -> int | None:
        """Return the epoch of the cursor, or the one that was complete before it; None without a cursor."""
        at = self.chart_state.epoch(self._view) if self._view is not None else None
        return math.floor(at + 1e-6) if at is not None else None  # times are sums: not quite whole

    def look_at(self, epoch: int | None) -> None:
        if self._view is not None and epoch != self.epoch:
            self._look(self.chart_state.look_at(self._view, epoch))

    def _smooth(self, by: int) -> None:
        super()._smooth(by)
        self.post_message(self.Smoothed(self.chart_state.smoothing))

    def do_axis(self) -> None:
        if self._view is not None:
            self._look(self.chart_state.turn_axis(self._view))


class ComparedCurvesPane(CurvesPane):
    """Curves of several runs, one of which is drawn on top of the others."""

    class FrontMoved(Message):
        """Wish for another run in the front, `by` places further down."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def do_up(self) -> None:
        self.post_message(self.FrontMoved(-1))

    def do_down(self) -> None:
        self.post_message(self.FrontMoved(1))
