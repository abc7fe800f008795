"""The new-experiment form: what is wrong stands beside its field, what will be queued below."""

import contextlib
from dataclasses import dataclass
from functools import partial

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Checkbox, Input, Static

from engine import memory
from engine.datasets.layouts import DataError
from engine.datasets.source import survey_data
from engine.disk.footprint import Images, built_in, images_of
from engine.disk.usage import room_for
from engine.grid import SpecError, make_spec
from engine.paths import Home, missing_weights
from engine.spec import ARCHS, RunSpec
from engine.store.add import add_runs
from engine.store.database import StoreError, open_store
from engine.store.fencing import QueueError
from engine.store.listing import spec_hashes
from engine.text import is_hidden
from tui.form import Checked, check, is_built_in
from tui.imagenet import lacking
from tui.text import plain
from tui.warm_start import check_warm_starts

# Field, label, text to begin with, what is said while nothing is wrong.
FIELDS = (
    ("data", "data", "digits", ""),
    ("pretrained", "weights", "none", "none, imagenet, a file, run:ID"),
    ("lr", "lr", "0.01", "several: 1e-3, 1e-4"),
    ("epochs", "epochs", "10", ""),
    ("batch_size", "batch", "32", ""),
    ("image_size", "size", "", "pixels; empty: 224, built-in data their own"),
    ("seed", "seed", "0", ""),
    ("name", "name", "", "free text"),
)

LOOK_AFTER_S = 0.3
LABELS = {"arch": "resnet", **{name: label for name, label, *_ in FIELDS}}


class Choice(Checkbox):
    """A checkbox that is told apart without colours too."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "✔" if self.value else " "
        super().watch_value()


class NewRunScreen(ModalScreen[tuple[int, ...] | None]):
    """Gives the new ids, or None when left."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "back"),
        # With priority the focus moves before the next key is looked at: keys that come in a burst, as over a
        # slow line, go where they were meant to.
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]
    AUTO_FOCUS = "#data"

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._home = home
        self._known: frozenset[str] = frozenset()
        self._checked = Checked({}, (), 0)
        self._data_problem = ""
        self._data_warnings: tuple[str, ...] = ()
        self._images: Images | None = None
        """Of the data that were looked at; None for built-in ones too."""
        self._looks: Timer | None = None
        self._adding = False

    def compose(self) -> ComposeResult:
        with Vertical(id="form"):
            yield Static("New experiment", classes="heading")
            with Horizontal(classes="field"):
                yield Static("resnet", classes="label")
                with Horizontal(id="archs"):
                    for arch in ARCHS:
                        yield Choice(
                            arch.removeprefix("resnet"), value=arch == "resnet18", id=arch, compact=True
                        )
            for name, label, value, hint in FIELDS:
                with Horizontal(classes="field"):
                    yield Static(label, classes="label")
                    yield Input(value, id=name, compact=True)
                    yield Static(hint, id=f"{name}-says", classes="says", markup=False)
            yield Static("", id="summary", markup=False)
            with VerticalScroll(id="preview-pane", can_focus=False):
                yield Static("", id="preview", markup=False)
            yield Static("enter queue all   tab next field   space choose   esc back", classes="dim")

    def on_mount(self) -> None:
        self._read_known()
        self._look_at_data(self.query_one("#data", Input).value)
        self._check()

    @work(thread=True)
    def _read_known(self) -> None:
        """The digests of the runs that are there, to flag repeats."""
        try:
            store = open_store(self._home.database)
            with store.read() as session:
                known = spec_hashes(session)
            store.close()
        except StoreError:
            return  # the home screen shows what is wrong with the database
        self.app.call_from_thread(self._take_known, known)

    def _take_known(self, known: frozenset[str]) -> None:
        self._known = known
        self._check()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if any(map(is_hidden, event.value)):
            # Pasted text may hold what steers the terminal: the field takes what can be seen.
            event.input.value = "".join(each for each in event.value if not is_hidden(each))
            return
        if event.input.id == "data":
            # Not at every key: a folder may hold many files.
            self._data_problem = "looking …"
            if self._looks is not None:
                self._looks.stop()
            self._looks = self.set_timer(LOOK_AFTER_S, partial(self._look_at_data, event.value))
        self._check()

    @on(Checkbox.Changed)
    def _toggled(self) -> None:
        self._check()

    @on(Input.Submitted)
    def action_queue(self) -> None:
        self._check()
        problems = self._problems()
        if problems:
            first = next(iter(problems))
            if first in {name for name, *_ in FIELDS}:
                self.query_one(f"#{first}", Input).focus()
            self.notify(f"{first}: {problems[first]}" if first else problems[first], severity="error")
            return
        if self._adding:
            return
        self._adding = True
        self._add(self._checked.specs, self.query_one("#name", Input).value.strip())

    @work(thread=True, exclusive=True, group="data")
    def _look_at_data(self, text: str) -> None:
        """Recognise the data set in a thread: it may hold many files."""
        self.app.call_from_thread(self._take_data, text, look_at(self._home, text))

    def _take_data(self, text: str, look: "DataLook") -> None:
        if not self.is_mounted or text != self.query_one("#data", Input).value:
            return
        self._data_problem, self._data_warnings, self._images = look.problem, look.warnings, look.images
        self._say("data", look.problem or look.found, wrong=bool(look.problem))
        self._check()

    @work(thread=True, exclusive=True, group="add")
    def _add(self, specs: tuple[RunSpec, ...], name: str) -> None:
        try:
            with contextlib.closing(open_store(self._home.database)) as store:
                warnings = check_warm_starts(self._home, store, specs)
                added = add_runs(store, specs, name=name)
                warnings += memory.warnings_for(store, specs)
        except (StoreError, QueueError, SpecError, DataError) as error:
            self.app.call_from_thread(self._not_added, plain(error))
            return
        for line in warnings:
            self.app.call_from_thread(self.notify, line, severity="warning", timeout=10, markup=False)
        self.app.call_from_thread(self.dismiss, added.ids)
        for line in lacking(specs):  # torch takes seconds to say it: the form has gone
            self.app.call_from_thread(self.app.notify, line, severity="warning", timeout=10, markup=False)

    def _not_added(self, why: str) -> None:
        self._adding = False
        self.notify(why, severity="error", timeout=10, markup=False)

    def _texts(self) -> dict[str, str]:
        texts = {name: self.query_one(f"#{name}", Input).value for name, *_ in FIELDS if name != "name"}
        chosen = [arch for arch in ARCHS if self.query_one(f"#{arch}", Checkbox).value]
        data = texts["data"].strip()
        return {**texts, "arch": ",".join(chosen), "data": self._home.stored(data) if data else ""}

    def _problems(self) -> dict[str, str]:
        problems = dict(self._checked.problems)
        if self._data_problem:
            problems.setdefault("data", self._data_problem)
        return problems

    def _check(self) -> None:
        texts = self._texts()
        self._checked = check(texts, self._known, lambda source: missing_weights(self._home, source))
        problems = self._problems()
        for name, _, _, hint in FIELDS:
            if name != "data" or name in self._checked.problems:
                self._say(name, problems.get(name, hint), wrong=name in problems)
        self.query_one("#summary", Static).update(self._summary(problems))
        self.query_one("#preview", Static).update(plain_lines(self._checked.preview))

    def _say(self, name: str, text: str, *, wrong: bool) -> None:
        says = self.query_one(f"#{name}-says", Static)
        says.update(f"✖ {plain(text)}" if wrong else plain(text))
        says.set_class(wrong, "wrong")

    def _summary(self, problems: dict[str, str]) -> Text:
        if problems:
            name, problem = next(iter(problems.items()))
            label = LABELS.get(name, name)
            where = f"{label}: " if label else ""
            return Text(f"✖ {where}{plain(problem)}", style=self.app.theme_variables["error"])
        count = len(self._checked.specs)
        text = Text(f"{count} run{'s' if count != 1 else ''}", style="bold")
        if self._checked.repeats:
            text.append(f"   {self._checked.repeats} repeat an earlier run", style="not bold")
        if self._data_warnings and not self._data_problem:
            text.append(
                f"   ⚠ {plain(', '.join(self._data_warnings))}", style=self.app.theme_variables["warning"]
            )
        room = room_for(self._home, ((spec, built_in(spec) or self._images) for spec in self._checked.specs))
        style = f"not bold {self.app.theme_variables['warning']}" if room.shortage else "not bold"
        text.append(f"   {'⚠ ' if room.shortage else ''}{room.brief()}", style=style)
        return text


@dataclass(frozen=True)
class DataLook:
    """What a data field names."""

    found: str = ""
    """What was recognised."""
    problem: str = ""
    warnings: tuple[str, ...] = ()
    """In a few words each."""
    images: Images | None = None


def look_at(home: Home, text: str) -> DataLook:
    """Recognise what a data field names."""
    if not text.strip():
        return DataLook(problem="which images? a folder, or digits, fundus, fundus-balanced")
    if is_built_in(text):
        return DataLook("✔ built in")
    try:
        survey = survey_data(home, make_spec({"data": home.stored(text.strip())}))
        warnings = tuple(warning.brief for warning in survey.warnings)
        index = survey.checked()
        return DataLook(f"✔ {index.describe()}", "", warnings, images_of(index))
    except (DataError, SpecError) as error:
        return DataLook(problem=str(error))
    except OSError as error:
        return DataLook(problem=f"{text.strip()} cannot be read: {error.strerror}")


def plain_lines(text: str) -> str:
    return "\n".join(plain(line) for line in text.splitlines())
