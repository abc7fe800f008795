"""Charts of a run's curves, and the state of their view: panel, smoothing, zoom, cursor. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, assert_never

from engine.metrics.catalogue import ACCURACY, DRAWN, LOSS, charts
from engine.metrics.metric import SPLIT_HEADINGS, Split, SplitMetric
from engine.metrics.metric import Chart as DeclaredChart
from tui.plots import INK, Chart, Line
from tui.views.accuracy_chart import epoch_range
from tui.views.run_view import RunView
from tui.views.smoothing import SMOOTHING, smoothed_lines


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


Lines = Callable[[Any], list[Line]]
"""Function that makes the lines of a subject."""
OTHERS_FROM = 3
"""Index of the first of the compared runs' colours that no split has."""
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


def run_panels() -> tuple[Panel, ...]:
    """Return a panel for each chart of the metrics' declarations."""
    return tuple(
        Panel(chart.key, chart.title, _lines_of(chart, shown), chart.is_share, chart.undefined)
        for chart, shown in charts().items()
    )


def _lines_of(declared: DeclaredChart, shown: Sequence[SplitMetric]) -> Lines:
    """Return a function that makes the lines of train, val and test; each split's main metric is drawn on top."""
    order = sorted(reversed(shown), key=lambda each: DRAWN.index(each.split), reverse=True)

    def lines(view: RunView) -> list[Line]:
        drawn = [(each, points) for each in order if (points := view.curves[each.key])]
        return _beside(declared, view) + [
            Line(_name(each, shown), points, _colour(each, shown), marker=mark_of(each.split))
            for each, points in drawn
        ]

    return lines


def _beside(declared: DeclaredChart, view: RunView) -> list[Line]:
    """Return lines that are not a run's metrics of epochs: its group's other members, the baseline, the loss by
    step."""
    found = []
    if declared is ACCURACY and view.group is not None and view.group.means:
        found.append(Line("peers", view.group.means, INK.dim, band=view.group.band))
    if declared is ACCURACY and view.baseline is not None:
        found.append(Line("baseline", ((0.0, view.baseline),), INK.baseline, level=True))
    if declared is LOSS and view.losses:
        found.append(Line("train, by step", view.losses, INK.train, marker=mark_of("train")))
    return found


def _name(metric: SplitMetric, shown: Sequence[SplitMetric]) -> str:
    """Name a line by its split, by its metric where it is the only one, or by both where a split has several."""
    splits = [each.split for each in shown]
    if len(splits) == 1 and metric.split == "train":
        return metric.metric.short
    word = SPLIT_HEADINGS[metric.split]
    return f"{word} {metric.metric.short}" if len(set(splits)) < len(splits) else word


def _colour(metric: SplitMetric, shown: Sequence[SplitMetric]) -> tuple[int, int, int]:
    """Return the split's colour; further metrics of a split get colours of compared runs that no split has."""
    place = [each for each in shown if each.split == metric.split].index(metric)
    if place:
        return INK.runs[(OTHERS_FROM + place - 1) % len(INK.runs)]
    match metric.split:
        case "test":
            return INK.test
        case "val":
            return INK.val
        case "train" | "eval_train":
            return INK.test if len(shown) == 1 else INK.train
    assert_never(metric.split)


def mark_of(split: Split) -> str:
    """Return the marker that tells a split's line apart without colours; empty where there are colours."""
    if INK.has_hues:
        return ""
    return {"val": "△", "test": "●"}.get(split, "○")


@dataclass(frozen=True)
class ChartState:
    """State of the view: chosen panel, smoothing, scale, window and cursor."""

    panels: tuple[Panel, ...] = field(default_factory=run_panels)
    panel: int = 0
    smoothing: int = 0
    log: frozenset[str] = frozenset()
    """Keys of the panels on a logarithmic scale."""
    window: tuple[float, float] | None = None
    """Shown range in epochs; None for all."""
    cursor: float | None = None

    @property
    def chosen(self) -> Panel:
        return self.panels[self.panel]

    def next_panel(self, by: int) -> "ChartState":
        return replace(self, panel=(self.panel + by) % len(self.panels))

    def smoother(self, by: int) -> "ChartState":
        return replace(self, smoothing=min(max(self.smoothing + by, 0), len(SMOOTHING) - 1))

    def turn_log(self) -> "ChartState":
        return replace(self, log=self.log ^ {self.chosen.key})

    def move(self, view: Subject, by: int, columns: int) -> "ChartState":
        """Move the cursor by `by` positions in the chosen chart, or put it on the newest value; the window follows."""
        places = self._places(view, columns)
        if not places:
            return self
        if self.cursor is None:
            at = len(places) - 1
        else:
            near = min(range(len(places)), key=lambda number: abs(places[number] - (self.cursor or 0.0)))
            at = min(max(near + by, 0), len(places) - 1)
        return replace(self, cursor=places[at])._following(view)

    def _places(self, view: Subject, columns: int) -> list[float]:
        """Return the cursor positions in epochs: every point of the lines, at most one per column."""
        lines = [line for line in self.chosen.lines(view) if not line.level]
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

    def zoom(self, view: Subject, factor: float) -> "ChartState":
        """Zoom in (`factor` below 1) or out around the cursor, or around the newest value."""
        first, last = self.range(view)
        whole = _whole(view)
        span = max((last - first) * factor, NARROWEST * (whole[1] - whole[0]))
        centre = self.cursor if self.cursor is not None else min(float(view.epoch), last)
        share = (centre - first) / (last - first)
        return self._windowed(view, centre - share * span, span)

    def _windowed(self, view: Subject, first: float, span: float) -> "ChartState":
        low, high = _whole(view)
        if span >= high - low:
            return replace(self, window=None)
        start = min(max(first, low), high - span)
        return replace(self, window=(start, start + span))

    def range(self, view: Subject) -> tuple[float, float]:
        return self.window or _whole(view)


def _whole(view: Subject) -> tuple[float, float]:
    """Return the whole range in epochs; 0 is the untrained network."""
    return 0.0, float(view.last_epoch)


def chart_of(view: Subject, looking: ChartState, panel: Panel) -> Chart:
    """Return the chart of a panel as it is looked at. Where no window is chosen, its axis begins at its first epoch."""
    lines = panel.lines(view)
    first, last = looking.range(view)
    if looking.window is None:
        begins = [line.points[0][0] for line in lines if line.points and not line.level]
        first, last = epoch_range(min(begins, default=first), last)
    lines = smoothed_lines(lines, SMOOTHING[looking.smoothing])
    lines.sort(key=lambda line: (not line.faint, line.of is not None and line.of == view.front))
    return Chart(
        panel.title, tuple(lines), first, last, panel.is_share, panel.key in looking.log,
        looking.cursor if panel is looking.chosen else None,
        panel.undefined if view.epoch and panel.undefined and not lines else Chart.empty,
    )  # fmt: skip
