"""Text about the host's cards and the processes on them. Pure."""

from collections.abc import Mapping

from rich.text import Text

from engine.hardware.processes import ProcessFacts
from engine.hardware.telemetry import CardProcess, HostCard, NvidiaState
from tui.formatting import fitted, plain

LEAST_COMMAND = 12
PID, USER, MEMORY = 9, 12, 9
"""Cells of the columns before the command."""
NOT_SEEN = ProcessFacts("", "")


def cards_text(
    found: NvidiaState, worker_of: Mapping[int, int], facts: Mapping[int, ProcessFacts], width: int
) -> Text:
    """Write every card of the host with its use, and a table of the processes on it, the largest first.

    `worker_of`: worker of each of our processes, by pid."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if found.problem:
        return text.append(plain(found.problem), style="dim")
    for number, card in enumerate(found.cards):
        text.append(f"card {number}  {plain(card.name)}", style="bold")
        text.append(f"{_use(card)}{'' if card.processes else '   free'}\n")
        if card.processes:
            text.append(_row("pid", "user", "GiB", "command", width), style="dim")
        for each in sorted(card.processes, key=lambda process: (-(process.used_gb or 0.0), process.pid)):
            text.append(_process(each, worker_of, facts.get(each.pid, NOT_SEEN), width))
    return text.append("\n") if found.cards else text


def _use(card: HostCard) -> str:
    """Write how busy, full and hot a card is, as far as the driver tells."""
    parts = [f"  {card.percent:.0f} %" if card.percent is not None else ""]
    if card.memory_gb is not None and card.used_gb is not None:
        parts.append(f"  {card.used_gb:.1f} of {card.memory_gb:.0f} GiB in use")
    parts.append(f"  {card.temperature_c:.0f} °C" if card.temperature_c is not None else "")
    return "".join(parts)


def _process(process: CardProcess, worker_of: Mapping[int, int], facts: ProcessFacts, width: int) -> str:
    memory = f"{process.used_gb:.1f}" if process.used_gb is not None else "–"
    ours = f"worker {worker_of[process.pid]}: " if process.pid in worker_of else ""
    return _row(
        str(process.pid), plain(facts.user) or "–", memory, ours + (plain(facts.command) or "–"), width
    )


def _row(pid: str, user: str, memory: str, command: str, width: int) -> str:
    room = max(width - PID - USER - MEMORY - 4, LEAST_COMMAND)
    columns = fitted(pid, PID, right=True), fitted(user, USER), fitted(memory, MEMORY - 2, right=True)
    return f"{columns[0]}  {columns[1]}{columns[2]}  {fitted(command, room).rstrip()}\n"
