"""Which curves of a run stand in which chart, and how one looks at them: pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

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
NO_KAPPA = "not defined: it is for classes that have an order"
SMOOTHING = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
"""Weights of what came before: none, then stronger and stronger."""
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


def _line(name: str, points: Points, colour: tuple[int, int, int]) -> list[Line]:
    return [Line(name, points, colour, marker=mark_of(name))] if points else []


def mark_of(name: str) -> str:
    """Without colours a line is known by its marker."""
    if INK.has_hues:
        return ""
    return "△" if name.startswith("val") else "●" if name.startswith("test") else "○"


def _accuracy(view: RunView) -> list[Line]:
    curves = view.curves
    lines = (
        [Line("baseline", ((0.0, view.baseline),), INK.baseline, level=True)]
        if view.baseline is not None
        else []
    )
    lines += _line("while training", curves["train_acc"], INK.train)
    lines += _line("val", curves["val_acc"], INK.val)
    return lines + _line("test", curves["test_acc"], INK.test)


def _loss(view: RunView) -> list[Line]:
    lines = _line("train, by step", view.losses, INK.train)
    return lines + _line("test", view.curves["test_loss"], INK.test)


def _balanced(view: RunView) -> list[Line]:
    lines = _line("macro F1", view.curves["macro_f1"], INK.train)
    lines += _line("val balanced", view.curves["val_balanced_acc"], INK.val)
    return lines + _line("test balanced", view.curves["balanced_acc"], INK.test)


def _kappa(view: RunView) -> list[Line]:
    return _line("val", view.curves["val_kappa"], INK.val) + _line("test", view.curves["kappa"], INK.test)


PANELS = (
    Panel("accuracy", "accuracy", _accuracy, is_share=True),
    Panel("loss", "loss", _loss),
    Panel("balanced", "balanced accuracy", _balanced, is_share=True),
    Panel("kappa", "quadratic kappa", _kappa, undefined=NO_KAPPA),
    Panel("lr", "learning rate", lambda view: _line("lr", view.curves["lr"], INK.test)),
    Panel("speed", "images/s", lambda view: _line("images/s", view.curves["images_per_s"], INK.test)),
)


@dataclass(frozen=True)
class ChartState:
    """How the curves are looked at."""

    panels: tuple[Panel, ...] = PANELS
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
