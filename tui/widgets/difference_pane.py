"""Difference of two compared runs' confusion matrices, and whether their accuracies differ."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import permutations
from threading import Lock
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from engine.files.paths import Home
from tui.feeds.reader_thread import start_once
from tui.formatting import decimals, plain
from tui.plots import COUNTS, MODES, TALLEST, Grid
from tui.snapshot import MatrixView
from tui.views.compared import Compared
from tui.views.run_view import RunView
from tui.widgets.clipped import Clipped
from tui.widgets.matrix_pane import CellKeys, MatrixPlot, Scrub, named

if TYPE_CHECKING:  # numpy is for who asks
    from engine.analysis.comparison.paired import PairedTest
    from tui.feeds.paired_predictions import Comparer, Difference

Pair = tuple[RunView, RunView]
Asked = tuple[int, int | None, int, int | None]
"""Two runs, each with the epoch that is compared."""


class DifferencePane(CellKeys, Vertical):
    """Difference of a pair with a cursor on a cell; keys go through all ordered pairs."""

    class Tested(Message):
        """Comparison of a pair's accuracies, or why there is none."""

        def __init__(self, asked: "Asked", found: "Difference | str") -> None:
            super().__init__()
            self.asked, self.found = asked, found

    def __init__(self, home: Home, crashed: Callable[[Exception], object]) -> None:
        """`crashed` takes an unexpected error of a comparison, in its thread."""
        super().__init__(id="difference")
        self._home, self._crashed = home, crashed
        self._compared: Compared | None = None
        self._at = 0
        self._scrub = Scrub()
        self._tested: dict[Asked, Difference | str] = {}
        self._reading: set[Asked] = set()
        self._made: Comparer | None = None
        self._making = Lock()

    def compose(self) -> ComposeResult:
        yield Static(id="difference-head", markup=False)
        yield MatrixPlot(id="difference-matrix")
        yield Static(id="difference-cell", markup=False)
        yield Clipped("difference-test")

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
        asked = asked_of(pair)
        says = self.query_one("#difference-test", Clipped)
        if asked in self._tested:
            says.say(pair_text(pair, self._tested[asked]))
            return
        says.say(Text("comparing the predictions …", style="dim"))
        if asked not in self._reading:
            self._reading.add(asked)
            start_once("difference", partial(self._read, pair, asked), self._crashed)

    def _read(self, pair: Pair, asked: Asked) -> None:
        found = self._comparer().compare(pair[0], pair[1], asked[1], asked[3])
        self.post_message(self.Tested(asked, found))

    def _comparer(self) -> "Comparer":
        from tui.feeds.paired_predictions import Comparer

        with self._making:
            self._made = self._made or Comparer(self._home)
            return self._made

    def on_difference_pane_tested(self, message: Tested) -> None:
        self._reading.discard(message.asked)
        self._tested[message.asked] = message.found
        pair = self.pair
        if pair is not None and asked_of(pair) == message.asked:
            self.query_one("#difference-test", Clipped).say(pair_text(pair, message.found))

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


def asked_of(pair: Pair) -> Asked:
    return pair[0].run_id, epoch_of(pair[0]), pair[1].run_id, epoch_of(pair[1])


def epoch_of(view: RunView) -> int | None:
    """Return the epoch whose matrix is compared: the best, else the newest; None before the first."""
    if view.best_epoch in view.matrices:
        return view.best_epoch
    return max(view.matrices, default=None)


def matrix_of(view: RunView) -> MatrixView | None:
    epoch = epoch_of(view)
    return view.matrices[epoch] if epoch is not None else None


def is_comparable(pair: Pair) -> bool:
    """Accept pairs that both have a matrix, of the same classes."""
    known = all(matrix_of(view) is not None for view in pair)
    return known and pair[0].class_names == pair[1].class_names


def _head(pair: Pair, matrices: tuple[MatrixView, MatrixView], mode: str) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"#{pair[0].run_id} − #{pair[1].run_id}", style="bold")
    epochs = " and ".join(
        f"{matrix.epoch}{' (best)' if matrix.epoch == view.best_epoch else ''}"
        for view, matrix in zip(pair, matrices, strict=True)
    )
    return text.append(f"   epochs {epochs}   {mode}{'' if mode == COUNTS else ', in points'}", style="dim")


def _cell(pair: Pair, matrices: tuple[MatrixView, MatrixView], cell: tuple[int, int]) -> Text:
    row, column = cell
    names = matrices[0].class_names
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"true {named(names, row)}, predicted {named(names, column)}:")
    for view, matrix in zip(pair, matrices, strict=True):
        count, total = matrix.counts[row][column], sum(matrix.counts[row])
        text.append(f"  #{view.run_id} ", style="dim").append(f"{count:,}", style="bold")
        text.append(f" of {total:,}", style="dim")
    return text


def pair_text(pair: Pair, found: "Difference | str") -> Text:
    """`accuracy +.0067 (95 % −.0012 to +.0146) on the same 7,026 images: these weights are not told apart`"""
    text = Text()
    if isinstance(found, str):
        return text.append(plain(found), style="dim")
    paired = found.paired
    text.append(f"accuracy {signed(paired.difference)}", style="bold")
    if paired.low is not None and paired.high is not None:
        text.append(f" (95 % {signed(paired.low)} to {signed(paired.high)})")
    groups = f" of {paired.groups:,} groups" if paired.groups != paired.images else ""
    text.append(f" on the same {paired.images:,} images{groups}: ")
    text.append(_told(paired), style="bold")
    if any(view.is_optimistic for view in pair):
        text.append("; less certain than it says: best epochs chosen on these images", style="dim")
    if found.rule:
        text.append(f"; groups by {found.rule}", style="dim")
    only = f"#{pair[0].run_id} {paired.only_first:,.0f}, only by #{pair[1].run_id} {paired.only_second:,.0f}"
    text.append(f"; correct only by {only}", style="dim")
    return text


def _told(paired: "PairedTest") -> str:
    if paired.p is None:
        return paired.why_not
    return "these weights are told apart" if paired.is_told_apart else "these weights are not told apart"


def signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{decimals(abs(value))}"
