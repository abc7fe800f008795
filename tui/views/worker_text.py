"""Text about workers and cards. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.hardware.telemetry import HostCard, NvidiaState
from engine.spec.plugin_name import arch_shown
from tui.formatting import learning_rate, plain
from tui.snapshot import AddressView, RunRow, WorkerView

if TYPE_CHECKING:
    from engine.cluster.slurm import Job

HOTTEST_C = 100.0
Bars = Callable[[int, int, int, float], str]
"""Function that draws the last minutes of a gauge as bars, from worker, gauge, width and highest value."""


def worker_text(
    worker: WorkerView,
    row: RunRow | None,
    bars: Bars,
    width: int,
    *,
    is_chosen: bool,
    accent: str,
) -> Text:
    """Write the device and its run on two lines, and its gauges with their last minutes on a third."""
    text = Text()
    name = plain(f"worker {worker.id}  {worker.device}  {worker.name}  {worker.host}:{worker.pid}")
    name += plain(f"  {worker.user}'s") if worker.user else ""
    text.append(f"{'▸' if is_chosen else ' '} {name}\n", style="bold" if is_chosen else "")
    does = worker.waits or "idle"
    if worker.run_id is not None:
        run = (
            f" {arch_shown(row.arch)} {row.pretrained} {learning_rate(row.lr)}  epoch {row.epoch}/{row.epochs}"
            if row
            else ""
        )
        speed = f"  {worker.images_per_s:,.0f} images/s" if worker.images_per_s else ""
        does = f"#{worker.run_id}{run}{speed}"
    text.append(f"  {does}\n", style="" if worker.run_id is not None else "dim")
    text.append_text(_gauges_text(worker, bars, width, accent))
    return text.append("\n\n")


def _gauges_text(worker: WorkerView, bars: Bars, width: int, accent: str) -> Text:
    percent, used, total, temperature = worker.gauges
    width_of_one = max((width - 60) // 3, 8)
    text = Text("  ")
    for number, (words, high) in enumerate(
        (
            (f"{percent:.0f} %" if percent is not None else "", 100.0),
            (f"{used:.1f} of {total:.0f} GiB" if used is not None and total else "", total or 1.0),
            ("", 1.0),
            (f"{temperature:.0f} °C" if temperature is not None else "", HOTTEST_C),
        )
    ):
        if words:
            text.append(bars(worker.id, number, width_of_one, high), style=accent)
            text.append(f" {words}   ")
    return text


def jobs_text(jobs: Sequence["Job"], problem: str, present: Collection[int]) -> Text:
    """Write each job in Slurm with its state, and its workers or Slurm's own reason for waiting; a problem with Slurm
    above them.

    `present`: ids of the workers that are there."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if problem:
        text.append(f"{plain(problem)}\n", style="dim")
    for job in jobs:
        text.append(plain(f"job slurm:{job.id}  {job.state.lower()}"), style="bold")
        workers = [f"worker {each}" for each in job.workers if each in present]
        says = [", ".join(workers), f"on {job.node}" if job.node else "", job.reason]
        text.append(f"  {plain('  '.join(filter(None, says)))}\n", style="dim")
    if jobs:
        text.append("resnet-tui workers stop slurm:ID cancels a job\n\n", style="dim")
    return text


def alerts_text(addresses: Sequence[AddressView], ok: str, bad: str) -> Text:
    """Write each address of alerts with what it is told of, or why the latest message did not arrive; where there is
    none, how to add one. `ok` and `bad` are colours of the marks; a point stands where nothing was sent yet."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if not addresses:
        return text.append(
            "alerts: none; resnet-tui notify add URL sends them to chat, mail or phone", style="dim"
        )
    for each in addresses:
        mark, style = ("✖", bad) if each.problem else ("✔", ok) if each.was_sent else ("·", "dim")
        text.append(mark, style=style)
        text.append(plain(f" alerts{f' of {each.of}' if each.of else ''} to {each.shown}"))
        text.append(plain(f"  {each.problem or ', '.join(each.kinds)}"), style="dim").append("\n")
    return text


def cards_text(found: NvidiaState, worker_of: Mapping[int, int]) -> Text:
    """Write every card of the host with its memory, the workers that train on it and all other processes.

    `worker_of`: worker of each of our processes, by pid."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if found.problem:
        return text.append(plain(found.problem), style="dim")
    for number, card in enumerate(found.cards):
        text.append(f"card {number}  {plain(card.name)}", style="bold")
        if card.memory_gb is not None and card.used_gb is not None:
            text.append(f"  {card.used_gb:.1f} of {card.memory_gb:.0f} GiB in use")
        text.append(f"   {'   '.join(_users(card, worker_of)) or 'free'}\n", style="dim")
    return text


def _users(card: HostCard, worker_of: Mapping[int, int]) -> list[str]:
    """List who uses a card as `worker 1` and `processes: 1234 (3.2 GiB), 99`."""
    ours = sorted({worker_of[each.pid] for each in card.processes if each.pid in worker_of})
    others = [
        f"{each.pid}{f' ({each.used_gb:.1f} GiB)' if each.used_gb is not None else ''}"
        for each in card.processes
        if each.pid not in worker_of
    ]
    return [*(f"worker {each}" for each in ours), *([f"processes: {', '.join(others)}"] if others else [])]
