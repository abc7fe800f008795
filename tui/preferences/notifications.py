"""Notifications outside the app's window: runs that ended, failed, or became the best so far. Pure."""

from collections.abc import Iterator, Mapping

from engine.spec.plugin_name import arch_shown
from engine.store.status import ENDED
from tui.formatting import decimals
from tui.run_row import RunRow


def end_notifications(before: Mapping[int, RunRow], after: Mapping[int, RunRow]) -> list[str]:
    """Return a line for each event between two snapshots; runs that are new in the later one have none."""
    changed = [
        (before[each], row) for each, row in after.items() if each in before and row is not before[each]
    ]
    return [line for was, row in changed for line in _of_run(was, row, before)]


def _of_run(was: RunRow, row: RunRow, before: Mapping[int, RunRow]) -> Iterator[str]:
    named = f"#{row.id} {row.name or arch_shown(row.arch)}"
    if row.status in ENDED and was.status not in ENDED:
        if row.status == "failed":
            yield f"{named} failed: {row.remark or row.cause}"
        else:
            best = f", best {decimals(row.best)}" if row.best is not None else ""
            yield f"{named} {row.status}{best}"
    elif row.best is not None and row.best != was.best:
        rivals = [each.best for each in before.values() if each.data == row.data and each.id != row.id]
        most = max((best for best in rivals if best is not None), default=None)
        if most is not None and row.best > most >= (was.best or 0.0):
            yield f"{named} is the best on {row.data} so far: {decimals(row.best)}"


def escape_codes(line: str) -> str:
    """Return the codes that make terminals show a notification: OSC 9 (iTerm2, kitty, Windows Terminal, WezTerm),
    OSC 777 (urxvt, foot, VTE), and the bell, which tmux passes on."""
    words = line.replace(";", ",")
    return f"\x1b]9;{words}\x07\x1b]777;notify;resnet-tui;{words}\x07\x07"
