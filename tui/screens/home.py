"""The home screen: the runs, the highlighted one, the devices."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from engine.files.paths import Home
from engine.hardware import processes
from tui import commands
from tui.feeds.since_last_visit import Absence, look_back, seen
from tui.feeds.worker_history import WorkerHistory
from tui.formatting import plain
from tui.preferences.notifications import bulletin
from tui.preferences.state import Manner
from tui.screens.copying import CopyActions
from tui.screens.help import HelpScreen
from tui.screens.journal import JournalScreen
from tui.screens.start_worker import StartActions
from tui.screens.workers import WorkersScreen
from tui.snapshot import RunRow, Snapshot, WorkerView
from tui.store_calls import Refused
from tui.views.metric_columns import chosen_keys, optional_metrics
from tui.views.run_list import QUEUE, SORTS, Wish
from tui.widgets.bars import DeviceStrip, HeadLine
from tui.widgets.detail import DetailPane
from tui.widgets.filter_line import FilterLine
from tui.widgets.run_table import RunTable


class Own(Protocol):
    """The app, as this screen knows it."""

    manner: Manner
    is_held: bool

    def change_manner(self, **changes: Any) -> None: ...
    def refresh_feed(self) -> None: ...
    def tell(self, lines: Iterable[str]) -> None: ...
    def turn_theme(self) -> None: ...


class HomeScreen(StartActions, CopyActions):
    """Mediates between the feed's snapshots, the widgets and the store's verbs."""

    AUTO_FOCUS = None
    TABLE = commands.HOME
    BINDINGS = commands.bindings(TABLE)
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high"), (34, "-tall")]

    def __init__(
        self, home: Home, *, readonly: bool, clock: Callable[[], datetime], looks_back: bool
    ) -> None:
        """Unless it `looks_back` itself, somebody else tells it what happened while nobody looked."""
        super().__init__(home, readonly=readonly)
        self._looks_back = looks_back
        self._clock = clock
        self._rows: Mapping[int, RunRow] = {}
        self._snapshot: Snapshot | None = None
        self.worker_views: tuple[WorkerView, ...] = ()
        self.history = WorkerHistory()
        self._absence: Absence | None = None
        self._is_ready = False
        self._waiting: Snapshot | None = None
        self.table = RunTable()

    def compose(self) -> ComposeResult:
        yield Static("resnet-tui needs 80×24 characters: enlarge the window", id="too-small")
        yield HeadLine(plain(f"{self._home.root.name}@{processes.host_name()}"), self._clock)
        yield Static(id="banner", markup=False)
        yield Static(id="news", markup=False)
        with Container(id="body"):
            with Vertical(id="left"):
                yield FilterLine()
                yield self.table
                yield Static("No runs yet: press n to queue the first.", id="empty")
            yield DetailPane(id="detail")
        yield DeviceStrip()
        yield Footer(show_command_palette=False)

    @property
    def _own(self) -> Own:
        return cast(Own, self.app)

    def on_resize(self) -> None:
        self.call_after_refresh(self._keys_again)

    def _keys_again(self) -> None:
        """A window that was too small had few keys, and its table none."""
        self.refresh_bindings()
        if self.is_current and self.focused is None and self.table.focusable:
            self.set_focus(self.table)

    def _compositor_refresh(self) -> None:
        """What would not be written is not drawn either; nor what lies below a screen that covers it all, which Textual
        would draw whole each time. Coming back draws it."""
        above = self.app.screen
        if not self._own.is_held and (above is self or isinstance(above, ModalScreen)):
            super()._compositor_refresh()

    @property
    def run_id(self) -> int | None:
        """The highlighted run."""
        return self.table.run_id

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a line is typed in, its keys are no commands; where nothing is seen, nothing is done."""
        if isinstance(self.focused, Input):
            return False
        return action in ("quit", "help") or not (self.has_class("-tiny") or self.has_class("-low"))

    def on_mount(self) -> None:
        self.table.focus()
        manner = self._own.manner
        self._show_columns(manner.columns)
        if manner.sort in self._sorts:
            self.table.show_as(replace(self.table.wish, sort=manner.sort, reverse=manner.reverse))
        self.set_interval(0.5, self._watch_started)
        for name in ("#banner", "#empty", "#news"):
            self.query_one(name).display = False
        self._is_ready = True
        if self._looks_back:
            self.look_back()
        elif self._absence is not None:
            self.say_news(self._absence)
        if self._waiting is not None:
            self.show(self._waiting)

    @work(thread=True, group="absence")
    def look_back(self) -> None:
        """Once, when the app opens; a table that cannot be read is told by the banner."""
        with contextlib.suppress(Refused, OSError):
            self.app.call_from_thread(self.say_news, look_back(self._home))

    def say_news(self, absence: Absence) -> None:
        self._absence = absence
        if absence.headline is None or not (self._is_ready and self._is_whole):
            return
        news = self.query_one("#news", Static)
        news.update(f"{plain(absence.headline)}   i more, esc seen")
        news.display = True

    def on_screen_resume(self) -> None:
        """Runs that came while another screen lay above may have pushed the highlighted one away."""
        self.call_after_refresh(self.table.keep_in_view)

    def _seen(self) -> bool:
        """The news were read: they are not told again. False where there was none to see."""
        news = self.query_one("#news")
        was_shown, news.display = bool(news.display), False
        if was_shown and self._snapshot is not None:
            seen(self._home, self._snapshot)
        return was_shown

    def action_journal(self) -> None:
        lines = self._absence.lines if self._absence is not None else ()
        self._seen()
        self.app.push_screen(JournalScreen(lines))

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; one that comes before there is anything to draw on waits, one that comes while the screen
        closes is for nobody."""
        if not self._is_ready:
            self._waiting = snapshot
            return
        if not self._is_whole:
            return
        if self._own.manner.tells and self._snapshot is not None:
            self._own.tell(bulletin(self._rows, snapshot.rows))
        self._rows, self._snapshot = snapshot.rows, snapshot
        self.worker_views = snapshot.workers
        self.history.take(snapshot.workers)
        self.query_one("#banner").display = False
        self.query_one("#empty").display = not snapshot.rows
        self.table.display = bool(snapshot.rows)
        with self.app.batch_update():
            self.query_one(HeadLine).show(snapshot)
            self.table.show_rows(snapshot.rows)
            self.query_one(DetailPane).show(snapshot.detail if self.table.row_count else None)
            self.query_one(DeviceStrip).show(snapshot.workers)
        self._say_filtered()
        if self.focused is None and snapshot.rows:  # the first runs of an empty home
            self.set_focus(self.table)

    @property
    def _is_whole(self) -> bool:
        """Not while the screen closes, when its parts go before it."""
        return self.is_attached and bool(self.query("#banner"))

    def show_problem(self, text: str) -> None:
        """The database cannot be read: say it and keep what was seen last."""
        if not (self._is_ready and self._is_whole):
            return
        banner = self.query_one("#banner", Static)
        banner.update(f"✖ {plain(text)}")
        banner.display = True

    @property
    def has_worker(self) -> bool:
        return bool(self.worker_views)

    @property
    def is_order_seen(self) -> bool:
        return self.table.wish == Wish()

    def chosen_rows(self) -> list[RunRow]:
        if self.table.marks and not self.table.chosen():
            self.notify("the marked runs are filtered out: esc drops the marks", severity="warning")
        return [self._rows[run_id] for run_id in self.table.chosen() if run_id in self._rows]

    # The table

    @on(RunTable.Highlighted)
    def _highlighted(self) -> None:
        self._own.refresh_feed()

    @on(RunTable.MarksChanged)
    def _marks_changed(self) -> None:
        table = self.table
        head = self.query_one(HeadLine)
        head.show_marks(len(table.marks), hidden=table.hidden_marks, in_range=table.in_range)

    @on(FilterLine.Changed)
    def _filtered(self, event: FilterLine.Changed) -> None:
        self.table.show_as(replace(self.table.wish, terms=event.terms))
        self._say_filtered()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.set_focus(self.table)

    def _say_filtered(self) -> None:
        if self.table.wish.terms:
            self.query_one(FilterLine).say(f"{self.table.row_count:,} of {len(self._rows):,}")

    @on(RunTable.HeaderClicked)
    def _sort_clicked(self, event: RunTable.HeaderClicked) -> None:
        if event.key in self._sorts:
            self._sort_by(event.key)

    @property
    def _sorts(self) -> tuple[str, ...]:
        return *SORTS, *chosen_keys(self._own.manner.columns)

    def _show_columns(self, choice: str) -> int:
        """Gives how many of the chosen columns the width does not hold."""
        keys = chosen_keys(choice)
        self.query_one(FilterLine).metrics = keys
        return self.table.show_metrics([optional_metrics()[key] for key in keys])

    def action_columns(self) -> None:
        from tui.screens.choose_columns import ColumnsScreen  # the first frame waits for no list of boxes

        def chosen(choice: str | None) -> None:
            if choice is None or choice == self._own.manner.columns:
                return
            self._own.change_manner(columns=choice)
            if self.table.wish.sort not in self._sorts:
                self._show_as(replace(self.table.wish, sort=QUEUE, reverse=False))
            self.query_one(FilterLine).clear()  # it may name a column that has gone
            if hidden := self._show_columns(choice):
                self.notify(f"no room for {hidden} of the columns: widen the window", severity="warning")
            self._own.refresh_feed()

        self.app.push_screen(ColumnsScreen(chosen_keys(self._own.manner.columns)), chosen)

    def _show_as(self, wish: Wish) -> None:
        """As the user wants it, and at the next start too; the filter is for now."""
        self.table.show_as(wish)
        if (wish.sort, wish.reverse) != (self._own.manner.sort, self._own.manner.reverse):
            self._own.change_manner(sort=wish.sort, reverse=wish.reverse)

    def _sort_by(self, key: str) -> None:
        """By a column; again: the other way round; a third time: the queue's order."""
        wish = self.table.wish
        if wish.sort != key:
            wish = replace(wish, sort=key, reverse=False)
        elif not wish.reverse:
            wish = replace(wish, reverse=True)
        else:
            wish = replace(wish, sort=QUEUE, reverse=False)
        self._show_as(wish)

    def action_mark(self) -> None:
        self.table.toggle_mark()

    def action_mark_range(self) -> None:
        self.table.toggle_range()

    def action_mark_all(self) -> None:
        self.table.mark_all()

    def action_filter(self) -> None:
        self.query_one(FilterLine).open()

    def action_sort(self) -> None:
        keys = [QUEUE, *(column.key for column in self.table.columns if column.key in self._sorts)]
        place = keys.index(self.table.wish.sort) if self.table.wish.sort in keys else 0
        self._show_as(replace(self.table.wish, sort=keys[(place + 1) % len(keys)], reverse=False))

    def action_reverse(self) -> None:
        self._show_as(replace(self.table.wish, reverse=not self.table.wish.reverse))

    def action_back(self) -> None:
        """One thing at a time."""
        wish = self.table.wish
        if self._seen() or self.table.clear_marks() or self.query_one(FilterLine).clear():
            return
        if wish.sort != QUEUE or wish.reverse:
            self._show_as(replace(wish, sort=QUEUE, reverse=False))

    def action_down(self) -> None:
        self.table.action_move_by(1)

    def action_up(self) -> None:
        self.table.action_move_by(-1)

    def action_first(self) -> None:
        self.table.move_to(0)

    def action_last(self) -> None:
        self.table.move_to(self.table.row_count - 1)

    # Runs and workers

    @on(RunTable.Opened)
    def action_open_run(self) -> None:
        self._open_run(self.run_id)

    def _open_run(self, run_id: int | None) -> None:
        from tui.screens.run import RunScreen  # reads the store, which the first frame does not wait for

        if run_id is not None and run_id in self._rows:
            self.app.push_screen(RunScreen(self, run_id))

    def action_compare(self) -> None:
        from tui.screens.compare import CompareScreen
        from tui.views.compared import MOST

        run_ids = self.table.chosen() if self.table.marks else []
        if 2 <= len(run_ids) <= MOST:
            self.app.push_screen(CompareScreen(self._home, run_ids))
        else:
            few = "mark the runs with space first" if len(run_ids) < 2 else f"{len(run_ids)} are marked"
            self.notify(f"two to {MOST} runs are compared: {few}", severity="warning")

    def action_workers(self) -> None:
        self.app.push_screen(WorkersScreen(self), self._open_run)

    def action_data(self) -> None:
        from tui.screens.data import DataScreen  # reads data sets: the app starts without it

        self.app.push_screen(DataScreen(self._home, tuple(self._rows.values()), self.run_id))

    def row_of(self, run_id: int) -> RunRow | None:
        """As the newest snapshot has it."""
        return self._rows.get(run_id)

    # How it looks and tells

    def action_theme(self) -> None:
        self._own.turn_theme()
        if self._snapshot is not None:
            self.call_after_refresh(self.show, self._snapshot)  # when the theme has its new colours

    def action_tell(self) -> None:
        tells = not self._own.manner.tells
        self._own.change_manner(tells=tells)
        if tells:
            self._own.tell(["this is how a run's end will be told"])
        self.notify("runs that end are told by bell and notification" if tells else "no bell any more")

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.TABLE))

    def action_quit(self) -> None:
        if self._snapshot is not None:
            seen(self._home, self._snapshot)
        self.app.exit()
