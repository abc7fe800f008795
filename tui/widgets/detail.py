"""The highlighted run: its curve, its confusion matrix, and what the numbers say."""

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import reactive
from textual.widgets import Static

from engine.metrics.metric import SPLIT_HEADINGS, SPLIT_WORDS
from tui.formatting import decimals
from tui.plots import INK, PlotextPlot, draw_accuracy, draw_confusion
from tui.snapshot import Curve, Detail, MatrixView, Verdict
from tui.widgets.clipped import Clipped
from tui.widgets.line import Line


class AccuracyPlot(PlotextPlot):
    """Train and test accuracy per epoch."""

    view: reactive[Curve | None] = reactive(None)

    def render(self) -> Text:
        if self.view is None:
            return Text("")
        draw_accuracy(self.plt, self.view, self.size.width, self.size.height)
        return super().render()  # type: ignore[return-value]


class CurveLegend(Static):
    """What the lines are and their latest values, in as many words as there is room for."""

    view: reactive[Curve | None] = reactive(None)

    def render(self) -> Text:
        return Text("") if self.view is None else legend(self.view, self.size.width)


class ConfusionPlot(PlotextPlot):
    """Answers by true class."""

    view: reactive[MatrixView | None] = reactive(None)

    def render(self) -> Text:
        if self.view is None:
            return Text("no epoch has been measured yet", style="dim")
        draw_confusion(self.plt, self.view, self.size.width, self.size.height)
        return super().render()  # type: ignore[return-value]


class DetailPane(Vertical):
    """Draws one Detail, or says what to do where there is no run."""

    def compose(self) -> ComposeResult:
        yield Line("title")
        with Container(id="plots"):
            with Vertical(id="curve-pane"):
                yield CurveLegend(id="legend")
                yield AccuracyPlot(id="curve")
            with Vertical(id="matrix-pane"):
                yield Line("matrix-title")
                yield ConfusionPlot(id="matrix")
        yield Clipped("verdict", "enter 4")

    def show(self, detail: Detail | None) -> None:
        self.display = detail is not None
        if detail is None:
            return
        self.query_one("#title", Line).say(Text(detail.title, no_wrap=True, overflow="ellipsis"))
        self.query_one(CurveLegend).view = detail.curve
        self.query_one(AccuracyPlot).view = detail.curve
        self.query_one("#matrix-title", Line).say(_matrix_title(detail.matrix))
        self.query_one(ConfusionPlot).view = detail.matrix
        classes = len(detail.matrix.counts) if detail.matrix else 1
        self.query_one("#matrix-pane").styles.max_height = 2 * classes + 2
        self.query_one("#verdict", Clipped).say(verdict_text(detail.verdict, self.app.theme_variables))


def verdict_text(verdict: Verdict, theme: Mapping[str, str]) -> Text:
    """What to do comes before why: where room is short, the end is cut."""
    colour = theme["error" if verdict.bad else "success"]
    text = Text.assemble((verdict.word, f"bold {colour}" if verdict.word != "waiting" else "dim"))
    if verdict.suggestion:
        text.append(f"  ▸ {verdict.suggestion}", style="bold")
    if verdict.evidence:
        text.append(f"  {verdict.evidence}")
    return text


def legend(curve: Curve, width: int) -> Text:
    """The lines and their latest values; where there is room the train line says how it is measured."""
    words = (SPLIT_WORDS["train"], SPLIT_HEADINGS["train"], "train")
    texts = [_lines(curve, word) for word in words]
    found = next((text for text in texts if len(text) <= width), texts[-1])
    head = next((word for word in ("accuracy  ", "acc  ") if len(word) + len(found) <= width), "")
    return Text.assemble((head, "dim"), found, no_wrap=True, overflow="ellipsis")


def _lines(curve: Curve, train: str) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    for name, values, colour in ((train, curve.train, INK.train), ("test", curve.test, INK.test)):
        latest = next((value for value in reversed(values) if value is not None), None)
        mark = "━" if INK.has_hues else "●" if name == "test" else "○"
        text.append(
            f"  {mark} {name} " if text else f"{mark} {name} ", style=f"rgb({','.join(map(str, colour))})"
        )
        text.append(decimals(latest))
    return text


def _matrix_title(view: MatrixView | None) -> Text:
    if view is None:
        return Text("confusion", style="dim")
    text = f"confusion  epoch {view.epoch}  n {view.images:,}  row share"
    return Text(text, style="dim", no_wrap=True, overflow="ellipsis")
