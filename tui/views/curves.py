"""Charts of a run's curves, and the state of their view: panel, smoothing, zoom, cursor. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from engine.metrics.catalogue import charts
from tui.plots import Chart, Line
from tui.plots.axes import EPOCH, Axis
from tui.views.accuracy_chart import epoch_range
from tui.views.run_chart_lines import Lines, lines_of
from tui.views.smoothing import SMOOTHING, smoothed_lines, strength
from tui.views.x_axis import AXES, Pace, placed


class Subject(Protocol):
    """Subject of a chart: one run, or several that are compared."""

    @property
    def epoch(self) -> int:
        """Newest epoch."""

    @property
    def last_epoch(self) -> int:
        """Right end of the axis, in epochs."""

    @property
    def caption(self) -> str:
        """Line below the charts; empty for none."""

    @property
    def front(self) -> int | None:
        """Place of the run or group that is drawn on top of the others; None where there are no others."""

    @property
    def title(self) -> str:
        """Title of a saved chart."""

    @property
    def file_stem(self) -> str:
        """Beginning of the names of files with its charts."""

    @property
    def names(self) -> Mapping[int, str]:
        """Name of each run or group by its place, where there are several."""

    @property
    def paces(self) -> tuple[Pace, ...]:
        """Pace of each run or group, by its place."""


NARROWEST = 0.02
"""Smallest window, as a share of the whole range."""


@dataclass(frozen=True)
class Panel:
    key: str
    title: str
    lines: Lines
    is_share: bool = False
    undefined: str = ""
    """Text shown where epochs were measured but have no value here."""
    covers: tuple[float, ...] = ()
    """Values that the y axis shows in any case."""


def run_panels() -> tuple[Panel, ...]:
    """Return a panel for each chart of the metrics' declarations."""
    return tuple(
        Panel(chart.key, chart.title, lines_of(chart, shown), chart.is_share, chart.undefined)
        for chart, shown in charts().items()
    )


@dataclass(frozen=True)
class ChartState:
    """State of the view: chosen panel, smoothing, scale, window and cursor."""

    panels: tuple[Panel, ...] = field(default_factory=run_panels)
    panel: int = 0
    smoothing: int = 0
    log: frozenset[str] = frozenset()
    """Keys of the panels on a logarithmic scale."""
    window: tuple[float, float] | None = None
    """Shown range on the axis; None for all."""
    cursor: float | None = None
    """Place on the axis."""
    axis: Axis = EPOCH

    @property
    def chosen(self) -> Panel:
        return self.panels[self.panel]

    def showing(self, panels: tuple[Panel, ...]) -> "ChartState":
        """Show these panels; the chosen one stays chosen, else it is the first."""
        place = panels.index(self.chosen) if self.chosen in panels else 0
        return replace(self, panels=panels, panel=place)

    def next_panel(self, by: int) -> "ChartState":
        return replace(self, panel=(self.panel + by) % len(self.panels))

    def smoother(self, by: int) -> "ChartState":
        return replace(self, smoothing=strength(self.smoothing, by))

    def turn_log(self) -> "ChartState":
        return replace(self, log=self.log ^ {self.chosen.key})

    def turn_axis(self, view: Subject) -> "ChartState":
        """Turn to the next axis; cursor and window stay at their epochs of the run in the front."""
        axis = AXES[(AXES.index(self.axis) + 1) % len(AXES)]
        pace = front_pace(view)

        def moved(x: float) -> float | None:
            epoch = pace.epoch_at(self.axis, x)
            return pace.at(axis, epoch) if epoch is not None else None

        cursor = moved(self.cursor) if self.cursor is not None else None
        first, last = map(moved, self.window) if self.window is not None else (None, None)
        window = (first, last) if first is not None and last is not None else None
        return replace(self, axis=axis, cursor=cursor, window=window)

    def epoch(self, view: Subject) -> float | None:
        """Return the epoch of the run in the front that the cursor is at; None without a cursor."""
        return front_pace(view).epoch_at(self.axis, self.cursor) if self.cursor is not None else None

    def look_at(self, view: Subject, epoch: int | None) -> "ChartState":
        """Put the cursor on an epoch of the run in the front, or take it away; the window follows."""
        at = front_pace(view).at(self.axis, float(epoch)) if epoch is not None else None
        return replace(self, cursor=at)._following(view)

    def move(self, view: Subject, by: int, columns: int) -> "ChartState":
        """Move the cursor by `by` positions in the chosen chart, or put it on the newest value; the window follows."""
        places = self._places(view, columns)
        if not places:
            return self
        if self.cursor is None:
            at = len(places) - 1
        else:
            at = min(max(_nearest(places, self.cursor) + by, 0), len(places) - 1)
        return replace(self, cursor=places[at])._following(view)

    def point_at(self, view: Subject, panel: Panel, x: float, columns: int) -> "ChartState":
        """Choose a panel, and put the cursor on its position nearest to a place."""
        chosen = replace(self, panel=self.panels.index(panel))
        places = chosen._places(view, columns)
        return replace(chosen, cursor=places[_nearest(places, x)]) if places else chosen

    def _places(self, view: Subject, columns: int) -> list[float]:
        """Return the cursor positions on the axis: every point of the lines, at most one per column."""
        lines = [line for line in self.lines(view, self.chosen) if not (line.level or line.dashed)]
        found = sorted({x for line in lines for x, _ in line.points})
        first, last = self.range(view)
        step = (last - first) / max(columns, 1)
        places: list[float] = []
        for x in found:
            if not places or x - places[-1] >= step:
                places.append(x)
        return places

    def _following(self, view: Subject) -> "ChartState":
        if self.window is None or self.cursor is None or self.window[0] <= self.cursor <= self.window[1]:
            return self
        span = self.window[1] - self.window[0]
        return self._windowed(view, self.cursor - span / 2, span)

    def zoom(self, view: Subject, factor: float, at: float | None = None) -> "ChartState":
        """Zoom in (`factor` below 1) or out around a place: the cursor, or the newest value, where none is given."""
        first, last = self.range(view)
        whole = self._whole(view)
        span = max((last - first) * factor, NARROWEST * (whole[1] - whole[0]))
        newest = front_pace(view).at(self.axis, float(view.epoch))
        centre = at if at is not None else self.cursor
        if centre is None:
            centre = min(newest if newest is not None else last, last)
        share = (centre - first) / (last - first)
        return self._windowed(view, centre - share * span, span)

    def _windowed(self, view: Subject, first: float, span: float) -> "ChartState":
        low, high = self._whole(view)
        if span >= high - low:
            return replace(self, window=None)
        start = min(max(first, low), high - span)
        return replace(self, window=(start, start + span))

    def range(self, view: Subject) -> tuple[float, float]:
        return self.window or self._whole(view)

    def _whole(self, view: Subject) -> tuple[float, float]:
        """Return the whole range of the axis; 0 is the untrained network."""
        ends = [pace.at(self.axis, float(view.last_epoch)) for pace in view.paces]
        return 0.0, max((end for end in ends if end is not None), default=1.0)

    def lines(self, view: Subject, panel: Panel) -> list[Line]:
        """Return the lines of a panel on the axis."""
        paces = view.paces
        return placed(panel.lines(view), self.axis, lambda of: paces[of or 0])


def _nearest(places: Sequence[float], x: float) -> int:
    """Return the number of the place nearest to x."""
    return min(range(len(places)), key=lambda number: abs(places[number] - x))


def front_pace(view: Subject) -> Pace:
    """Return the pace of the run or group in the front, else of the first."""
    return view.paces[view.front or 0]


def chart_of(view: Subject, looking: ChartState, panel: Panel) -> Chart:
    """Return the chart of a panel as it is looked at. Where no window is chosen, its axis begins at its first epoch."""
    lines = looking.lines(view, panel)
    first, last = looking.range(view)
    if looking.window is None:
        begins = [line.points[0][0] for line in lines if line.points and not line.level]
        first, last = _from_first(looking.axis, min(begins, default=first), last)
    lines = smoothed_lines(lines, SMOOTHING[looking.smoothing])
    lines.sort(key=lambda line: (not line.faint, line.of is not None and line.of == view.front))
    return Chart(
        panel.title,
        tuple(lines),
        first,
        last,
        panel.is_share,
        panel.key in looking.log,
        looking.cursor,
        _nothing(view, looking, panel, lines),
        looking.axis,
        panel.covers,
    )


def _from_first(axis: Axis, begin: float, last: float) -> tuple[float, float]:
    if axis == EPOCH:
        return epoch_range(begin, last)
    return (begin, last) if begin < last else (begin / 2, begin * 1.5 or 1.0)


def _nothing(view: Subject, looking: ChartState, panel: Panel, lines: Sequence[Line]) -> str:
    """Say why there is nothing to draw, where there is nothing."""
    if any(not line.level for line in lines) or not view.epoch:
        return Chart.empty
    if looking.axis != EPOCH and any(not line.level for line in panel.lines(view)):
        return f"the {looking.axis} of its epochs was not measured"
    return panel.undefined or Chart.empty
