"""Compared runs' numbers and settings, as tables."""

import itertools
from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.metrics.catalogue import numbers
from engine.metrics.metric import SplitMetric
from tui.formatting import decimals, fitted, fitted_end, setting
from tui.plots import INK, MARKERS
from tui.views.compared import Compared, Contender, at_best, at_last
from tui.views.group_view import GroupView
from tui.views.run_view import RunView
from tui.widgets.scrolling import Scrolling

EPOCH, LAST = len(" best epoch"), 8
ENDS = EPOCH + LAST
LEAST_LABEL, MOST_LABEL = 12, 44
MOST_AT_ONCE = 6
"""Numbers beside each other for which a long label is cut."""
LEAST_VALUE, MOST_VALUE = 6, 20


class TablePane(Scrolling, VerticalScroll, can_focus=False):
    """Text that is made anew when the runs or the width change."""

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
    """Return a line for each run or group: its marker and colour, and what tells it from the others; in bold the one
    in the front."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, view in enumerate(compared.views):
        text.append("\n" if number else "")
        text.append(f"{MARKERS[number]} ", style=colour(number))
        state = _state(view)
        is_front = number == compared.front
        text.append(fitted(f"{compared.label(view)}{state}", width - 2), style="bold" if is_front else "")
    return text


def _state(view: Contender) -> str:
    if isinstance(view, GroupView):
        return f"  {view.state}, mean ± 1 sd"
    return f"  {view.status}" if view.status != "done" else ""


def numbers_text(compared: Compared, width: int) -> Text:
    """Write each run's best epoch, its metrics there and the newest test accuracy, in several blocks where need be.

    Of groups: n, the means, and below them the sample standard deviations."""
    known = [each for each in numbers() if each.is_in("compare") and each.split in ("test", "val")]
    known = [each for each in known if any(at_best(view, each.key) is not None for view in compared.views)]
    widest = max(*(cell_len(compared.label(view)) for view in compared.views), len("run"))
    label = min(
        widest, MOST_LABEL, max(width - 2 - ENDS - sum(map(_width, known[:MOST_AT_ONCE])), LEAST_LABEL)
    )
    text = Text(no_wrap=True, overflow="ellipsis")
    is_first = True
    while known or is_first:
        room = width - 2 - label - ENDS
        fitting = sum(total <= room for total in itertools.accumulate(map(_width, known))) or 1
        text.append("" if is_first else "\n\n")
        _add_block(text, compared, label, known[:fitting], is_first=is_first)
        known, is_first = known[fitting:], False
    text.append("\n\n" + "\n".join(_says(view) for view in compared.views))
    for note in compared.notes:
        text.append(f"\n⚠ {note}", style="dim")
    return text


def _add_block(
    text: Text, compared: Compared, label: int, columns: Sequence[SplitMetric], *, is_first: bool
) -> None:
    """Append a table of some metrics; the first one also has the best epoch and the newest test accuracy."""
    heads = "".join(f"{_head(each):>{_width(each)}}" for each in columns)
    before, after = ("best epoch", "last") if is_first else ("", "")
    text.append(f"{'run':{label + 2}}{before:>{EPOCH}}{heads}{after:>{LAST}}".rstrip(), style="dim")
    best = {each.key: _best(compared.views, each) for each in columns}
    for number, view in enumerate(compared.views):
        text.append(f"\n{MARKERS[number]} ", style=colour(number))
        text.append(fitted(compared.label(view), label))
        text.append(f"{_epoch(view) if is_first else '':>{EPOCH}}", style="dim")
        for each in columns:
            value = at_best(view, each.key)
            style = "bold" if value is not None and value == best[each.key] else "dim"
            text.append(f"{decimals(value, each.metric.places):>{_width(each)}}", style=style)
        if is_first:
            text.append(f"{decimals(at_last(view, 'test_acc')):>{LAST}}", style="dim")
        if isinstance(view, GroupView):
            _add_deviations(text, view, label, columns, is_first=is_first)


def _epoch(view: Contender) -> str:
    if isinstance(view, GroupView):
        return f"n {view.group.spread('test_acc').n}"
    return "–" if view.best_epoch is None else str(view.best_epoch)


def _add_deviations(
    text: Text, group: GroupView, label: int, columns: Sequence[SplitMetric], *, is_first: bool
) -> None:
    """Append the line of a group's standard deviations, below its means."""
    text.append(f"\n{'± sd':>{label + 2}}{'':{EPOCH}}", style="dim")
    for each in columns:
        sd = group.group.spread(each.key).sd
        text.append(f"{decimals(sd, each.metric.places):>{_width(each)}}", style="dim")
    if is_first:
        text.append(f"{decimals(group.group.spread('test_acc', 'last').sd):>{LAST}}", style="dim")


def _width(shown: SplitMetric) -> int:
    """Return the width of a column with the space before it."""
    return max(len(_head(shown)), shown.metric.places + 2) + 2


def _head(shown: SplitMetric) -> str:
    """`test`, `kappa`, `val AUC`: accuracy is what a split is named for."""
    return shown.split if shown.metric.name == "acc" else shown.heading


def _best(views: Sequence[Contender], shown: SplitMetric) -> float | None:
    found = [value for view in views if (value := at_best(view, shown.key)) is not None]
    return (min(found) if shown.metric.lower_is_better else max(found)) if len(found) > 1 else None


def _says(view: Contender) -> str:
    if isinstance(view, GroupView):
        found = Counter(_word(member) for member in view.members)
        words = ", ".join(f"{count} {word}" for word, count in found.most_common())
        base = f", baseline {decimals(view.baseline)}" if view.baseline is not None else ""
        return "; ".join([f"{view.short} {words}{base}", *view.group.left_out()])
    base = f", baseline {decimals(view.baseline)}" if view.baseline is not None else ""
    return f"{view.short} {_word(view)}, epoch {view.epoch} of {view.epochs}{base}"


def _word(view: RunView) -> str:
    if view.failure is not None:
        return view.failure.cause
    said = next(iter(view.findings), None)
    return f"{said.sign} {said.headline}".strip() if said is not None else view.status


def settings_text(compared: Compared, width: int) -> Text:
    """Return the settings in which the runs differ, a column for each run or group."""
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
            fitted(view.short, cell - 1), style="bold"
        )
    for name, row in zip(names, values, strict=True):
        text.append(f"\n{fitted(name, head)}", style="dim")
        text.append(" ".join(fitted_end(value, cell) for value in row))
    alike = len(type(compared.views[0].spec).model_fields) - len(names)
    return text.append(f"\n\n{alike} other settings are the same", style="dim")
