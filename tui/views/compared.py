"""Comparison of several runs and groups: differing settings, curves and numbers. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from engine.analysis.test_sets import all_same
from engine.metrics.catalogue import ACCURACY, LOSS, charts
from engine.metrics.metric import SPLIT_WORDS, Chart, SplitMetric
from engine.spec.recipe_words import differing, setting_in_words
from engine.spec.run_spec import VARIED
from engine.text import slug
from tui.detail_view import MatrixView
from tui.formatting import plain
from tui.plots import INK, MARKERS, Line
from tui.views.band import Band
from tui.views.curves import Panel
from tui.views.group_view import GroupView, summed
from tui.views.run_view import Points, RunView
from tui.views.x_axis import Pace

Contender: TypeAlias = RunView | GroupView
"""One of those that are compared: a run, or the runs of a group."""

MOST = 8
"""Most runs and groups that can be compared: one per colour."""
FIRST = ("arch", "pretrained", "lr")
"""Settings that come first in a label."""
NOT_IN_LABEL = frozenset({"data", "images", "ordered"})
"""Settings that a short label leaves out: long ones, which a note shows, and one that changes no training."""


@dataclass(frozen=True)
class Compared:
    """At least two runs or groups, in the order in which they are shown in the table."""

    views: tuple[Contender, ...]
    chosen: int | None = None
    """Place of the one that was brought to the front; None for none."""

    @cached_property
    def front(self) -> int | None:
        """Return the place of the one that charts draw on top: the chosen, else the best test accuracy at its best
        epoch; None before the first epoch of all."""
        if self.chosen is not None:
            return self.chosen
        found = {number: at_best(view, "test_acc") for number, view in enumerate(self.views)}
        known = {number: value for number, value in found.items() if value is not None}
        return max(known, key=lambda number: known[number], default=None)

    def moved(self, by: int) -> "Compared":
        """Return them with another one in the front, `by` places further down; the ends meet."""
        before = self.front if self.front is not None else -by
        return replace(self, chosen=(before + by) % len(self.views))

    def keeping(self, before: "Compared | None") -> "Compared":
        """Return them with the one in the front that was brought there `before`, as long as any of its runs is left."""
        if before is None or before.chosen is None:
            return self
        run_ids = {view.run_id for number, view in before.runs if number == before.chosen}
        return replace(
            self, chosen=next((place for place, view in self.runs if view.run_id in run_ids), None)
        )

    @property
    def epoch(self) -> int:
        return max(view.epoch for view in self.views)

    @property
    def last_epoch(self) -> int:
        return max(view.last_epoch for view in self.views)

    @property
    def title(self) -> str:
        return count_text(self.views)

    @property
    def file_stem(self) -> str:
        return f"compare-{slug(' '.join(view.short for view in self.views))}"

    @property
    def names(self) -> Mapping[int, str]:
        return {number: self.label(view) for number, view in enumerate(self.views)}

    @cached_property
    def paces(self) -> tuple[Pace, ...]:
        return tuple(view.pace for view in self.views)

    @property
    def caption(self) -> str:
        """Return what stands below the charts: nothing."""
        return ""

    @property
    def runs(self) -> tuple[tuple[int, RunView], ...]:
        """Return all runs, the members of groups too, each with the place of what it belongs to."""
        return tuple(
            (number, member)
            for number, view in enumerate(self.views)
            for member in (view.members if isinstance(view, GroupView) else (view,))
        )

    @property
    def run_ids(self) -> tuple[int, ...]:
        return tuple(view.run_id for _, view in self.runs)

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """Return the settings in which any two differ; beside groups, what their members vary is none."""
        specs = [view.spec for view in self.views]
        varied = VARIED if any(isinstance(view, GroupView) for view in self.views) else frozenset()
        return differing(specs, varied)

    def label(self, view: Contender) -> str:
        """Return the numbers of a run or group and its differing settings: `#12 resnet50 ImageNet weights lr 0.001`."""
        shown = (field for field in self.differing if field not in NOT_IN_LABEL)
        fields = sorted(shown, key=lambda field: field not in FIRST)
        return " ".join([view.short, *(plain(setting_in_words(view.spec, field)) for field in fields)])

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
        same = all_same(view.test_set for view in tested)
        if same:
            return ""
        each = [f"{view.short} {plain(view.spec.data)} ({view.test_images:,})" for view in tested]
        what = "different test sets" if same is False else "not known to be the same test set"
        return f"{what}: {', '.join(each)}"

    def _other_losses(self) -> str:
        kinds = {(view.spec.loss, view.spec.label_smoothing) for view in self.views}
        return "different losses: their values cannot be compared, NLL can" if len(kinds) > 1 else ""

    def _other_passes(self) -> str:
        passes = {view.spec.passes for view in self.views}
        several = [f"{view.short} {view.spec.passes}" for view in self.views if view.spec.passes > 1]
        return f"passes over the images per epoch: {', '.join(several)}, others 1" if len(passes) > 1 else ""

    def _chosen(self) -> str:
        optimistic = [view.short for view in self.views if view.is_optimistic]
        which = "all of them" if len(optimistic) == len(self.views) else ", ".join(optimistic)
        return f"optimistic, best epoch chosen on test data: {which}" if optimistic else ""


def count_text(views: Sequence[Contender]) -> str:
    """Write `2 groups, 1 run`."""
    groups = sum(isinstance(view, GroupView) for view in views)
    counted = [(groups, "group"), (len(views) - groups, "run")]
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counted if count)


def _lines(
    of: Callable[[Contender], Points], band: Callable[[GroupView], Band]
) -> Callable[[Compared], list[Line]]:
    """Return a function that makes a line for each, with a band for groups; the first before the others."""

    def lines(compared: Compared) -> list[Line]:
        found = [
            Line(
                "",
                of(view),
                INK.runs[number],
                marker=MARKERS[number],
                band=band(view) if isinstance(view, GroupView) else (),
                of=number,
            )
            for number, view in enumerate(compared.views)
        ]
        return [line for line in reversed(found) if line.points]

    return lines


def _lines_of(key: str) -> Callable[[Compared], list[Line]]:
    return _lines(lambda view: view.curves[key], lambda group: group.band(key))


def compare_panels() -> tuple[Panel, ...]:
    """Return the panels: the first test metric of each chart, the training loss, NLL and the training accuracy.

    NLL stands for the test loss, because the runs' own losses may be of different kinds."""
    found = [
        Panel(chart.key, f"{chart.title}, test", _curve(chart, tested[0]), chart.is_share, chart.undefined)
        for chart, shown in charts().items()
        if (tested := [each for each in shown if each.split == "test"]) and chart is not LOSS
    ]
    learning = (
        Panel(
            "loss", "training loss by step", _lines(lambda view: view.losses, lambda group: group.loss_band)
        ),
        Panel("nll", "NLL, test", _lines_of("test_nll")),
        Panel(
            "training",
            f"accuracy, {SPLIT_WORDS['train']}",
            _lines_of("train_acc"),
            is_share=True,
        ),
    )
    return (*found[:1], *learning, *found[1:])


def _curve(chart: Chart, shown: SplitMetric) -> Callable[[Compared], list[Line]]:
    drawn = _lines_of(shown.key)
    return (lambda compared: _baseline(compared) + drawn(compared)) if chart is ACCURACY else drawn


def _baseline(compared: Compared) -> list[Line]:
    """Return a line for the baseline where all runs have the same."""
    levels = {view.baseline for view in compared.views}
    level = next(iter(levels))
    return [Line("baseline", ((0.0, level),), INK.baseline, level=True)] if len(levels) == 1 and level else []


def at_best(view: Contender, name: str) -> float | None:
    """Return a metric at the best epoch, or at the newest epoch where there is no best yet; of a group the mean over
    what its summary counts."""
    return view.group.spread(name).mean if isinstance(view, GroupView) else view.at_best(name)


def at_last(view: Contender, name: str) -> float | None:
    """Return a metric at the newest epoch; of a group the mean over what its summary counts."""
    return view.group.spread(name, "last").mean if isinstance(view, GroupView) else view.at_last(name)


def matrix_of(view: Contender) -> MatrixView | None:
    """Return the matrix that is compared: of the best epoch, else of the newest; of a group the sum over the runs
    that its summary counts."""
    if isinstance(view, GroupView):
        found = [
            (member.spec.fold, matrix) for member in view.counted if (matrix := matrix_of(member)) is not None
        ]
        return summed([matrix for _, matrix in found], (len({fold for fold, _ in found}), view.spec.folds))
    epoch = epoch_of(view)
    return view.matrices[epoch] if epoch is not None else None


def epoch_of(view: RunView) -> int | None:
    """Return the epoch whose matrix is compared; None before the first."""
    if view.best_epoch in view.matrices:
        return view.best_epoch
    return max(view.matrices, default=None)
