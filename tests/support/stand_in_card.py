"""Stand-in for a card of 10 GiB: a folder with a file for each process that is on it, which says how many GiB it
holds. `python -m tests.support.stand_in_card worker …` is `python -m engine.worker …` on that card."""

import itertools
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engine.hardware.card_memory import memory_place
from engine.hardware.telemetry import CardProcess, CpuTelemetry, HostCard, NvidiaState
from tests.support.waiting import until

FOLDER = "STAND_IN_CARD"
CARD_GB = 10.0
NAME, UUID = "Stand-in", "GPU-1"
PLACE = memory_place(NAME, 4 << 30)
TAKES_GB = {8: 2.0, 6: 9.0}
"""Memory that a run takes, by its batch size."""
MODULE = "tests.support.stand_in_card"
MET, REFUSED = "met", "refused"
"""Files that say that two processes were on the card at once, and that one was refused its memory. A run's second epoch
begins when another has been refused, or after that has happened, when two have met."""


def folder() -> Path:
    return Path(os.environ[FOLDER])


def on_card() -> dict[int, float]:
    """GiB of the living processes on the card, by pid."""
    return dict(_living())


def _living() -> Iterator[tuple[int, float]]:
    for each in folder().iterdir():
        if each.name.isdecimal() and Path(f"/proc/{each.name}").exists() and (text := each.read_text()):
            yield int(each.name), float(text)


def nvidia() -> NvidiaState:
    held = on_card()
    processes = tuple(CardProcess(pid, gb) for pid, gb in held.items())
    card = HostCard(NAME, UUID, CARD_GB, sum(held.values()), processes)
    return NvidiaState((card,), "580.1", 13000, None)


def be_worker(arguments: list[str]) -> None:
    """Be a worker that finds the card, and whose trainings compute on the processor."""
    from engine.hardware import telemetry
    from engine.worker import run_claims, warm_process, worker
    from engine.worker.find_device import Found

    def start(command: list[str], **more: Any) -> "subprocess.Popen[bytes]":
        given = command[command.index("-m") + 2 :]
        given[given.index("--device") + 1] = "cpu"
        return subprocess.Popen([sys.executable, "-P", "-m", MODULE, "training", *given], **more)

    telemetry.nvidia = nvidia
    telemetry.reader = lambda *_: CpuTelemetry()  # type: ignore[assignment]
    run_claims.RunClaims.__init__.__defaults__ = (nvidia,)
    worker.find_device = lambda *_: Found("cuda:0", NAME, UUID)  # type: ignore[assignment]
    warm_process.subprocess = SimpleNamespace(  # type: ignore[assignment]
        Popen=start, PIPE=subprocess.PIPE, STDOUT=subprocess.STDOUT, DEVNULL=subprocess.DEVNULL
    )
    sys.argv = ["engine.worker", *arguments]
    runpy.run_module("engine.worker", run_name="__main__", alter_sys=True)


def be_training(arguments: list[str]) -> None:
    """Be a training process that takes memory of the card from its first step on."""
    import torch

    from engine.store.memory_peaks import Peak
    from engine.training import session, store_recorder

    train = session.train_one_epoch

    waits_for = folder() / (MET if (folder() / REFUSED).exists() else REFUSED)
    epochs = itertools.count(1)

    def train_on_card(net: Any, batches: Any, sums: Any, **more: Any) -> bool:
        take(TAKES_GB[net.micro_batch])
        if next(epochs) == 2:  # it is measured: others may come
            until(waits_for.exists, what="a neighbour")
        return train(net, batches, sums, **more)

    def take(own_gb: float) -> None:
        others_gb = sum(gb for pid, gb in on_card().items() if pid != os.getpid())
        if others_gb + own_gb > CARD_GB:
            (folder() / REFUSED).touch()
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        (folder() / str(os.getpid())).write_text(str(own_gb))
        if others_gb:
            (folder() / MET).touch()

    def peak_of(spec: Any, _environment: Any, epoch: int) -> Peak:
        return Peak(TAKES_GB[spec.batch_size], PLACE if epoch >= spec.first_whole_epoch else "")

    session.train_one_epoch = train_on_card
    store_recorder.peak_of = peak_of
    sys.argv = ["engine.training.process", *arguments]
    runpy.run_module("engine.training.process", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    {"worker": be_worker, "training": be_training}[sys.argv[1]](sys.argv[2:])
