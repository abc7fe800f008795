"""Difference of two compared runs' confusion matrices, and whether their accuracies differ."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import permutations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from engine.files.paths import Home
from tui.detail_view import MatrixView
from tui.feeds.comparison_told import Asked, Told, asked_of, read_told
from tui.feeds.reader_thread import start_once
from tui.plots import COUNTS, MODES, TALLEST, Grid, named
from tui.views.compared import Compared, Contender, matrix_of
from tui.views.group_view import GroupView
from tui.widgets.clipped import Clipped
from tui.widgets.matrix_pane import CellKeys, MatrixPlot, Scrub

Pair = tuple[Contender, Contender]


class DifferencePane(CellKeys, Vertical):
    """Difference of a pair with a cursor on a cell; keys go through all ordered pairs."""

    class Tested(Message):
        """Comparison of a pair's accuracies, or why there is none."""

        def __init__(self, asked: Asked, found: Told) -> None:
            super().__init__()
            self.asked, self.found = asked, found

    def __init__(self, home: Home, crashed: Callable[[Exception], object]) -> None:
        """`crashed` takes an unexpected error of a comparison, in its thread."""
        super().__init__(id="difference")
        self._home, self._crashed = home, crashed
        self._compared: Compared | None = None
        self._at = 0
        self._scrub = Scrub()
        self._tested: dict[Asked, Told] = {}
        self._reading: set[Asked] = set()

    def compose(self) -> ComposeResult:
        yield Static(id="difference-head", markup=False)
        yield MatrixPlot(id="difference-matrix")
        yield Static(id="difference-cell", markup=False)
        yield Clipped("difference-test", "6")

    def show(self, compared: Compared) -> None:
        self._compared = compared
        self._draw()

    @property
    def pair(self) -> Pair | None:
        if self._compared is None:
            return None
        pairs = [pair for pair in permutations(self._compared.views, 2) if is_comparable(pair)]
        return pairs[self._at % len(pairs)] if pairs else None

    def _draw(self) -> None:
        pair = self.pair
        head, plot = self.query_one("#difference-head", Static), self.query_one(MatrixPlot)
        for name in ("#difference-cell", "#difference-test", "#difference-matrix"):
            self.query_one(name).display = pair is not None
        one, other = (matrix_of(pair[0]), matrix_of(pair[1])) if pair is not None else (None, None)
        if pair is None or one is None or other is None:
            head.update(Text("no two of them have measured an epoch with the same classes", style="dim"))
            return
        scrub = self._scrub.move(0, 0, len(one.counts))
        head.update(_head(pair, (one, other), scrub.mode))
        plot.styles.max_height = TALLEST * len(one.counts) + 1
        plot.grid = Grid(one.counts, one.class_names, scrub.mode, scrub.cell, other.counts)
        self.query_one("#difference-cell", Static).update(_cell(pair, (one, other), scrub.cell))
        self._test(pair)

    # Whether the accuracies differ

    def _test(self, pair: Pair) -> None:
        says, asked = self.query_one("#difference-test", Clipped), asked_of(pair)
        if asked in self._tested:
            says.say(told_text(self._tested[asked]))
            return
        says.say(Text("comparing the predictions …", style="dim"))
        if asked not in self._reading:
            self._reading.add(asked)
            start_once("difference", partial(self._read, asked), self._crashed)

    def _read(self, asked: Asked) -> None:
        self.post_message(self.Tested(asked, read_told(self._home, asked)))

    def on_difference_pane_tested(self, message: Tested) -> None:
        self._reading.discard(message.asked)
        self._tested[message.asked] = message.found
        pair = self.pair
        if pair is not None and asked_of(pair) == message.asked:
            self.query_one("#difference-test", Clipped).say(told_text(message.found))

    # What keys do

    def move_cell(self, down: int, right: int) -> None:
        pair = self.pair
        matrix = matrix_of(pair[0]) if pair is not None else None
        if matrix is not None:
            self._scrub = self._scrub.move(down, right, len(matrix.counts))
            self._draw()

    def do_next(self) -> None:
        self._at += 1
        self._draw()

    def do_previous(self) -> None:
        self._at -= 1
        self._draw()

    def do_mode(self) -> None:
        following = MODES[(MODES.index(self._scrub.mode) + 1) % len(MODES)]
        self._scrub = replace(self._scrub, mode=following)
        self._draw()


def is_comparable(pair: Pair) -> bool:
    """Accept pairs that both have a matrix, of the same classes."""
    known = all(matrix_of(view) is not None for view in pair)
    return known and pair[0].class_names == pair[1].class_names


def _head(pair: Pair, matrices: tuple[MatrixView, MatrixView], mode: str) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{pair[0].short} − {pair[1].short}", style="bold")
    epochs = " and ".join(_epoch(view, matrix) for view, matrix in zip(pair, matrices, strict=True))
    return text.append(f"   epochs {epochs}   {mode}{'' if mode == COUNTS else ', in points'}", style="dim")


def _epoch(view: Contender, matrix: MatrixView) -> str:
    if isinstance(view, GroupView):
        return f"best, {matrix.pooled}" if matrix.pooled else f"best of {matrix.sum_of}"
    return f"{matrix.epoch}{' (best)' if matrix.epoch == view.best_epoch else ''}"


def _cell(pair: Pair, matrices: tuple[MatrixView, MatrixView], cell: tuple[int, int]) -> Text:
    row, column = cell
    names = matrices[0].class_names
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"true {named(names, row)}, predicted {named(names, column)}:")
    for view, matrix in zip(pair, matrices, strict=True):
        count, total = matrix.counts[row][column], sum(matrix.counts[row])
        text.append(f"  {view.short} ", style="dim").append(f"{count:,}", style="bold")
        text.append(f" of {total:,}", style="dim")
    return text


def told_text(told: Told) -> Text:
    """Write the verdict of the pair and its paragraph, which has the numbers."""
    if told.problem:
        return Text(told.problem, style="dim")
    (pair,) = told.pairs
    return Text.assemble((pair.verdict, "bold"), "   ", pair.paragraph)
