"""Figure of row-normalised confusion matrices on one colour scale from 0 to 1."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.analysis.figure_canvas import new_figure, plain, wrapped
from engine.analysis.markdown import UNDEFINED, details_among, percent
from engine.analysis.study import Matrix, StudyRun
from engine.spec.plugin_name import arch_shown
from engine.spec.recipe_words import weights_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

MOST_PANELS = 9
LETTERS_AN_INCH = 13
"""Letters of a title for each inch of its panel."""
MOST_CELLS = 400
"""Labelled cells that a figure can hold: more are not readable in print and make a large file."""
MOST_LABELLED_CLASSES = 16
"""Classes up to which cells are large enough for text; with more, only the colours are drawn."""


@dataclass(frozen=True)
class Panel:
    """Matrix of a figure, with the lines above it."""

    lines: tuple[str, ...]
    classes: tuple[str, ...]
    counts: Matrix


def panel_of(run: StudyRun, runs: Sequence[StudyRun]) -> Panel:
    """Return the matrix of a run's best epoch, named by what tells it from the figure's other runs."""
    best = run.best
    state = "" if run.done else f" ({run.status})"
    accuracy = f"epoch {best.epoch}, test accuracy {percent(best.number('test_acc'))} %" if best else ""
    head = f"#{run.id} {arch_shown(run.spec.arch)}, {weights_from(run.spec)}"
    return Panel((f"{head}{state}", details_among(run, runs), accuracy), run.classes, run.matrix or [])


def row_shares(matrix: Matrix) -> list[list[float | None]]:
    """Divide each count by its row's sum; None in the row of a class without test images."""
    return [
        [count / images if images else None for count in row]
        for row, images in zip(matrix, map(sum, matrix), strict=True)
    ]


def panels_a_figure(panels: Sequence[Panel]) -> int:
    """Return how many of these matrices one figure can hold."""
    classes = _most_classes(panels)
    return (
        MOST_PANELS if classes > MOST_LABELLED_CLASSES else min(MOST_PANELS, max(1, MOST_CELLS // classes**2))
    )


def draw_matrices(panels: Sequence[Panel]) -> "Figure":
    """Draw at most `panels_a_figure` matrices."""
    classes, count = _most_classes(panels), len(panels)
    columns = 1 if count == 1 else 2 if count <= 4 else 3
    rows = math.ceil(count / columns)
    panel_in = min(max(2.4, 0.5 * classes), 4.8 if count == 1 else 3.6)
    titles = [_title(panel, int(LETTERS_AN_INCH * panel_in)) for panel in panels]
    most_lines = max(title.count("\n") + 1 for title in titles)
    figure = new_figure(columns * panel_in + 2.0, rows * (panel_in + 0.3 + 0.13 * most_lines) + 0.5)
    flat = [axes for line in figure.subplots(rows, columns, squeeze=False) for axes in line]
    for axes, panel, title in zip(flat, panels, titles, strict=False):
        image = _draw_matrix(axes, panel)
        axes.set_title(title, fontsize=8)
    for axes in flat[count:]:
        axes.set_visible(False)
    for axes in flat[::columns]:
        axes.set_ylabel("true class (test images)")
    figure.colorbar(image, ax=flat, label="share of the true class", shrink=0.9 / rows + 0.1)
    return figure


def _title(panel: Panel, letters: int) -> str:
    return "\n".join(wrapped(line, letters) for line in panel.lines if line)


def _most_classes(panels: Sequence[Panel]) -> int:
    return max((len(panel.counts) for panel in panels), default=1)


def _draw_matrix(axes: "Axes", panel: Panel) -> "AxesImage":
    matrix = panel.counts
    shares = row_shares(matrix)
    colours = [[math.nan if share is None else share for share in row] for row in shares]
    image = axes.imshow(colours, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    axes.set_xlabel("predicted class")
    if len(matrix) <= MOST_LABELLED_CLASSES:
        _name_classes(axes, panel.classes, matrix)
        _write_cells(axes, matrix, shares)
    return image


def _name_classes(axes: "Axes", names: Sequence[str], matrix: Matrix) -> None:
    texts = [plain(name, 14) for name in names]
    counted = [f"{text} ({sum(row)})" for text, row in zip(texts, matrix, strict=True)]
    slanted = max(map(len, texts)) > 2
    axes.set_yticks(range(len(matrix)), counted, fontsize=7.5)
    axes.set_xticks(range(len(matrix)), texts, fontsize=7.5)
    if slanted:
        axes.tick_params(axis="x", labelrotation=35)
        for label in axes.get_xticklabels():
            label.set(horizontalalignment="right", rotation_mode="anchor")


def _write_cells(axes: "Axes", matrix: Matrix, shares: Sequence[Sequence[float | None]]) -> None:
    size = 7.5 if len(matrix) <= 6 else 6.0 if len(matrix) <= 10 else 4.5
    for row, counts in enumerate(matrix):
        for column, count in enumerate(counts):
            share = shares[row][column]
            text = UNDEFINED if share is None else f"{share:.2f}\n{count}"
            colour = "white" if share is not None and share > 0.55 else "#222222" if count else "#8c8c8c"
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)
