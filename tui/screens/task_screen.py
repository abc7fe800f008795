"""Dialog of a verb that works in a process: one question at most, then its progress, then the path of its result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic

from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from engine.files.paths import Home
from tui.feeds.reader_thread import start_once
from tui.formatting import duration, plain
from tui.open_file import open_file, opener
from tui.screens.app_port import port_of
from tui.textual_internals import UNTIL_A_KEY_S, Dialog
from tui.verb_process import VerbCall, VerbFailed, give_verb
from tui.widgets.path_suggester import PathSuggester

WORKING = "esc back; it goes on to its end"


class TaskScreen(Dialog[None]):
    """Dialog; closed, the verb works to its end, and a notification says where its result is."""

    BINDINGS = [
        ("y", "copy", "copy the path"),
        ("o", "open", "open"),
        ("escape,q,enter", "dismiss", "back"),
    ]

    class Said(Message):
        """Line of progress."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Ended(Message):
        """End of the verb: its result with its last line, or why there is none."""

        def __init__(self, result: Path | None, text: str, *, may_open: bool) -> None:
            super().__init__()
            self.result, self.text, self.may_open = result, text, may_open

    def __init__(
        self,
        home: Home,
        title: str,
        call_of: Callable[[str], VerbCall],
        *,
        question: str = "",
        default: str = "",
        hint: str = "",
    ) -> None:
        """`call_of` makes the call from what the field holds, in a thread, and raises VerbFailed where it is wrong;
        without a `question` there is no field, and the verb starts at once."""
        super().__init__()
        self._home, self._title, self._call_of = home, plain(title), call_of
        self._question, self._default, self._hint = question, default, hint
        self._result: Path | None = None
        self._works = self._may_open = False
        self._line, self._began = "", 0.0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Text(self._title, style="bold"))
            if self._question:
                yield Static(Text(self._question))
                suggester = PathSuggester(self._home)
                yield Input(self._default, placeholder=self._hint, suggester=suggester)
            yield Static(id="task-says", markup=False)
            yield Static("enter start   → complete   esc back", id="task-keys", classes="dim", markup=False)

    def on_mount(self) -> None:
        self.query_one("#task-says").display = False
        self.set_interval(1.0, self._say_progress)
        if not self._question:
            self._start("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._works:
            event.input.disabled = True
            self.set_focus(None)
            self._start(event.value.strip())

    def _start(self, text: str) -> None:
        self._works, self._line, self._began = True, "working", monotonic()
        self._say_progress()
        start_once("verb", partial(self._work, self.app, text), port_of(self).raise_from_thread)

    def _work(self, app: App[object], text: str) -> None:
        """Run the verb and pass on what it says, in a thread."""
        result: Path | None = None
        try:
            call = self._call_of(text)
            said = give_verb(self._home, call, lambda line: self.post_message(self.Said(line)))
            result = call.result
        except VerbFailed as error:
            said = plain(error)
        except OSError as error:
            said = plain(
                f"{error.filename or 'a file'}: {error.strerror}: check its permissions and the space"
            )
        may_open = result is not None and opener() is not None and not port_of(self).is_served
        if not self.post_message(self.Ended(result, said, may_open=may_open)):  # the dialog was closed
            line = f"{self._title}: {result or said}"
            app.notify(line, severity="information" if result else "error", timeout=UNTIL_A_KEY_S)

    def on_task_screen_said(self, message: Said) -> None:
        self._line = message.text
        self._say_progress()

    def _say_progress(self) -> None:
        """Say what is done, and for how long the verb has been at work."""
        if self._works:
            self._say(f"{self._line} … {duration(monotonic() - self._began)}", WORKING)

    def on_task_screen_ended(self, message: Ended) -> None:
        self._result, self._may_open, self._works = message.result, message.may_open, False
        if message.result is None:
            again = "enter try again   " if self._question else ""
            self._say(f"✖ {message.text}", f"{again}esc back")
            for field in self.query(Input):
                field.disabled = False
                field.focus()
        else:
            path = plain(message.result)
            has_path = message.text and path in message.text
            said = message.text if has_path else f"{path}\n{message.text}".rstrip()
            self._say(said, f"y copy the path   {'o open   ' if self._may_open else ''}esc back")

    def _say(self, text: str, keys: str) -> None:
        says = self.query_one("#task-says", Static)
        says.update(text)
        says.display = True
        self.query_one("#task-keys", Static).update(keys)

    def action_copy(self) -> None:
        """Copy the result's path to the terminal's clipboard (OSC 52)."""
        if self._result is not None:
            self.app.copy_to_clipboard(str(self._result))
            self.notify(f"copied {self._result}")

    def action_open(self) -> None:
        """Open the result with the desktop's program for it."""
        if self._result is not None and self._may_open:
            start_once("open", partial(open_file, self._result), port_of(self).raise_from_thread)
