"""Confusion matrices of the opened run, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.visual import VisualType
from textual.widgets import Static

from tui.detail_view import MatrixView
from tui.plots import (
    MODES,
    TALLEST,
    Grid,
    PlotWidget,
    confused_pairs,
    draw_matrix,
    most_confused,
    named,
)
from tui.views.run_view import RunView
from tui.widgets.epoch_cursor import EpochPane
from tui.widgets.pictured import Pictured

if TYPE_CHECKING:
    from tui.views.saved_chart import Picture

PLAY_S = 0.4
"""An epoch is seen for so long."""
PAIRS = 3


class MatrixPlot(PlotWidget):
    grid: reactive[Grid | None] = reactive(None)

    def render(self) -> VisualType:
        if self.grid is None:
            return Text("no epoch has been measured yet", style="dim")
        draw_matrix(self.plt, self.grid, self.size.width, self.size.height)
        return self.drawn()


@dataclass(frozen=True)
class Scrub:
    """View of the matrices: an epoch (None: the newest, whichever it is), a cell, counts or shares."""

    epoch: int | None = None
    cell: tuple[int, int] = (0, 0)
    mode: str = MODES[0]

    def shown(self, epochs: list[int]) -> int | None:
        if not epochs:
            return None
        return self.epoch if self.epoch in epochs else epochs[-1]

    def step(self, epochs: list[int], by: int) -> Scrub:
        """Go to another epoch; past the newest, follow what is measured."""
        at = self.shown(epochs)
        if at is None:
            return self
        place = min(max(epochs.index(at) + by, 0), len(epochs) - 1)
        return replace(self, epoch=None if place == len(epochs) - 1 else epochs[place])

    def move(self, down: int, right: int, classes: int) -> Scrub:
        row, column = self.cell
        return replace(
            self, cell=(min(max(row + down, 0), classes - 1), min(max(column + right, 0), classes - 1))
        )


class CellKeys:
    """Keys that move a matrix's cursor."""

    def move_cell(self, down: int, right: int) -> None:
        raise NotImplementedError

    def do_left(self) -> None:
        self.move_cell(0, -1)

    def do_right(self) -> None:
        self.move_cell(0, 1)

    def do_up(self) -> None:
        self.move_cell(-1, 0)

    def do_down(self) -> None:
        self.move_cell(1, 0)


class MatrixPane(CellKeys, EpochPane, Pictured, Vertical):
    """Matrix with a cursor on a cell and a scrubber over the epochs."""

    class Opened(Message):
        """Request for the images of a cell."""

        def __init__(self, epoch: int, cell: tuple[int, int]) -> None:
            super().__init__()
            self.epoch, self.cell = epoch, cell

    def __init__(self) -> None:
        super().__init__(id="confusion")
        self._view: RunView | None = None
        self.scrub = Scrub()
        self._was_moved = False
        """A key chose the cell: until then the most confused classes are under the cursor."""
        self._playing: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="scrubber", markup=False)
        yield MatrixPlot(id="large-matrix")
        yield Static(id="cell", markup=False)
        yield Static(id="pairs", markup=False)

    def show(self, view: RunView) -> None:
        self._view = view
        if not self._was_moved and view.matrices:
            self.scrub = replace(self.scrub, cell=worst_cell(view.matrices[max(view.matrices)]))
        self._draw()

    @property
    def epochs(self) -> list[int]:
        return sorted(self._view.matrices) if self._view is not None else []

    @property
    def matrix(self) -> MatrixView | None:
        epoch = self.scrub.shown(self.epochs)
        return self._view.matrices[epoch] if self._view is not None and epoch is not None else None

    def picture(self) -> Picture | None:
        """Return the matrix of the epoch that is shown; None before the first."""
        from tui.views.saved_chart import matrix_picture  # and the report's figures with it

        view, matrix = self._view, self.matrix
        if view is None or matrix is None:
            return None
        return matrix_picture(f"{view.file_stem}-confusion-epoch-{matrix.epoch}", view.title, matrix)

    def _draw(self) -> None:
        matrix = self.matrix
        plot = self.query_one(MatrixPlot)
        for name in ("#scrubber", "#cell", "#pairs"):
            self.query_one(name).display = matrix is not None
        if matrix is None:
            plot.grid = None
            return
        scrub = self.scrub.move(0, 0, len(matrix.counts))  # into the matrix
        plot.styles.max_height = TALLEST * len(matrix.counts) + 1
        plot.grid = Grid(matrix.counts, matrix.class_names, scrub.mode, scrub.cell)
        self.query_one("#scrubber", Static).update(
            scrubber(matrix, self.epochs, scrub, is_playing=self._playing is not None)
        )
        self.query_one("#cell", Static).update(cell_text(matrix, scrub.cell))
        self.query_one("#pairs", Static).update(pairs_text(matrix))

    def _look(self, scrub: Scrub) -> None:
        self.scrub = scrub
        self._draw()

    def move_cell(self, down: int, right: int) -> None:
        if (matrix := self.matrix) is not None:
            self._was_moved = True
            self._look(self.scrub.move(down, right, len(matrix.counts)))

    # What keys do

    def do_next(self) -> None:
        self._stop()
        self._look(self.scrub.step(self.epochs, 1))

    def do_previous(self) -> None:
        self._stop()
        self._look(self.scrub.step(self.epochs, -1))

    def do_images(self) -> None:
        matrix = self.matrix
        if matrix is None:
            return
        self._stop()
        self._was_moved = True  # who comes back from the images finds the cursor where it was
        row, column = self.scrub.move(0, 0, len(matrix.counts)).cell
        if matrix.counts[row][column]:
            self.post_message(self.Opened(matrix.epoch, (row, column)))
        else:
            self.notify("this cell has no images at this epoch: choose another")

    @property
    def epoch(self) -> int | None:
        return self.scrub.epoch

    def look_at(self, epoch: int | None) -> None:
        if epoch != self.epoch and (epoch is None or epoch in self.epochs):
            self._stop()
            self._look(replace(self.scrub, epoch=epoch))

    def do_mode(self) -> None:
        following = MODES[(MODES.index(self.scrub.mode) + 1) % len(MODES)]
        self._look(replace(self.scrub, mode=following))

    def do_play(self) -> None:
        """Play the epochs to the newest; from the first where the newest is shown."""
        if self._playing is not None:
            self._stop()
            self._draw()
            return
        epochs = self.epochs
        if epochs and self.scrub.shown(epochs) == epochs[-1]:
            self.scrub = replace(self.scrub, epoch=epochs[0])
        self._playing = self.set_interval(PLAY_S, self._play_on)
        self._draw()

    def _play_on(self) -> None:
        self.scrub = self.scrub.step(self.epochs, 1)
        if self.scrub.epoch is None:
            self._stop()
        self._draw()

    def _stop(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None


def worst_cell(matrix: MatrixView) -> tuple[int, int]:
    """Return the cell with the most wrong predictions; the first cell where all are correct."""
    return next(((row, column) for row, column, _ in most_confused(matrix.counts, 1)), (0, 0))


def scrubber(matrix: MatrixView, epochs: list[int], scrub: Scrub, *, is_playing: bool) -> Text:
    at = epochs.index(matrix.epoch)
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(
        f"epoch {'◀' if at else ' '} {matrix.epoch} {'▶' if at < len(epochs) - 1 else ' '}", style="bold"
    )
    text.append(f" of {epochs[-1]}   {scrub.mode}   test n {matrix.images:,}", style="dim")
    text.append("   playing" if is_playing else "", style="bold")
    return text


def cell_text(matrix: MatrixView, cell: tuple[int, int]) -> Text:
    """Write `true 2 moderate, predicted 0 no DR: 368 images, 27 % of the class`."""
    row, column = cell
    count, total = matrix.counts[row][column], sum(matrix.counts[row])
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"true {named(matrix.class_names, row)}, predicted {named(matrix.class_names, column)}: ")
    text.append(f"{count:,} image{'' if count == 1 else 's'}", style="bold")
    if total:
        text.append(f", {100 * count / total:.0f} % of the class")
    return text


def pairs_text(matrix: MatrixView) -> Text:
    pairs = confused_pairs(matrix, PAIRS)
    return Text(
        f"most confused: {'; '.join(pairs)}" if pairs else "", style="dim", no_wrap=True, overflow="ellipsis"
    )
