"""The compared runs' numbers and settings, as tables."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.formatting import decimals, fitted, fitted_end, setting
from tui.plots import INK, MARKERS
from tui.views.compared import Compared, at_best, at_last
from tui.views.run_view import RunView
from tui.widgets.scrolling import Scrolling

EPOCH = len(" best epoch")
COLUMN = 9
"""Of a number, with the space before it."""
MOST_LABEL = 44
LEAST_VALUE, MOST_VALUE = 6, 20
NUMBERS: tuple[tuple[str, str, bool], ...] = (
    # heading, curve, whether less is better; those that tell the most come first: where room is short, the end is cut
    ("test", "test_acc", False),
    ("balanced", "balanced_acc", False),
    ("kappa", "kappa", False),
    ("F1", "macro_f1", False),
    ("nll", "test_nll", True),
    ("val", "val_acc", False),
)


class TablePane(Scrolling, VerticalScroll, can_focus=False):
    """A text that is made anew when the runs or the width change."""

    def __init__(self, page: str) -> None:
        super().__init__(id=page)
        self._compared: Compared | None = None

    def compose(self) -> ComposeResult:
        yield Static(id=f"{self.id}-text", markup=False)

    def show(self, compared: Compared) -> None:
        self._compared = compared
        self.draw()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        if self._compared is not None and self.size.width:
            make = numbers_text if self.id == "numbers" else settings_text
            self.query_one(f"#{self.id}-text", Static).update(make(self._compared, self.size.width))


def colour(number: int) -> str:
    return f"rgb({','.join(map(str, INK.runs[number]))})"


def key_text(compared: Compared, width: int) -> Text:
    """A line for each run: its marker and colour, and what tells it from the others."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, view in enumerate(compared.views):
        text.append("\n" if number else "")
        text.append(f"{MARKERS[number]} ", style=colour(number))
        state = f"  {view.status}" if view.status != "done" else ""
        text.append(fitted(f"{compared.label(view)}{state}", width - 2))
    return text


def numbers_text(compared: Compared, width: int) -> Text:
    """Each run's epoch and numbers: those at its best epoch, then the newest test accuracy."""
    labels = [compared.label(view) for view in compared.views]
    known = [each for each in NUMBERS if any(at_best(view, each[1]) is not None for view in compared.views)]
    widest = max(max(map(cell_len, labels)), len("run"))
    most = max((width - 2 - EPOCH - COLUMN) // COLUMN, 1)
    label = min(widest, MOST_LABEL, max(width - 2 - EPOCH - COLUMN * (len(known[:most]) + 1), 12))
    columns = known[: max((width - 2 - label - EPOCH - COLUMN) // COLUMN, 1)]
    text = Text(no_wrap=True, overflow="ellipsis")
    heads = "".join(f"{head:>{COLUMN}}" for head, _, _ in columns)
    text.append(f"{'run':{label + 2}}{'best epoch':>{EPOCH}}{heads}{'last':>{COLUMN}}", style="dim")
    best = {curve: _best(compared.views, curve, less=less) for _, curve, less in columns}
    for number, view in enumerate(compared.views):
        text.append(f"\n{MARKERS[number]} ", style=colour(number))
        text.append(fitted(labels[number], label))
        text.append(f"{'–' if view.best_epoch is None else view.best_epoch:>{EPOCH}}", style="dim")
        for _, curve, _ in columns:
            value = at_best(view, curve)
            style = "bold" if value is not None and value == best[curve] else "dim"
            text.append(f"{decimals(value):>{COLUMN}}", style=style)
        text.append(f"{decimals(at_last(view, 'test_acc')):>{COLUMN}}", style="dim")
    text.append("\n\n" + "\n".join(_says(view) for view in compared.views))
    for note in compared.notes:
        text.append(f"\n⚠ {note}", style="dim")
    return text


def _best(views: Sequence[RunView], curve: str, *, less: bool) -> float | None:
    found = [value for view in views if (value := at_best(view, curve)) is not None]
    return (min(found) if less else max(found)) if len(found) > 1 else None


def _says(view: RunView) -> str:
    word = view.failure.cause if view.failure else view.verdict.word or view.status
    base = f", baseline {decimals(view.baseline)}" if view.baseline is not None else ""
    return f"#{view.run_id} {word}, epoch {view.epoch} of {view.epochs}{base}"


def settings_text(compared: Compared, width: int) -> Text:
    """The settings in which the runs differ, a column for each run."""
    names = compared.differing
    text = Text(no_wrap=True, overflow="ellipsis")
    if not names:
        return text.append("all settings are the same", style="dim")
    head = max(map(len, names)) + 2
    room = (width - head) // len(compared.views) - 1
    values = [[setting(getattr(view.spec, name)) for view in compared.views] for name in names]
    widest = max(cell_len(value) for row in values for value in row)
    cell = min(max(min(widest, room), LEAST_VALUE), MOST_VALUE)
    text.append(f"{'':{head}}")
    for number, view in enumerate(compared.views):
        text.append(f"{MARKERS[number]} ", style=colour(number)).append(
            fitted(f"#{view.run_id}", cell - 1), style="bold"
        )
    for name, row in zip(names, values, strict=True):
        text.append(f"\n{fitted(name, head)}", style="dim")
        text.append(" ".join(fitted_end(value, cell) for value in row))
    alike = len(type(compared.views[0].spec).model_fields) - len(names)
    return text.append(f"\n\n{alike} other settings are the same", style="dim")
