"""Comparison of several runs: differing settings, curves and numbers. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from engine.metrics.catalogue import ACCURACY, LOSS, charts
from engine.metrics.metric import SPLIT_WORDS, Chart, SplitMetric
from engine.spec.plugin_name import arch_shown
from engine.spec.run_spec import FIELDS
from tui.formatting import plain, setting
from tui.plots import INK, MARKERS, Line
from tui.views.curves import Panel
from tui.views.run_view import Points, RunView

MOST = 8
"""Most runs that can be compared: one per colour."""
FIRST = ("arch", "pretrained", "lr")
"""Settings that come first in a label."""
NOT_IN_LABEL = frozenset({"data", "images", "ordered"})
"""Settings that a short label leaves out: long ones, which a note shows, and one that changes no training."""


@dataclass(frozen=True)
class Compared:
    """At least two runs, in the order in which they were marked in the table."""

    views: tuple[RunView, ...]

    @property
    def epoch(self) -> int:
        return max(view.epoch for view in self.views)

    @property
    def last_epoch(self) -> int:
        return max(view.last_epoch for view in self.views)

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """Return the settings in which any two runs differ."""
        specs = [view.spec for view in self.views]
        return tuple(
            name for name in FIELDS if any(getattr(spec, name) != getattr(specs[0], name) for spec in specs)
        )

    def label(self, view: RunView) -> str:
        """Return a run's number and its differing settings: `#12 resnet50 imagenet lr 1e-3`."""
        words = [f"#{view.run_id}"]
        for name in sorted(self.differing, key=lambda name: name not in FIRST):
            if name not in NOT_IN_LABEL:
                value = setting(getattr(view.spec, name))
                value = arch_shown(value) if name == "arch" else value
                words.append(value if name in ("arch", "pretrained") else f"{name} {value}")
        return " ".join(words)

    @property
    def notes(self) -> list[str]:
        """Return the reasons why numbers of these runs cannot be compared, or only with care."""
        return [
            note
            for note in (self._other_data(), self._other_losses(), self._other_passes(), self._chosen())
            if note
        ]

    def _other_data(self) -> str:
        tested = [view for view in self.views if view.test_images]
        if len({view.test_set for view in tested}) < 2:
            return ""
        each = [f"#{view.run_id} {plain(view.spec.data)} ({view.test_images:,})" for view in tested]
        return f"different test sets: {', '.join(each)}"

    def _other_losses(self) -> str:
        kinds = {(view.spec.loss, view.spec.label_smoothing) for view in self.views}
        return "different losses: their values cannot be compared, NLL can" if len(kinds) > 1 else ""

    def _other_passes(self) -> str:
        passes = {view.spec.passes for view in self.views}
        several = [f"#{view.run_id} {view.spec.passes}" for view in self.views if view.spec.passes > 1]
        return f"passes over the images per epoch: {', '.join(several)}, others 1" if len(passes) > 1 else ""

    def _chosen(self) -> str:
        optimistic = [f"#{view.run_id}" for view in self.views if view.is_optimistic]
        which = "all of them" if len(optimistic) == len(self.views) else ", ".join(optimistic)
        return f"optimistic, best epoch chosen on test data: {which}" if optimistic else ""


def _lines(of: Callable[[RunView], Points]) -> Callable[[Compared], list[Line]]:
    """Return a function that makes a line per run, the first run drawn last, on top."""

    def lines(compared: Compared) -> list[Line]:
        numbered = list(enumerate(compared.views))
        found = [Line("", of(view), INK.runs[number], marker=MARKERS[number]) for number, view in numbered]
        return [line for line in reversed(found) if line.points]

    return lines


def compare_panels() -> tuple[Panel, ...]:
    """Return the panels: the first test metric of each chart, the training loss, NLL and the training accuracy.

    NLL stands for the test loss, because the runs' own losses may be of different kinds."""
    found = [
        Panel(chart.key, f"{chart.title}, test", _curve(chart, tested[0]), chart.is_share, chart.undefined)
        for chart, shown in charts().items()
        if (tested := [each for each in shown if each.split == "test"]) and chart is not LOSS
    ]
    learning = (
        Panel("loss", "training loss by step", _lines(lambda view: view.losses)),
        Panel("nll", "NLL, test", _lines(lambda view: view.curves["test_nll"])),
        Panel(
            "training",
            f"accuracy, {SPLIT_WORDS['train']}",
            _lines(lambda view: view.curves["train_acc"]),
            is_share=True,
        ),
    )
    return (*found[:1], *learning, *found[1:])


def _curve(chart: Chart, shown: SplitMetric) -> Callable[[Compared], list[Line]]:
    drawn = _lines(lambda view: view.curves[shown.key])
    return (lambda compared: _baseline(compared) + drawn(compared)) if chart is ACCURACY else drawn


def _baseline(compared: Compared) -> list[Line]:
    """Return a line for the baseline where all runs have the same."""
    levels = {view.baseline for view in compared.views}
    level = next(iter(levels))
    return [Line("baseline", ((0.0, level),), INK.baseline, level=True)] if len(levels) == 1 and level else []


def at_best(view: RunView, name: str) -> float | None:
    """Return a metric at the best epoch, or at the newest epoch where there is no best yet."""
    points = view.curves[name]
    if view.best_epoch is None:
        return points[-1][1] if points else None
    return next((value for epoch, value in points if epoch == view.best_epoch), None)


def at_last(view: RunView, name: str) -> float | None:
    points = view.curves[name]
    return points[-1][1] if points else None
