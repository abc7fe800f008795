"""Lines at the top and at the bottom: what is going on, and on which device."""

from collections.abc import Callable
from datetime import datetime

from rich.text import Text

from tui.snapshot import Snapshot, WorkerView
from tui.views.head_line import head_line
from tui.views.table_columns import WHOLE
from tui.widgets.text_line import TextLine


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

    def show(self, workers: tuple[WorkerView, ...], *, to_come: str = "") -> None:
        """`to_come`: what is known of workers that were started and are not there yet."""
        if not workers:
            none = f"no worker; {to_come}" if to_come else "no worker: press w to start one"
            self.say(Text(none, style="dim"))
            return
        self.say(Text("   ").join(_worker(view) for view in workers[:4]))


def _worker(view: WorkerView) -> Text:
    text = Text.assemble((view.device, "bold"), no_wrap=True, overflow="ellipsis")
    text.append(f" {view.name}  {view.load}  ", style="dim")
    if view.run_id is None:
        text.append(view.waits or "idle")
    else:
        speed = f"  {view.images_per_s:,.0f} images/s" if view.images_per_s else ""
        text.append(f"#{view.run_id}{speed}")
    return text
