"""Failure of a run: cause and evidence, what to do, last lines of its log."""

from collections.abc import Mapping

from rich.cells import cell_len
from rich.text import Text

from engine.store.status import Cause
from tui.formatting import clock, fitted
from tui.views.run_view import Failure

MEANS: Mapping[Cause, str] = {
    "diverged": "the loss was no longer a number",
    "out_of_memory": "the memory was too small",
    "data": "the data could not be read as they are",
    "disk": "a file could not be written",
    "database": "the run table could not be reached",
    "signal": "the process was ended from outside",
    "worker_lost": "the worker was gone",
    "code": "the program ended in an error",
}
"""Causes in words."""


ERROR_LINES = 3
WHOLE = " all: 4"


def failure_text(failure: Failure, theme: Mapping[str, str], lines: int, width: int | None = None) -> Text:
    """Write cause, error, what to do, and the last `lines` of the log. In a block of a `width` a long error is cut, and
    ends with the key of the page that has all of it."""
    text = Text()
    text.append(f"✖ {failure.cause.replace('_', ' ')}", style=f"bold {theme['error']}")
    means = MEANS.get(failure.cause)  # type: ignore[call-overload]
    text.append(f"  {means}" if means else "")
    ended = f", {clock(failure.ended)}" if failure.ended else ""
    text.append(f"   attempt {failure.attempt}{ended}\n", style="dim")
    error, most = failure.error, ERROR_LINES * (width or 0)
    text.append(
        f"{fitted(error, most - len(WHOLE)) + WHOLE if width and cell_len(error) > most else error}\n"
    )
    if failure.suggestion:
        text.append(f"▸ {failure.suggestion}\n", style="bold")
    text.append_text(_ways_out(failure))
    for line in failure.last_lines[-lines:]:
        text.append(f"\n{fitted(f'  {line}', width) if width else f'  {line}'}", style="dim")
    return text


def _ways_out(failure: Failure) -> Text:
    epochs = f"{failure.kept_epochs} epoch{'' if failure.kept_epochs == 1 else 's'}"
    if not failure.kept_epochs:
        again = "tries it again"
    elif failure.is_anew:
        again = f"begins anew: its {epochs} are deleted"
    else:
        again = f"goes on after {epochs}"
    text = Text.assemble(("r", "bold"), f" {again}")
    if failure.change:
        text.append("   f", style="bold").append(f" clones it with {failure.change}")
    return text.append("   C", style="bold").append(" clones it")
