"""New-experiment form: what is wrong stands beside its field, what will be queued below."""

from collections.abc import Mapping, Sequence
from functools import partial

from rich.text import Text
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from engine.files.paths import Home
from engine.preflight.imagenet_files import missing_weights
from engine.spec.archs import DEFAULT_ARCH
from engine.spec.grid import split_list
from engine.spec.run_spec import RunSpec
from engine.text import is_hidden
from tui.feeds.reader_thread import ReaderThread, start_once
from tui.formatting import plain
from tui.forms.estimate import Measured
from tui.forms.form import Checked, check, defaults, preview
from tui.forms.form_report import FormReport, queue_form, report_on
from tui.forms.form_words import ARCH, INPUTS, MORE, form_setting
from tui.preferences.state import remember_form
from tui.screens.app_port import AppPort, port_of
from tui.screens.form_choices import FieldChoices
from tui.store_calls import Refused
from tui.textual_internals import Dialog
from tui.widgets.clipped import Clipped
from tui.widgets.form_fields import FieldSuggester, FormField
from tui.widgets.form_summary import CHECKING, problem_lines, summary_line

REMEMBERED = tuple(name for name, *_ in INPUTS if name != "name")
FIRST_DATA = "digits"
REPORT_AFTER_S = 0.3
"""Without a change, before files are looked at: a folder may hold many."""
NOT_QUEUED = "nothing is queued: "
MOST_SHOWN = 50
"""Runs in the preview."""


class NewRunScreen(Dialog[tuple[int, ...] | None]):
    """Gives the new ids, or None when left."""

    BINDINGS = [
        Binding("escape", "leave", "back"),
        # With priority the focus moves before the next key is looked at: keys that come in a burst, as over a
        # slow line, go where they were meant to.
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]
    AUTO_FOCUS = "#data"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]

    class Reported(Message):
        def __init__(self, report: FormReport) -> None:
            super().__init__()
            self.report = report

    def __init__(self, home: Home, texts: Mapping[str, str], heading: str = "New experiment") -> None:
        """`texts`: what the fields begin with."""
        super().__init__()
        self._home, self._heading = home, heading
        self._begun = {"data": FIRST_DATA, ARCH: DEFAULT_ARCH, **texts}
        self._choices = FieldChoices()
        self._asked: dict[str, str] = {}
        """Texts that the latest report was asked for."""
        self._checked = Checked({}, ())
        self._report: FormReport | None = None
        """Preflight report of the current form; None while preflight runs."""
        self._last: FormReport | None = None
        """Latest report, also of an earlier form."""
        self._measured: Measured | None = None
        self._timer: Timer | None = None
        self.left_with: dict[str, str] = {}
        """Texts of a form that was left though something was typed."""
        self.warnings: tuple[str, ...] = ()
        """Warnings about the runs that were queued."""
        self._refused = ""
        """Reason that enter queued nothing; empty once something changes."""
        self._adding = False
        self._waits = False
        """True where enter was pressed before the report arrived."""

    def compose(self) -> ComposeResult:
        with Vertical(id="form"):
            yield Static(self._heading, classes="heading", markup=False)
            for name, label, hint in INPUTS:
                with Horizontal(classes="field"):
                    yield Static(label, classes="label")
                    suggester = FieldSuggester(self._home, name)
                    yield FormField(self._begun.get(name, ""), id=name, compact=True, suggester=suggester)
                    yield Static(hint, id=f"{name}-says", classes="says", markup=False)
            yield Clipped("summary")
            yield self._choices.list
            with VerticalScroll(id="preview-pane", can_focus=False):
                yield Static("", id="preview", markup=False)
            yield self._choices.keys

    def on_mount(self) -> None:
        self._reports = ReaderThread[tuple[dict[str, str], Checked]](
            "form report", self._make_report, port_of(self).raise_from_thread
        )
        self._changed()
        self._ask()

    def on_unmount(self) -> None:
        self._reports.stop()

    @property
    def _is_there(self) -> bool:
        """True while the form's widgets are mounted."""
        return self.is_mounted and bool(self.query("#preview"))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if any(map(is_hidden, event.value)):
            # Pasted text may hold what steers the terminal: the field takes what can be seen.
            event.input.value = "".join(each for each in event.value if not is_hidden(each))
            return
        is_news = self._texts() != self._asked  # a new field with its first text sends this event too
        if event.input.id != "name" and is_news:
            self._changed()
            self._choices.offer(self.focused)

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        """Show below, uncut, what stands beside the field with the focus, and what may be typed there."""
        if self._is_there:
            self._choices.offer(self.focused)
            self._summarise()

    def action_move(self, by: int) -> None:
        """Highlight another choice where some are listed, else go to another field."""
        if not self._choices.move(self.focused, by):
            self.focus_next() if by > 0 else self.focus_previous()

    def _changed(self) -> None:
        """Check the texts by themselves now, and files and run table once nothing more changes."""
        self._waits, self._report, self._refused = False, None, ""
        self._asked = self._texts()
        self._checked = check(self._asked)
        self._draw()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(REPORT_AFTER_S, self._ask)

    def _ask(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._reports.ask((self._asked, self._checked))

    def _make_report(self, question: tuple[dict[str, str], Checked]) -> None:
        """Make a report, in its thread."""
        self.post_message(self.Reported(report_on(self._home, *question, self._measured)))

    def on_new_run_screen_reported(self, message: Reported) -> None:
        report = message.report
        self._measured = report.measured
        if not self._is_there or report.texts != self._texts():
            return
        self._report = self._last = report
        self._draw()
        if self._waits:
            self.action_queue()

    @on(Input.Submitted)
    def _entered(self) -> None:
        if not self._choices.take(self.focused):
            self.action_queue()

    def action_queue(self) -> None:
        problems = self._problems()
        self._waits = not problems and self._report is None
        if self._waits or self._adding:
            return
        if problems:
            first = next((name for name, *_ in INPUTS if name in problems), None)
            if first is not None:
                self.query_one(f"#{first}", Input).focus()
            self._refused = NOT_QUEUED
            self._summarise()
            return
        self._adding = True
        name = self.query_one("#name", Input).value.strip()
        add = partial(self._add, self.app, port_of(self), self._checked.specs, self._texts(), name)
        port_of(self).edits.submit_job(add)

    def _add(
        self, app: App[object], port: AppPort, specs: tuple[RunSpec, ...], texts: dict[str, str], name: str
    ) -> None:
        """Queue the runs, in the thread of the edits: quitting waits for what is written."""
        try:
            queued = queue_form(self._home, specs, name)
        except Refused as error:
            app.call_later(self._not_added, [plain(error)])
            return
        if queued.problems:
            app.call_later(self._not_added, queued.problems)
            return
        remember_form(self._home, texts)
        port.last_form = texts
        self.warnings = tuple(queued.warnings)
        app.call_later(self.dismiss, queued.ids)
        start_once("missing weights", partial(_warn_of_missing_weights, app, specs), port.raise_from_thread)

    def action_leave(self) -> None:
        typed = {name: self.query_one(f"#{name}", Input).value for name in REMEMBERED}
        if typed != {name: self._begun.get(name, "") for name in REMEMBERED}:
            self.left_with = self._texts()
        self.dismiss(None)

    def _not_added(self, why: Sequence[str]) -> None:
        self._adding, self._refused = False, f"{NOT_QUEUED}{'; '.join(why)}"
        self._summarise()

    def _texts(self) -> dict[str, str]:
        texts = {name: self.query_one(f"#{name}", Input).value for name in REMEMBERED}
        archs = ",".join(map(self._home.stored_arch, split_list([texts[ARCH]])))
        data = texts["data"].strip()
        return {**texts, ARCH: archs, "data": self._home.stored(data) if data else ""}

    def _problems(self) -> dict[str, str]:
        """Return problems of the texts themselves, else of what they name."""
        found = self._report.problems if self._report is not None else {}
        return {**found, **self._checked.problems}

    def _draw(self) -> None:
        texts, problems = self._texts(), self._problems()
        for name, _, hint in INPUTS:
            said = self._found(texts) if name == "data" else hint
            self._say(name, problems.get(name, said), wrong=name in problems)
        for name, default in defaults(texts).items():
            self.query_one(f"#{name}", Input).placeholder = default
        self._summarise()

    def _found(self, texts: Mapping[str, str]) -> str:
        """Describe the data once they are read; other fields may change meanwhile."""
        last = self._last
        same = last is not None and all(last.texts[name] == texts[name] for name in ("data", MORE))
        return last.found if last is not None and same else CHECKING

    def _say(self, name: str, text: str, *, wrong: bool) -> None:
        says = self.query_one(f"#{name}-says", Static)
        says.update(f"✖ {plain(text)}" if wrong else plain(text))
        says.set_class(wrong, "wrong")

    def _summarise(self) -> None:
        """Say below the fields what is wrong, most where the cursor is, or else what will be queued."""
        colours = self.app.theme_variables
        if problems := self._problems():
            seen = (self.focused.id if self.focused is not None else None) or ""
            line, *others = problem_lines(problems, seen, colours, self._refused)
            below: list[Text] = others
        else:
            line = summary_line(len(self._checked.specs), self._report, colours)
            if self._refused:
                line = Text(plain(self._refused), style=colours["error"])
            below = [Text(plain(each)) for each in self._preview()]
        self.query_one("#summary", Clipped).say(line)
        self.query_one("#preview", Static).update(Text("\n").join(below))

    def _preview(self) -> list[str]:
        """Return the classes and the runs, a line each."""
        repeats = self._report.repeats if self._report is not None else ()
        lines = preview(self._checked.specs, repeats, MOST_SHOWN)
        if self._last is not None and self._last.classes and self._found(self._texts()) == self._last.found:
            lines.insert(0, f"{self._last.classes}\n")
        return lines


def _warn_of_missing_weights(app: App[object], specs: Sequence[RunSpec]) -> None:
    """Name the ImageNet weights that are missing. torch takes seconds to say it: the form has gone."""
    if lines := [problem.said(form_setting) for problem in missing_weights(specs)]:
        app.notify("; ".join(lines), severity="warning")
