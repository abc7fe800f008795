"""Detail of the highlighted run: curve, confusion matrix, findings."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import reactive
from textual.visual import VisualType
from textual.widgets import Static

from tui.detail_view import Curve, Detail, MatrixView, Reference
from tui.formatting import decimals, settings_fitted
from tui.plots import BEST, INK, Chart, PlotWidget, confused_pairs, draw_confusion
from tui.preferences.state import FIRST_CHART
from tui.views.accuracy_chart import accuracy_chart
from tui.views.smoothing import SMOOTHING, strength
from tui.widgets.chart_legend import chart_legend
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.clipped import Clipped
from tui.widgets.findings_text import findings_text
from tui.widgets.text_line import TextLine

TRAIN_LABELS = ("train (running average)", "train (running avg)", "train (avg)", "train")
"""Longest first: the widest that fits is shown."""


PAIRS, PAIR_LINES = 3, 2
"""Pairs of classes that are named below the matrix, and the lines that they take at most."""
BANDS = ("mean, band ± 1 sd", "mean ± 1 sd", "mean ± sd", "± sd")


class CurveLegend(Static):
    """Legend with the newest values, in as many words as there is room for."""

    view: reactive[Curve | None] = reactive(None)
    smoothing: reactive[int] = reactive(0)
    beside: reactive[str] = reactive("")
    """Words for the pinned run; empty where none is."""
    chart: reactive[Chart | None] = reactive(None)
    """Chart that names its own lines; None for that of accuracy."""

    def render(self) -> Text:
        if self.chart is not None:
            return chart_legend(self.chart)
        if self.view is None:
            return Text("")
        says = f"  smoothed {SMOOTHING[self.smoothing]:g}" if self.smoothing else ""
        text = legend(self.view, self.size.width - len(says), self.beside).append(says, style="dim")
        return text if text.cell_len <= self.size.width else legend(self.view, self.size.width, self.beside)


class ConfusionPlot(PlotWidget):
    """Predictions by true class."""

    view: reactive[MatrixView | None] = reactive(None)

    def render(self) -> VisualType:
        if self.view is None:
            return Text("no epoch has been measured yet", style="dim")
        draw_confusion(self.plt, self.view, self.size.width, self.size.height)
        return self.drawn()


class ConfusionPane(Vertical):
    """Matrix with what it is of, and the most confused pairs below it where the plot keeps two lines a class."""

    def __init__(self) -> None:
        super().__init__(id="matrix-pane")
        self._view: MatrixView | None = None

    def compose(self) -> ComposeResult:
        yield TextLine("matrix-title")
        yield ConfusionPlot(id="matrix")
        yield Clipped("confused", "enter 2")

    def show(self, view: MatrixView | None) -> None:
        self._view = view
        self.styles.max_height = _lines(view) + 1 + PAIR_LINES
        self.query_one(ConfusionPlot).view = view
        self._say()

    def on_resize(self) -> None:
        self._say()

    def _say(self) -> None:
        pairs = confused_pairs(self._view, PAIRS) if self._view is not None else []
        has_room = self.size.height > _lines(self._view) + PAIR_LINES
        line = self.query_one("#confused", Clipped)
        line.display = has_room and bool(pairs)
        line.say(Text(f"most confused: {'; '.join(pairs)}", style="dim"))
        title = _matrix_title(self._view, self.size.width, "" if has_room else next(iter(pairs), ""))
        self.query_one("#matrix-title", TextLine).say(title)


def _lines(view: MatrixView | None) -> int:
    """Return the height of a matrix with two lines a class."""
    return 2 * len(view.counts) + 1 if view is not None else 1


class Title(TextLine):
    """Title of the pane, which is dragged where the table is above it: no mouse selects its text."""

    ALLOW_SELECT = False


class DetailPane(Vertical):
    """Pane of the highlighted run; hidden where there is none. Its edge is dragged: no mouse selects text there."""

    ALLOW_SELECT = False

    def compose(self) -> ComposeResult:
        yield Title("title")
        with Container(id="plots"):
            with Vertical(id="curve-pane"):
                yield CurveLegend(id="legend")
                yield ChartPlot(id="curve")
            yield ConfusionPane()
        yield Clipped("findings", "enter 4")

    def __init__(self, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._detail: Detail | None = None
        self._reference: Reference | None = None
        self._smoothing = 0
        self._chart = FIRST_CHART

    def on_resize(self) -> None:
        self._say_title()

    def smooth(self, smoothing: int) -> None:
        """Smooth the curve from now on; `smoothing`: place in SMOOTHING."""
        self._smoothing = strength(smoothing)
        self._draw_curve()

    def show_chart(self, key: str) -> None:
        """Show another chart from now on, of runs whose curves are known."""
        self._chart = key
        self._draw_curve()

    def _draw_curve(self) -> None:
        if self._detail is not None:
            pinned = self._reference
            same = pinned if pinned is not None and pinned.data == self._detail.data else None
            line = self.query_one(CurveLegend)
            line.view, line.smoothing = self._detail.curve, self._smoothing
            line.beside = beside(pinned, is_same_data=same is not None) if pinned is not None else ""
            line.chart = self._chosen_chart(self._detail, same)
            self.query_one(ChartPlot).chart = line.chart or accuracy_chart(
                self._detail.curve, self._smoothing, same
            )

    def _chosen_chart(self, detail: Detail, reference: Reference | None) -> Chart | None:
        """Return the chosen chart where it is another than that of accuracy; None for a group, which has no other."""
        if self._chart == FIRST_CHART or not detail.curves:
            return None
        from tui.views.home_chart import home_chart  # and the catalogue of metrics with it

        return home_chart(self._chart, detail.curves, detail.curve, self._smoothing, reference)

    def _say_title(self) -> None:
        """Write the title; where its end would be cut, with shorter names of settings."""
        if self._detail is None:
            return
        line = self.query_one("#title", TextLine)
        text, settings = self._detail.title, self._detail.settings
        if 0 < line.size.width < cell_len(text):
            before = text.find(settings)
            text = text.replace(settings, settings_fitted(settings, line.size.width - before), 1)
        line.say(Text(text, no_wrap=True, overflow="ellipsis"))

    def show(self, detail: Detail | None, reference: Reference | None = None) -> None:
        """`reference`: the pinned run, which is drawn where it has the same data."""
        self.display, self._detail, self._reference = detail is not None, detail, reference
        if detail is None:
            return
        self._say_title()
        self._draw_curve()
        self.query_one(ConfusionPane).show(detail.matrix)
        says = findings_text(detail.findings, self.app.theme_variables)
        if detail.numbers:
            says = Text(detail.numbers, style="bold").append_text(Text("\n")).append_text(says)
        self.query_one("#findings", Clipped).say(says)


def beside(pinned: Reference, *, is_same_data: bool) -> str:
    """Write `╌ #3 .8269` of the pinned run, or that its accuracy is of other images."""
    value = decimals(pinned.points[-1][1] if pinned.points else None)
    return f"  ╌ {pinned.name} {value}" if is_same_data else f"  {pinned.name} other data"


def legend(curve: Curve, width: int, pinned: str = "") -> Text:
    """Name the lines with their newest values, the best epoch, and the `pinned` run. Train accuracy is a running
    average over the epoch, and says so."""
    return _legend(curve, width - len(pinned)).append(pinned, style="dim")


def _legend(curve: Curve, width: int) -> Text:
    train, test = (decimals(_latest(values)) for values in (curve.train, curve.test))
    if curve.mean_of:
        return _group_legend(curve, train, test, width)
    best = _best_shown(curve, width)
    fixed = len(f"━ {TRAIN_LABELS[-1]} {train}  ━ test {test}{best}") - len(TRAIN_LABELS[-1])
    label = next((each for each in TRAIN_LABELS if fixed + len(each) <= width), TRAIN_LABELS[-1])
    head = next((each for each in ("accuracy  ", "acc  ") if len(each) + fixed + len(label) <= width), "")
    marks = ("━", "━") if INK.has_hues else ("○", "●")
    text = Text.assemble((head, "dim"), no_wrap=True, overflow="ellipsis")
    # What is more than fits: first the best gives way, then train's value.
    over = max(fixed + len(label) - width, 0)
    best, over = ("", over - len(best)) if over else (best, 0)
    text.append(f"{marks[0]} {label}", style=_rgb(INK.train)).append("" if over > 0 else f" {train}")
    text.append(f"  {marks[1]} test ", style=_rgb(INK.test)).append(test)
    return text.append(best, style=_rgb(INK.test))


def _best_shown(curve: Curve, width: int) -> str:
    """Write the best epoch's test accuracy after the newest one, in as many words as there is room for."""
    if curve.best is None:
        return ""
    epoch, value = curve.best
    if epoch == curve.epochs[-1]:
        return f" {BEST} best"
    longest = f" last  {BEST} best {decimals(value)} in epoch {epoch}"
    rest = len("━ train .0000  ━ test .0000")
    shown = (longest, f" last  {BEST} best {decimals(value)} ({epoch})", f"  {BEST} {decimals(value)}")
    return next((each for each in shown if rest + len(each) <= width), shown[-1])


def _group_legend(curve: Curve, train: str, test: str, width: int) -> Text:
    """Name the means with their newest values, the band, and how many runs they are of."""
    marks = ("━", "━") if INK.has_hues else ("○", "●")
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{marks[1]} test ", style=_rgb(INK.test)).append(test)
    n = f" of {curve.mean_of}"
    band = next(
        (each for each in BANDS if len(text) + len(each) + len(n) + len(f"  ━ train {train}") <= width),
        BANDS[-1],
    )
    text.append(f" {band}{n}" if curve.epochs else "", style="dim")
    return text.append(f"  {marks[0]} train ", style=_rgb(INK.train)).append(train)


def _latest(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _rgb(colour: tuple[int, int, int]) -> str:
    return f"rgb({','.join(map(str, colour))})"


def _images(view: MatrixView) -> str:
    """Write `5 × 201` where each run predicted equally many images."""
    each, rest = divmod(view.images, view.sum_of)
    return f"{view.images:,}" if rest else f"{view.sum_of} × {each:,}"


def _matrix_title(view: MatrixView | None, width: int, pair: str) -> Text:
    """Say what the matrix is of; with the most confused pair, where one is given and fits."""
    if view is None:
        return Text("confusion", style="dim")
    if view.pooled:
        name, what, n = "", view.pooled, f"n {view.images:,}"
    elif view.sum_of:
        name, what, n = "confusion  ", f"sum of {view.sum_of}", f"n {_images(view)}"
    else:
        name, what, n = "confusion  ", f"epoch {view.epoch}", f"n {view.images:,}"
    with_pair = (f"{what}  {n}  {pair}", f"{what}  {pair}") if pair else ()
    whole = f"{name}{what}  {n}  row share"
    text = next((each for each in with_pair if cell_len(each) <= width), whole)
    return Text(text, style="dim", no_wrap=True, overflow="ellipsis")
