"""Figure of train, val and test accuracy per epoch. matplotlib is imported only while drawing."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.analysis.figure_canvas import defaults, new_figure, plain, png
from engine.analysis.markdown import printable, setting, weights_from, weights_in_full
from engine.analysis.study import NO_DIFFERENCE, StudyRun
from engine.metrics.metric import EpochValues
from engine.recipes.augmentations import NONE
from engine.recipes.samplers import SAMPLERS
from engine.spec.plugin_name import arch_shown
from engine.spec.run_spec import FIELDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "osD^vPX*"
RUNS_A_FIGURE = len(MARKERS)
# Okabe and Ito's colours, which colour-blind readers can tell apart.
COLOURS = {"scratch": "#0072B2", "ImageNet": "#D55E00", "warm": "#009E73", "file": "#CC79A7"}


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


def draw_accuracy(runs: Sequence[StudyRun], axis: Range) -> bytes:
    """Draw the curves of at most RUNS_A_FIGURE runs of one arch on one data set, as a PNG."""
    with defaults():
        figure = new_figure(7.2, 4.6 + 0.2 * len(runs))
        axes = figure.add_subplot()
        varied = _varied(runs)
        for run, marker in zip(runs, MARKERS, strict=False):
            _draw_run(axes, run, marker, plain(_label(run, varied), 90))
        _draw_baselines(axes, runs)
        _finish_axes(axes, runs, axis)
        _draw_legend(figure, axes, runs)
        return png(figure)


def _draw_run(axes: "Axes", run: StudyRun, marker: str, label: str) -> None:
    epochs = [each.epoch for each in _shown(run)]
    colour = next(COLOURS[key] for key in COLOURS if weights_from(run.spec).startswith(key))
    axes.plot(epochs, _gaps(_test(run)), color=colour, marker=marker, markersize=5, label=label)
    axes.plot(
        epochs,
        _gaps(_train(run)),
        color=colour,
        marker=marker,
        markersize=4,
        markerfacecolor="white",
        linestyle="--",
        linewidth=1,
    )
    axes.plot(
        epochs, _gaps(_val(run)), color=colour, marker=marker, markersize=3, linestyle="-.", linewidth=1
    )


def _draw_baselines(axes: "Axes", runs: Sequence[StudyRun]) -> None:
    for baseline in sorted({run.baseline for run in runs if run.baseline is not None}):
        axes.axhline(100 * baseline, color="#444444", linestyle=":", linewidth=1, zorder=1)
        axes.annotate(
            f"baseline\n{100 * baseline:.2f} %",
            (1.01, 100 * baseline),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=7.5,
            color="#444444",
        )


def _finish_axes(axes: "Axes", runs: Sequence[StudyRun], axis: Range) -> None:
    from matplotlib.ticker import MaxNLocator

    arch, data = printable(arch_shown(runs[0].spec.arch), 40), runs[0].data
    epochs = [each.epoch for run in runs for each in _shown(run)]
    axes.set_title(plain(f"{arch} on {printable(data, 40)}: accuracy per epoch"))
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy (%)")
    axes.set_ylim(axis.low, axis.high)
    axes.set_xlim(min(epochs) - 0.3, max(epochs) + 0.3)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_legend(figure: "Figure", axes: "Axes", runs: Sequence[StudyRun]) -> None:
    from matplotlib.lines import Line2D

    augmented = all(run.spec.augment != NONE for run in runs)
    balanced = any(not SAMPLERS[run.spec.sampler].keeps_shares for run in runs)
    how = "running average" + (", on augmented images" if augmented else "")
    how += ", balanced classes" if balanced else ""
    styles = [
        Line2D([], [], color="#444444", linestyle="-", label="test"),
        Line2D([], [], color="#444444", linestyle="--", linewidth=1, label=f"train ({how})"),
    ]
    if any(map(has_val, runs)):
        styles.append(Line2D([], [], color="#444444", linestyle="-.", linewidth=1, label="val"))
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
