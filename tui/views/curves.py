"""Which curves of a run stand in which chart, and how one looks at them: pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, assert_never

from engine.metrics.catalogue import ACCURACY, DRAWN, LOSS, charts
from engine.metrics.metric import SPLIT_HEADINGS, Split, SplitMetric
from engine.metrics.metric import Chart as DeclaredChart
from tui.plots import INK, Chart, Line
from tui.views.run_view import Points, RunView


class Subject(Protocol):
    """What is drawn: one run, or several beside each other."""

    @property
    def epoch(self) -> int:
        """The newest."""

    @property
    def last_epoch(self) -> int:
        """The right end of the axis."""


Lines = Callable[[Any], list[Line]]
"""From a subject."""
SMOOTHING = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
"""Weights of what came before: none, then stronger and stronger."""
OTHERS_FROM = 3
"""The first of the compared runs' colours that is not a split's."""
NARROWEST = 0.02
"""Of the whole range, that a window shows at least."""


@dataclass(frozen=True)
class Panel:
    key: str
    title: str
    lines: Lines
    is_share: bool = False
    undefined: str = ""
    """What is said where epochs have been measured and this has no value in them."""


def run_panels() -> tuple[Panel, ...]:
    """A panel for each chart of the metrics' declarations."""
    return tuple(
        Panel(chart.key, chart.title, _lines_of(chart, shown), chart.is_share, chart.undefined)
        for chart, shown in charts().items()
    )


def _lines_of(declared: DeclaredChart, shown: Sequence[SplitMetric]) -> Lines:
    """Train, val and test, of each split the most telling metric last: it is on top."""
    order = sorted(reversed(shown), key=lambda each: DRAWN.index(each.split), reverse=True)

    def lines(view: RunView) -> list[Line]:
        drawn = [(each, points) for each in order if (points := view.curves[each.key])]
        return _beside(declared, view) + [
            Line(_name(each, shown), points, _colour(each, shown), marker=mark_of(each.split))
            for each, points in drawn
        ]

    return lines


def _beside(declared: DeclaredChart, view: RunView) -> list[Line]:
    """Lines that are no metric of an epoch: the baseline, and the loss of each step."""
    if declared is ACCURACY and view.baseline is not None:
        return [Line("baseline", ((0.0, view.baseline),), INK.baseline, level=True)]
    if declared is LOSS and view.losses:
        return [Line("train, by step", view.losses, INK.train, marker=mark_of("train"))]
    return []


def _name(metric: SplitMetric, shown: Sequence[SplitMetric]) -> str:
    """The split, the metric's name where there is but one, or both where the chart has several metrics of a split."""
    splits = [each.split for each in shown]
    if len(splits) == 1 and metric.split == "train":
        return metric.metric.short
    word = SPLIT_HEADINGS[metric.split]
    return f"{word} {metric.metric.short}" if len(set(splits)) < len(splits) else word


def _colour(metric: SplitMetric, shown: Sequence[SplitMetric]) -> tuple[int, int, int]:
    """The split's own; a second metric of a split, and more, have those of compared runs that no split has."""
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
    """Without colours a line is known by its marker."""
    if INK.has_hues:
        return ""
    return {"val": "△", "test": "●"}.get(split, "○")


@dataclass(frozen=True)
class ChartState:
    """How the curves are looked at."""

    panels: tuple[Panel, ...] = field(default_factory=run_panels)
    panel: int = 0
    smoothing: int = 0
    log: frozenset[str] = frozenset()
    """Keys of the panels on a logarithmic scale."""
    window: tuple[float, float] | None = None
    """In epochs; None for all."""
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
        """The cursor by a place of the chosen chart, which comes in at the newest value; the window follows it."""
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
        """Where a cursor can stand: at epochs, and in a curve of many points at each column."""
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
        """Narrower (below 1) or wider around the cursor, or the newest value."""
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
    """From the first step: an untrained network stands alone at 0."""
    return 0.0, float(view.last_epoch)


def chart_of(view: Subject, looking: ChartState, panel: Panel) -> Chart:
    first, last = looking.range(view)
    weight = SMOOTHING[looking.smoothing]
    lines: list[Line] = []
    for line in panel.lines(view):
        if weight and not line.level and len(line.points) > 2:
            lines.append(replace(line, colour=INK.faint, faint=True))
            lines.append(replace(line, points=smoothed(line.points, weight)))
        else:
            lines.append(line)
    lines.sort(key=lambda line: not line.faint)
    return Chart(
        panel.title, tuple(lines), first, last, panel.is_share, panel.key in looking.log,
        looking.cursor if panel is looking.chosen else None,
        panel.undefined if view.epoch and panel.undefined and not lines else Chart.empty,
    )  # fmt: skip


def smoothed(points: Points, weight: float) -> Points:
    """The exponential mean of all values so far, without the pull towards zero that it begins with (Kingma and Ba
    2015, section 3)."""
    total = share = 0.0
    found = []
    for x, y in points:
        total = weight * total + (1 - weight) * y
        share = weight * share + (1 - weight)
        found.append((x, total / share))
    return tuple(found)
