"""Spec of the opened run: its name and all its findings, then its settings.

Settings that differ from the defaults, or from another run's, come first."""

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.spec.grid import make_spec
from engine.spec.run_spec import FIELDS, GROUP_OF, RunSpec
from engine.time_line import TimeLine
from tui.detail_view import FindingView
from tui.formatting import seconds, setting
from tui.views.progress_cell import bar
from tui.views.run_view import RunView
from tui.widgets.failure import failure_text
from tui.widgets.findings_text import whole_text
from tui.widgets.scrolling import Scrolling

NAME_CELLS = 20
PHASE_CELLS, SECONDS_CELLS, BAR_CELLS = 38, 9, 14


class SpecPane(Scrolling, VerticalScroll, can_focus=False):
    def __init__(self) -> None:
        super().__init__(id="spec")
        self._view: RunView | None = None
        self._other: tuple[int, RunSpec] | None = None
        self._findings: tuple[FindingView, ...] = ()
        self._said: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(id="spec-text", markup=False)

    def show(self, view: RunView, findings: tuple[FindingView, ...]) -> None:
        said = view.spec, view.facts, view.name, view.failure, view.time_line, findings
        if said != self._said:
            self._said, self._view, self._findings = said, view, findings
            self._draw()

    def compare(self, run_id: int, spec: RunSpec) -> None:
        self._other = run_id, spec
        self._draw()

    def _draw(self) -> None:
        if self._view is not None:
            known = _known(self._view, self._findings, self.app.theme_variables)
            self.query_one("#spec-text", Static).update(known.append_text(spec_text(self._view, self._other)))


def _known(view: RunView, findings: Sequence[FindingView], theme: Mapping[str, str]) -> Text:
    """Write what other pages cut where room is short."""
    text = Text()
    if view.name:
        text.append(f"{view.name}\n\n")
    if view.failure is not None:
        return text.append_text(failure_text(view.failure, theme, len(view.failure.last_lines))).append(
            "\n\n"
        )
    return text.append_text(whole_text(findings, theme))


def spec_text(view: RunView, other: tuple[int, RunSpec] | None) -> Text:
    spec = view.spec
    against = other[1] if other is not None else make_spec({"data": spec.data, "optimizer": spec.optimizer})
    named = f"#{other[0]}" if other is not None else "the defaults"
    theirs = f"#{other[0]}" if other is not None else "default"
    differing = [name for name in FIELDS if getattr(spec, name) != getattr(against, name)]
    text = Text()
    text.append(
        f"{len(differing) or 'nothing'} differ{'s' if len(differing) < 2 else ''} from {named}\n",
        style="bold",
    )
    for name in differing:
        text.append(f"{name:<{NAME_CELLS}}")
        text.append(setting(getattr(spec, name)), style="bold")
        text.append(f"   {theirs} {setting(getattr(against, name))}\n", style="dim")
    if view.time_line is not None:
        text.append_text(time_text(view.time_line))
    group = ""
    for name in FIELDS:
        if name in differing:
            continue
        if GROUP_OF[name] != group:
            group = GROUP_OF[name]
            text.append(f"\n{group}\n", style="bold dim")
        text.append(f"{name:<{NAME_CELLS}}{setting(getattr(spec, name))}\n", style="dim")
    text.append("\nRun\n", style="bold dim")
    for name, value in view.facts:
        text.append(f"{name:<{NAME_CELLS}}{value}\n", style="dim")
    return text


def time_text(line: TimeLine) -> Text:
    """Write the seconds and the share of each phase, with a bar."""
    text = Text("\nTime line", style="bold dim")
    several = f" in {line.attempts} attempts" if line.attempts > 1 else ""
    text.append(f"   {seconds(line.wall_s)}{several}\n", style="not bold dim")
    for each in line.phases:
        row = (
            f"{each.words:<{PHASE_CELLS}}{seconds(each.seconds):>{SECONDS_CELLS}}{100 * each.share:6.1f} %  "
        )
        text.append(f"{row}{bar(each.share, BAR_CELLS)}\n", style="dim")
    return text
