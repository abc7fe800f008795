"""Text about workers, jobs and the addresses of alerts. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from tui.formatting import plain
from tui.run_row import RunRow
from tui.snapshot import AddressView, WorkerView
from tui.views.queue_text import ends_text, recipe

if TYPE_CHECKING:
    from engine.cluster.slurm import Job


def worker_text(
    worker: WorkerView, row: RunRow | None, now: datetime, *, is_chosen: bool, with_user: bool = False
) -> Text:
    """Write the device on one line, and on a second its run with its speed and when it ends."""
    text = Text(no_wrap=True, overflow="ellipsis")
    name = plain(f"worker {worker.id}  {worker.device}  {worker.name}  {worker.host}:{worker.pid}")
    name += plain(f"  {worker.user}'s") if with_user and worker.user else ""
    text.append(f"{'▸' if is_chosen else ' '} {name}\n", style="bold" if is_chosen else "")
    if worker.run_id is None:
        return text.append(f"  {worker.leaves or worker.waits or 'idle'}\n", style="dim")
    says = [f"#{worker.run_id}" + (f" {recipe(row)}" if row else "")]
    says += [f"epoch {row.epoch}/{row.epochs}"] if row else []
    says += [f"{worker.images_per_s:,.0f} images/s"] if worker.images_per_s else []
    text.append(f"  {'  '.join(says)}")
    text.append(f"  {worker.leaves}" if worker.leaves else "", style="bold")
    ends = ends_text(row, now) if row else ""
    return text.append(f"  {ends}\n" if ends else "\n", style="dim")


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
