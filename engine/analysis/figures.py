"""Figures of accuracy per epoch: of single runs, and of repeated recipes with bands. matplotlib is imported only while
drawing, which `figure_canvas.defaults` surrounds."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.analysis.figure_canvas import MUTED, PAPER, level_line, new_figure, plain, plain_axes
from engine.analysis.markdown import printable, weights_in_full
from engine.analysis.study import NO_DIFFERENCE, StudyRun
from engine.metrics.metric import EpochValues
from engine.recipes.augmentations import NONE
from engine.recipes.samplers import SAMPLERS
from engine.spec.plugin_name import arch_shown
from engine.spec.recipe_words import setting, weights_from
from engine.spec.run_spec import FIELDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "osD^vPX*"
RUNS_A_FIGURE = len(MARKERS)
# Okabe and Ito's colours, which colour-blind readers can tell apart.
COLOURS = {"scratch": "#0072B2", "ImageNet": "#D55E00", "warm": "#009E73", "file": "#CC79A7"}
IN_ORDER = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7B5EA7", "#8C6D31")
"""Colours of recipes, which have no kind of their own."""


@dataclass(frozen=True)
class Range:
    """Limits of an accuracy axis, in percent."""

    low: float
    high: float


def shared_range(runs: Iterable[StudyRun]) -> Range:
    """Return one axis for all figures of a data set, so that heights can be compared between them."""
    values = [100 * value for run in runs for value in (*_train(run), *_val(run), *_test(run), run.baseline)
              if value is not None and math.isfinite(value)]  # fmt: skip
    low = max(10 * math.floor((min(values, default=0.0) - 2) / 10), 0)
    return Range(low, 102)


@dataclass(frozen=True)
class Band:
    """Runs of one recipe, to be drawn as their mean with a band."""

    name: str
    called: str
    runs: tuple[StudyRun, ...]


def draw_accuracy(runs: Sequence[StudyRun], axis: Range, among: Sequence[StudyRun] = ()) -> "Figure":
    """Draw the curves of at most RUNS_A_FIGURE runs of one arch on one data set; the legend names the settings in which
    the runs `among` which they are differ, by default these themselves."""
    figure = new_figure(7.2, 4.6 + 0.2 * len(runs))
    axes = figure.add_subplot()
    varied = _varied(among or runs)
    colours = _colours(runs)
    for run, marker, colour in zip(runs, MARKERS, colours, strict=False):
        _draw_run(axes, run, marker, colour, plain(_label(run, varied), 90))
    _draw_baselines(axes, runs)
    arch, data = printable(arch_shown(runs[0].spec.arch), 40), printable(runs[0].data, 40)
    _finish_axes(axes, f"{arch} on {data}: accuracy per epoch", runs, axis)
    _draw_legend(figure, axes, runs)
    return figure


def draw_bands(bands: Sequence[Band], data: str) -> "Figure":
    """Draw the mean test accuracy of at most RUNS_A_FIGURE recipes per epoch, with a standard deviation to each
    side."""
    runs = [run for band in bands for run in band.runs]
    figure = new_figure(7.2, 4.0 + 0.2 * len(bands))
    axes = figure.add_subplot()
    for band, marker, colour in zip(bands, MARKERS, IN_ORDER, strict=False):
        epochs, means, spreads = _course(band.runs)
        axes.plot(
            epochs,
            means,
            color=colour,
            marker=marker,
            markersize=5,
            label=plain(f"{band.called} {band.name}", 90),
        )
        low = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
        high = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
        axes.fill_between(epochs, low, high, color=colour, alpha=0.18, linewidth=0)
    _draw_baselines(axes, runs)
    _finish_axes(axes, f"Repeated recipes on {printable(data, 40)}: test accuracy", runs, shared_range(runs))
    curves, _ = axes.get_legend_handles_labels()
    figure.legend(handles=curves, loc="outside lower left", fontsize=8, frameon=False, ncols=1)
    return figure


def _course(runs: Iterable[StudyRun]) -> tuple[list[int], list[float], list[float]]:
    """Return epochs with the mean and the standard deviation (0 of one run) of the test accuracy after each, in
    percent."""
    found: dict[int, list[float]] = {}
    for run in runs:
        for each in _shown(run):
            if (value := each.number("test_acc")) is not None:
                found.setdefault(each.epoch, []).append(100 * value)
    epochs = sorted(found)
    spreads = [statistics.stdev(found[epoch]) if len(found[epoch]) > 1 else 0.0 for epoch in epochs]
    return epochs, [statistics.fmean(found[epoch]) for epoch in epochs], spreads


def _colours(runs: Sequence[StudyRun]) -> list[str]:
    """Colour runs by the source of their weights; where that is the same for all, each in its own colour."""
    kinds = [next(key for key in COLOURS if weights_from(run.spec).startswith(key)) for run in runs]
    return [COLOURS[kind] for kind in kinds] if len(set(kinds)) > 1 else list(IN_ORDER[: len(runs)])


def _draw_run(axes: "Axes", run: StudyRun, marker: str, colour: str, label: str) -> None:
    epochs = [each.epoch for each in _shown(run)]
    axes.plot(epochs, _gaps(_test(run)), color=colour, marker=marker, markersize=5, label=label)
    axes.plot(
        epochs,
        _gaps(_train(run)),
        color=colour,
        marker=marker,
        markersize=4,
        markerfacecolor=PAPER,
        linestyle="--",
        linewidth=1,
    )
    axes.plot(
        epochs, _gaps(_val(run)), color=colour, marker=marker, markersize=3, linestyle="-.", linewidth=1
    )


def _draw_baselines(axes: "Axes", runs: Sequence[StudyRun]) -> None:
    for baseline in sorted({run.baseline for run in runs if run.baseline is not None}):
        level_line(axes, 100 * baseline, f"baseline\n{100 * baseline:.2f} %")


def _finish_axes(axes: "Axes", title: str, runs: Sequence[StudyRun], axis: Range) -> None:
    from matplotlib.ticker import MaxNLocator

    epochs = [each.epoch for run in runs for each in _shown(run)]
    axes.set_title(plain(title, 90))
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy (%)")
    axes.set_ylim(axis.low, axis.high)
    axes.set_xlim(min(epochs) - 0.3, max(epochs) + 0.3)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    plain_axes(axes)


def _draw_legend(figure: "Figure", axes: "Axes", runs: Sequence[StudyRun]) -> None:
    from matplotlib.lines import Line2D

    augmented = all(run.spec.augment != NONE for run in runs)
    balanced = any(not SAMPLERS[run.spec.sampler].keeps_shares for run in runs)
    how = "running average" + (", on augmented images" if augmented else "")
    how += ", balanced classes" if balanced else ""
    styles = [
        Line2D([], [], color=MUTED, linestyle="-", label="test"),
        Line2D([], [], color=MUTED, linestyle="--", linewidth=1, label=f"train ({how})"),
    ]
    if any(map(has_val, runs)):
        styles.append(Line2D([], [], color=MUTED, linestyle="-.", linewidth=1, label="val"))
    curves, _ = axes.get_legend_handles_labels()
    figure.legend(handles=[*styles, *curves], loc="outside lower left", fontsize=8, frameon=False, ncols=1)


def _label(run: StudyRun, varied: Sequence[str]) -> str:
    """Name a run by the settings in which the figure's runs differ, as `#3 scratch, lr 0.001`."""
    details = [f"{field} {setting(run.spec, field)}" for field in varied]
    state = [] if run.done else [run.status]
    return ", ".join([f"#{run.id} {weights_in_full(run)}", *details, *state])


def _varied(runs: Sequence[StudyRun]) -> list[str]:
    fields = [field for field in FIELDS if field not in ("data", "arch", "pretrained", *NO_DIFFERENCE)]
    return [field for field in fields if len({setting(run.spec, field) for run in runs}) > 1]


def _shown(run: StudyRun) -> list[EpochValues]:
    """Return the epochs to draw: epoch 0, before training, only where there is no other."""
    return [each for each in run.epochs if each.epoch] or list(run.epochs)


def _train(run: StudyRun) -> list[float | None]:
    return [each.number("train_acc") for each in _shown(run)]


def has_val(run: StudyRun) -> bool:
    """Tell whether any epoch was measured on a val split."""
    return any(value is not None for value in _val(run))


def _val(run: StudyRun) -> list[float | None]:
    return [each.number("val_acc") for each in _shown(run)]


def _test(run: StudyRun) -> list[float | None]:
    return [each.number("test_acc") for each in _shown(run)]


def _gaps(shares: Iterable[float | None]) -> list[float]:
    """Convert shares to percent; an undefined one leaves a gap in the line."""
    return [math.nan if share is None else 100 * share for share in shares]
