"""Curves of the opened run: one chart large, or all of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Size
from textual.message import Message

from tui.plots import place_at
from tui.plots.axes import AXIS_WORDS, EPOCH, Axis, x_shown
from tui.views.chart_choice import shown_panels
from tui.views.chart_grid import Rows, rows_of_charts, spans
from tui.views.curves import ChartState, Panel, Subject, chart_of, run_panels
from tui.views.smoothing import SMOOTHING, strength
from tui.widgets.chart_box import ChartBox
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.epoch_cursor import EpochPane
from tui.widgets.kept_choice import ChoiceMade
from tui.widgets.pictured import Pictured
from tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from tui.views.saved_chart import Picture

AROUND = Size(2, 8)
"""Columns and lines of a window that the charts do not have: margins, head, findings, pages and keys."""


class ChartsPane(Pictured, Container):
    """Keys move the cursor, the window and the scale of the chosen chart."""

    hidden_count = 0
    """Charts that the user hides."""

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
    def _rows(self) -> Rows:
        """Number of charts of each row where all are seen at once; empty where one alone is. Before the first layout it
        is what it will be in such a window."""
        if self.one_alone:
            return ()
        room = self.size or self.app.size - AROUND
        return rows_of_charts(len(self.chart_state.panels), room.width, room.height - 1)

    def _arrange(self, boxes: Iterable[ChartBox]) -> None:
        """Show the boxes of all charts in a grid, or that of the chosen one."""
        rows, panels = self._rows, self.chart_state.panels
        self.set_class(bool(rows), "-all")
        columns, wide = spans(rows) if rows else (1, (1,) * len(panels))
        self.styles.grid_size_columns = columns
        for box in boxes:
            is_chosen, is_shown = box.panel is self.chart_state.chosen, box.panel in panels
            box.display = is_chosen or (bool(rows) and is_shown)
            box.styles.column_span = wide[panels.index(box.panel)] if is_shown else 1
            box.set_class(is_chosen, "-chosen")

    def _draw(self) -> None:
        if self._view is None:
            return
        boxes = self.query(ChartBox)
        self._arrange(boxes)
        has_others = bool(self._rows) and len(self.chart_state.panels) > 1
        for box in boxes:
            if box.display:
                is_marked = box.panel is self.chart_state.chosen and has_others
                box.show(self._view, self.chart_state, is_marked=is_marked)
        self.query_one("#curves-says", TextLine).say(self._says())

    def _says(self) -> Text:
        words = [] if self._rows else [f"{self.chart_state.panel + 1} of {len(self.chart_state.panels)}"]
        if self.hidden_count:
            words.append(f"{self.hidden_count} {'chart' if self.hidden_count == 1 else 'charts'} hidden")
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

    class ChartsWanted(Message):
        """Wish to choose which charts the pane shows."""

        def __init__(self, pane: CurvesPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(
        self,
        smoothing: int = 0,
        panels: tuple[Panel, ...] | None = None,
        hidden: Collection[str] = (),
    ) -> None:
        super().__init__(panels if panels is not None else run_panels(), "curves", smoothing=smoothing)
        self.hide(hidden)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all charts, the hidden ones too."""
        return tuple(panel.key for panel in self.panels)

    def hide(self, hidden: Collection[str]) -> None:
        """Show all charts but these."""
        shown = shown_panels(self.panels, hidden)
        self.hidden_count = len(self.panels) - len(shown)
        self._look(self.chart_state.showing(shown))

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
        self.post_message(ChoiceMade(smoothing=self.chart_state.smoothing))

    def do_charts(self) -> None:
        self.post_message(self.ChartsWanted(self))

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
