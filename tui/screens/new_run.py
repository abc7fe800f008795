"""The new-experiment form: what is wrong stands beside its field, what will be queued below."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Checkbox, Input, Static

from engine.analysis.forecast import learn
from engine.datasets.layouts import DataError
from engine.disk.footprint import Images, built_in
from engine.disk.usage import room_for
from engine.files.paths import Home, missing_weights
from engine.preflight import gpu_memory
from engine.queries.throughput import past_runs
from engine.spec.run_spec import ARCHS, RunSpec
from engine.store import workers
from engine.store.add import add_runs
from engine.store.database import Store
from engine.store.listing import spec_hashes
from engine.text import is_hidden
from tui.formatting import plain
from tui.forms.data_look import DataLook, look_at
from tui.forms.estimate import Measured, time_shown
from tui.forms.form import ARCH, Checked, check, defaults, parse_more, preview
from tui.forms.imagenet_files import lacking
from tui.forms.warm_start import check_warm_starts
from tui.preferences.state import last_form, remember_form
from tui.store_calls import Refused, with_store
from tui.widgets.clipped import Clipped
from tui.widgets.form_fields import Choice, FieldSuggester

LOOKING = "looking …"
# Field, label, what is said while nothing is wrong.
FIELDS = (
    ("data", "data", ""),
    ("preset", "preset", "lab or seed: the course's settings"),
    ("pretrained", "weights", "none, imagenet, a file, run:ID"),
    ("lr", "lr", "several: 1e-3, 1e-4"),
    ("epochs", "epochs", ""),
    ("batch_size", "batch", ""),
    ("image_size", "size", "pixels"),
    ("seed", "seed", "several: one run each"),
    ("more", "more", "any other: loss=ce,ce-sqrt"),
    ("name", "name", "free text"),
)
REMEMBERED = tuple(name for name, *_ in FIELDS if name != "name")
FIRST_DATA = "digits"
LOOK_AFTER_S = 0.3
MOST_SHOWN = 50
"""Runs in the preview."""
LABELS = {ARCH: "resnet", **{name: label for name, label, _ in FIELDS}}


@dataclass(frozen=True)
class Known:
    """What the run table tells a form."""

    digests: frozenset[str] = frozenset()
    """Of the runs that are there, to flag repeats."""
    measured: Measured = Measured(learn(()), ())


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
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]

    def __init__(self, home: Home, texts: Mapping[str, str] | None = None, heading: str = "") -> None:
        """`texts`: what the fields begin with, as a clone has it; the last form's else."""
        super().__init__()
        begun = last_form(home) if texts is None else texts
        self._home = home
        self._heading = heading or f"New experiment{', filled in as the last one was' if begun else ''}"
        self._begun = {"data": FIRST_DATA, ARCH: ARCHS[0], **begun}
        self._known = Known()
        self._checked = Checked({}, (), ())
        self._data_problem = ""
        self._data_warnings: tuple[str, ...] = ()
        self._images: Images | None = None
        """Of the data that were looked at; None for built-in ones too."""
        self._looks: Timer | None = None
        self._adding = False
        self._waits = False
        """Whether enter was pressed while the data were looked at."""

    def compose(self) -> ComposeResult:
        chosen = self._begun[ARCH].split(",")
        with Vertical(id="form"):
            yield Static(self._heading, classes="heading", markup=False)
            with Horizontal(classes="field"):
                yield Static("resnet", classes="label")
                with Horizontal(id="archs"):
                    for arch in ARCHS:
                        yield Choice(arch.removeprefix("resnet"), value=arch in chosen, id=arch, compact=True)
            for name, label, hint in FIELDS:
                with Horizontal(classes="field"):
                    yield Static(label, classes="label")
                    suggester = FieldSuggester(self._home, name)
                    yield Input(self._begun.get(name, ""), id=name, compact=True, suggester=suggester)
                    yield Static(hint, id=f"{name}-says", classes="says", markup=False)
            yield Clipped("summary")
            with VerticalScroll(id="preview-pane", can_focus=False):
                yield Static("", id="preview", markup=False)
            yield Static(
                "enter queue all   tab next field   space choose   → complete   esc back", classes="dim"
            )

    def on_mount(self) -> None:
        self._read_known()
        self._look_later(after_s=0.0)
        self._check()

    @work(thread=True)
    def _read_known(self) -> None:
        with contextlib.suppress(Refused):  # the home screen shows what is wrong with the database
            self.app.call_from_thread(self._take_known, with_store(self._home, _known))

    def _take_known(self, known: Known) -> None:
        self._known = known
        if self._is_there:
            self._check()

    @property
    def _is_there(self) -> bool:
        """Not while it closes, when what a thread brings is for nobody."""
        return self.is_mounted and bool(self.query("#preview"))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if any(map(is_hidden, event.value)):
            # Pasted text may hold what steers the terminal: the field takes what can be seen.
            event.input.value = "".join(each for each in event.value if not is_hidden(each))
            return
        self._waits = False
        if event.input.id in ("data", "more"):
            self._look_later()
        self._check()

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        """What is cut beside a field stands whole below, while one is in it."""
        if self._is_there:
            self.query_one("#summary", Clipped).say(self._summary(self._problems()))

    @on(Checkbox.Changed)
    def _toggled(self) -> None:
        self._waits = False
        self._check()

    @on(Input.Submitted)
    def action_queue(self) -> None:
        self._check()
        problems = self._problems()
        self._waits = list(problems) == ["data"] and self._data_problem == LOOKING
        if self._waits:
            return  # queued as soon as the data are known
        if problems:
            first = next(iter(problems))
            if first in {name for name, *_ in FIELDS}:
                self.query_one(f"#{first}", Input).focus()
            self.notify(
                f"{LABELS.get(first, first)}: {problems[first]}" if first else problems[first],
                severity="error",
            )
            return
        if self._adding:
            return
        self._adding = True
        self._add(self._checked.specs, self._texts(), self.query_one("#name", Input).value.strip())

    def _look_later(self, after_s: float = LOOK_AFTER_S) -> None:
        """Not at every key: a folder may hold many files."""
        self._data_problem = LOOKING
        if self._looks is not None:
            self._looks.stop()
        self._looks = self.set_timer(after_s or 0.001, self._look_at_data)

    def _look_at_data(self) -> None:
        if not self._is_there:
            return
        texts = self._texts()
        self._look(texts["data"], parse_more(texts["more"])[0])

    @work(thread=True, exclusive=True, group="data")
    def _look(self, data: str, settings: dict[str, str]) -> None:
        """Recognise the data set in a thread: it may hold many files."""
        self.app.call_from_thread(self._take_data, data, settings, look_at(self._home, data, settings))

    def _take_data(self, data: str, settings: dict[str, str], look: DataLook) -> None:
        if not self._is_there:
            return
        texts = self._texts()
        if (data, settings) != (texts["data"], parse_more(texts["more"])[0]):
            return
        self._data_problem, self._data_warnings, self._images = look.problem, look.warnings, look.images
        self._say("data", look.problem or look.found, wrong=bool(look.problem))
        self._check()
        if self._waits:
            self.action_queue()

    @work(thread=True, exclusive=True, group="add")
    def _add(self, specs: tuple[RunSpec, ...], texts: dict[str, str], name: str) -> None:
        try:
            ids, warnings = with_store(self._home, lambda store: _added(self._home, store, specs, name))
        except (Refused, DataError) as error:
            self.app.call_from_thread(self._not_added, plain(error))
            return
        remember_form(self._home, texts)
        for line in warnings:
            self.app.call_from_thread(self.notify, line, severity="warning", timeout=10, markup=False)
        self.app.call_from_thread(self.dismiss, ids)
        for line in lacking(specs):  # torch takes seconds to say it: the form has gone
            self.app.call_from_thread(self.app.notify, line, severity="warning", timeout=10, markup=False)

    def _not_added(self, why: str) -> None:
        self._adding = False
        self.notify(why, severity="error", timeout=10, markup=False)

    def _texts(self) -> dict[str, str]:
        texts = {name: self.query_one(f"#{name}", Input).value for name in REMEMBERED}
        chosen = [arch for arch in ARCHS if self.query_one(f"#{arch}", Checkbox).value]
        data = texts["data"].strip()
        return {**texts, ARCH: ",".join(chosen), "data": self._home.stored(data) if data else ""}

    def _problems(self) -> dict[str, str]:
        problems = dict(self._checked.problems)
        if self._data_problem:
            problems.setdefault("data", self._data_problem)
        return problems

    def _check(self) -> None:
        texts = self._texts()
        self._checked = check(texts, self._known.digests, lambda source: missing_weights(self._home, source))
        problems = self._problems()
        for name, _, hint in FIELDS:
            if name != "data" or name in self._checked.problems:
                self._say(name, problems.get(name, hint), wrong=name in problems)
        for name, default in defaults(texts).items():
            self.query_one(f"#{name}", Input).placeholder = default
        self.query_one("#summary", Clipped).say(self._summary(problems))
        lines = map(plain, preview(self._checked, MOST_SHOWN))
        self.query_one("#preview", Static).update("\n".join(lines))

    def _say(self, name: str, text: str, *, wrong: bool) -> None:
        says = self.query_one(f"#{name}-says", Static)
        says.update(f"✖ {plain(text)}" if wrong else plain(text))
        says.set_class(wrong, "wrong")

    def _summary(self, problems: dict[str, str]) -> Text:
        if problems:
            seen = self.focused.id if self.focused is not None else None
            seen = ARCH if seen in ARCHS else seen
            name = seen if seen in problems else next(iter(problems))
            problem = problems[name]
            if problem == LOOKING:
                return Text(f"the data: {LOOKING}", style="dim")
            label = LABELS.get(name, name)
            where = f"{label}: " if label else ""
            return Text(f"✖ {where}{plain(problem)}", style=self.app.theme_variables["error"])
        specs = self._checked.specs
        warning = self.app.theme_variables["warning"]
        text = Text(f"{len(specs)} run{'s' if len(specs) != 1 else ''}", style="bold")
        time = time_shown(specs, self._train_images, self._known.measured)
        text.append(f", {plain(time)}" if time else ", time not known yet", style="not bold")
        if repeats := sum(self._checked.repeats):
            text.append(f"   {repeats} repeat{'s' if repeats == 1 else ''} an earlier run", style="not bold")
        if self._data_warnings and not self._data_problem:
            text.append(f"   ⚠ {plain(', '.join(self._data_warnings))}", style=warning)
        room = room_for(self._home, ((spec, built_in(spec) or self._images) for spec in specs))
        style = f"not bold {warning}" if room.shortage else "not bold"
        text.append(f"   {'⚠ ' if room.shortage else ''}{room.brief()}", style=style)
        return text

    def _train_images(self, spec: RunSpec) -> int | None:
        images = built_in(spec) or self._images
        return images.train if images is not None else None


def _known(store: Store) -> Known:
    with store.read() as session:
        past = past_runs(session)
        devices = tuple(each.device_name for each in workers.present(session))
        measured = Measured(learn(past), devices or tuple(run.device for run in past[:1]))
        return Known(spec_hashes(session), measured)


def _added(
    home: Home, store: Store, specs: tuple[RunSpec, ...], name: str
) -> tuple[tuple[int, ...], list[str]]:
    """The new runs, and what is to be known of them. Raises QueueError, DataError, and then adds none."""
    warnings = list(check_warm_starts(home, store, specs))
    ids = add_runs(store, specs, name=name).ids
    return tuple(ids), [*warnings, *gpu_memory.warnings_for(store, specs)]
