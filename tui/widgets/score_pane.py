"""Page of scores: ROC, precision-recall, reliability and histogram, with a table of numbers beside the drawing."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.visual import VisualType
from textual.widgets import Static

from engine.files.paths import Home
from tui.feeds.reader_thread import start_once
from tui.formatting import fitted, plain
from tui.plots import (
    MirrorBars,
    PlotWidget,
    ReliabilityBars,
    draw_mirror,
    draw_reliability,
    draw_square,
)
from tui.views.cell_images import window
from tui.views.compared import Compared
from tui.views.compared_scores import COMPARED_KINDS, compared_picture, names_of, shown_which
from tui.views.run_scores import RunScores, ScoreState, known_of, run_picture, shown_curves, shown_split
from tui.views.run_view import RunView
from tui.views.score_picture import KINDS, Drawing, ScorePicture, places_of

if TYPE_CHECKING:
    from engine.queries.image_groups import GroupReader

READING = "reading the scores …"
NAME_CELLS = 18
"""Most characters of a class's name."""
Asked = tuple[int, int | None, str, int]
"""Run, best epoch, status and epoch: what its files depend on."""


class ScorePlot(PlotWidget):
    drawing: reactive[Drawing] = reactive[Drawing](READING)

    def render(self) -> VisualType:
        drawing, width, height = self.drawing, self.size.width, self.size.height
        if isinstance(drawing, str):
            return Text(plain(drawing), style="dim")
        if isinstance(drawing, ReliabilityBars):
            draw_reliability(self.plt, drawing, width, height)
        elif isinstance(drawing, MirrorBars):
            draw_mirror(self.plt, drawing, width, height)
        else:
            draw_square(self.plt, drawing, width, height)
        return self.drawn()


class ScoreBoard(Vertical):
    """Heading, drawing, table and the line below: all that a picture has."""

    def compose(self) -> ComposeResult:
        yield Static(id="scores-head", markup=False)
        with Horizontal(id="scores-body"):
            yield ScorePlot(id="scores-plot")
            yield Static(id="scores-table", markup=False)
        yield Static(id="scores-says", markup=False)

    def draw(self, picture: ScorePicture, kinds: tuple[str, ...] = KINDS) -> None:
        self.query_one("#scores-head", Static).update(head_text(picture, kinds))
        self.query_one(ScorePlot).drawing = picture.drawing
        table = self.query_one("#scores-table", Static)
        table.display = bool(picture.rows)
        table.update(table_text(picture, max(table.size.height, 4)))
        self.query_one("#scores-says", Static).update(Text(plain(picture.says), style="dim", no_wrap=True))


class ScorePane(Vertical):
    """Scores of one run or of several: reads their files in a thread, draws a picture, takes the keys."""

    KINDS: ClassVar[tuple[str, ...]] = KINDS

    class Read(Message):
        """Curves of runs, as their files were when they were asked for."""

        def __init__(self, found: "Mapping[int, tuple[Asked, RunScores]]") -> None:
            super().__init__()
            self.found = found

    def __init__(self, home: Home, crashed: Callable[[Exception], object]) -> None:
        """`crashed` takes an unexpected error of a reading, in its thread."""
        super().__init__(id="roc")
        self._home, self._crashed = home, crashed
        self.scores: dict[int, RunScores] = {}
        self._asked: dict[int, Asked] = {}
        self._is_reading = False
        self._groups: GroupReader | None = None
        self.score_state = ScoreState()

    def compose(self) -> ComposeResult:
        yield ScoreBoard()

    # What the kinds of pages differ in

    @property
    def views(self) -> Sequence[RunView]:
        raise NotImplementedError

    def picture(self) -> ScorePicture:
        raise NotImplementedError

    @property
    def targets(self) -> int:
        """Number of classes to choose from."""
        raise NotImplementedError

    # Reading

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def ask(self) -> None:
        """Read the files that may have changed; while a run trains they may come after its row."""
        wanted = {view.run_id: view for view in self.views if asked_of(view) != self._asked.get(view.run_id)}
        if wanted and not self._is_reading:
            self._is_reading = True
            start_once("scores", partial(self._read, list(wanted.values())), self._crashed)

    def _read(self, views: Sequence[RunView]) -> None:
        from engine.queries.image_groups import GroupReader
        from tui.feeds.score_reader import read_run_scores

        groups = self._groups = self._groups or GroupReader(self._home)  # one thread reads at a time
        found = {view.run_id: (asked_of(view), read_run_scores(self._home, groups, view)) for view in views}
        self.post_message(self.Read(found))

    def on_score_pane_read(self, message: Read) -> None:
        self._is_reading = False
        behind = False
        for run_id, (asked, scores) in message.found.items():
            is_behind = isinstance(scores.best, str) and asked[2] == "running"
            behind |= is_behind
            if not is_behind or run_id not in self.scores:
                self.scores[run_id] = scores
            if not is_behind:
                self._asked[run_id] = asked
        if not behind:
            self.ask()
        self.draw()

    def draw(self) -> None:
        if self.is_attached and self.scores:
            self.query_one(ScoreBoard).draw(self.picture(), self.KINDS)

    def look(self, state: ScoreState) -> None:
        self.score_state = state
        self.draw()

    # What keys do

    def do_next(self) -> None:
        self.look(self.score_state.next_kind(1, self.KINDS))

    def do_previous(self) -> None:
        self.look(self.score_state.next_kind(-1, self.KINDS))

    def do_up(self) -> None:
        self.look(self.score_state.next_target(-1, self.targets))

    def do_down(self) -> None:
        self.look(self.score_state.next_target(1, self.targets))

    def do_split(self) -> None:
        """Look at the same of other images, or of the other epoch."""
        self.look(self.score_state.next_which(len(known_of(self.scores.values()))))


class RunScorePane(ScorePane):
    """Scores of the opened run, with a cursor that reads values."""

    def __init__(self, home: Home, crashed: Callable[[Exception], object]) -> None:
        super().__init__(home, crashed)
        self._view: RunView | None = None

    def show(self, view: RunView) -> None:
        self._view = view
        self.ask()
        self.draw()

    @property
    def views(self) -> Sequence[RunView]:
        return [self._view] if self._view is not None else []

    @property
    def _own(self) -> RunScores | None:
        return next(iter(self.scores.values()), None)

    def picture(self) -> ScorePicture:
        assert self._own is not None
        return run_picture(self._own, self.score_state)

    @property
    def targets(self) -> int:
        found = shown_split(self._own, self.score_state) if self._own is not None else None
        return len(found[1].of) if found is not None else 0

    def do_left(self) -> None:
        self._move(-1)

    def do_right(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        curves = shown_curves(self._own, self.score_state) if self._own is not None else None
        if curves is not None:
            self.look(self.score_state.move(by, places_of(curves, self.score_state.kind)))


class ComparedScorePane(ScorePane):
    """Scores of compared runs: one line a run, in the colour of its group, of one class at a time."""

    KINDS = COMPARED_KINDS

    def __init__(self, home: Home, crashed: Callable[[Exception], object]) -> None:
        super().__init__(home, crashed)
        self._compared: Compared | None = None

    def show(self, compared: Compared) -> None:
        self._compared = compared
        self.ask()
        self.draw()

    @property
    def views(self) -> Sequence[RunView]:
        return [view for _, view in self._compared.runs] if self._compared is not None else ()

    def picture(self) -> ScorePicture:
        assert self._compared is not None
        return compared_picture(self._compared, self.scores, self.score_state)

    @property
    def targets(self) -> int:
        return len(names_of(self.scores, shown_which(self.scores, self.score_state)))


def asked_of(view: RunView) -> Asked:
    return view.run_id, view.best_epoch, view.status, view.epoch


def head_text(picture: ScorePicture, kinds: tuple[str, ...]) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    for kind in kinds:
        text.append(f" {kind} ", style="bold reverse" if kind == picture.kind else "dim")
    return text.append(f"   {plain(picture.about)}", style="dim")


def table_text(picture: ScorePicture, room: int) -> Text:
    """Write the table in `room` lines, with the chosen row among them."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if not picture.rows:
        return text
    names = [fitted_name(row.name) for row in picture.rows]
    wide = max(map(cell_len, names))
    widths = [
        max(len(head), *(len(row.cells[place]) for row in picture.rows))
        for place, head in enumerate(picture.columns)
    ]
    heads = "".join(f"  {head:>{width}}" for head, width in zip(picture.columns, widths, strict=True))
    text.append(f"{'':{wide + 2}}{heads}", style="dim")
    at = next((number for number, row in enumerate(picture.rows) if row.is_chosen), 0)
    for number in window(len(picture.rows), at, room - 1):
        row, name = picture.rows[number], names[number]
        colour = "" if row.colour is None else f"rgb({','.join(map(str, row.colour))})"
        mark = row.marker or ("━" if row.colour is not None else " ")
        text.append(f"\n{mark} ", style=colour)
        cells = "".join(f"  {cell:>{width}}" for cell, width in zip(row.cells, widths, strict=True))
        text.append(f"{fitted(name, wide)}{cells}", style="bold" if row.is_chosen else "dim")
    return text


def fitted_name(name: str) -> str:
    text = plain(name)
    return text if cell_len(text) <= NAME_CELLS else fitted(text, NAME_CELLS)
