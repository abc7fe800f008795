"""Lines at the top and at the bottom: what is going on, and on which device."""

from collections.abc import Callable, Sequence
from datetime import datetime

from rich.text import Text

from tui.feeds.jobs_feed import FOR_SLURM, STARTING
from tui.snapshot import Snapshot, WorkerView
from tui.views.head_line import head_line
from tui.views.table_columns import WHOLE
from tui.widgets.text_line import TextLine

BETWEEN = "   "
"""Between two devices."""


class HeadLine(TextLine):
    """Name of the home, number of runs by status, time when all will have ended."""

    def __init__(self, place: str, clock: Callable[[], datetime]) -> None:
        super().__init__("head")
        self._place, self._clock = place, clock
        self._snapshot: Snapshot | None = None
        self._marks = ""

    def show_marks(self, count: int, *, hidden: int, in_range: bool) -> None:
        """Show how many runs are marked, and how many of them are hidden: no key acts on those."""
        more = f", {hidden} hidden" if hidden else ", v ends" if in_range else ""
        self._marks = f"{count} marked{more}" if count else ""
        if self._snapshot is not None:
            self.show(self._snapshot)

    def show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        colours = self.app.theme_variables
        marks = self._marks, f"bold {colours['accent']}"
        width = self.size.width or WHOLE
        self.say(head_line(snapshot, self._place, marks, self._clock(), width, f"bold {colours['warning']}"))

    def on_resize(self) -> None:
        if self._snapshot is not None:
            self.show(self._snapshot)


class DeviceStrip(TextLine):
    """Device, load and run of each worker; or how to start one."""

    def __init__(self) -> None:
        super().__init__("strip")
        self._workers: tuple[WorkerView, ...] = ()
        self._obstacle = ""

    def show(self, workers: tuple[WorkerView, ...], obstacle: str) -> None:
        """Show the workers. `obstacle`: what keeps all queued runs from starting."""
        self._workers, self._obstacle = workers, obstacle
        self._say_all()

    def on_resize(self) -> None:
        self._say_all()

    def _say_all(self) -> None:
        if self._workers:
            self.say(devices_text([_worker(view) for view in self._workers], self.size.width or WHOLE))
        elif self._obstacle.startswith(FOR_SLURM):
            self.say(Text(f"no worker yet: {self._obstacle}; W shows them", style="dim"))
        elif self._obstacle == STARTING:
            self.say(Text(f"{STARTING} …", style="dim"))
        else:
            self.say(Text("no worker: press w to start one", style="dim"))


def devices_text(devices: Sequence[Text], width: int) -> Text:
    """Join as many devices as fit, the first whatever its length, and count the others."""
    for shown in range(len(devices), 0, -1):
        more = f"{BETWEEN}+{len(devices) - shown}" if shown < len(devices) else ""
        text = Text(BETWEEN).join(devices[:shown]).append(more, style="dim")
        if text.cell_len <= width:
            break
    return text


def _worker(view: WorkerView) -> Text:
    text = Text.assemble((view.device, "bold"), no_wrap=True, overflow="ellipsis")
    text.append(f" {view.name}  {view.load}  ", style="dim")
    if view.run_id is None:
        text.append(view.leaves or view.waits or "idle")
    else:
        speed = f"  {view.images_per_s:,.0f} images/s" if view.images_per_s else ""
        text.append(f"#{view.run_id}{speed}" + (f"  {view.leaves}" if view.leaves else ""))
    return text
