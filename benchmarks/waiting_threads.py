"""Threads of a training on the CPU that wait for each other: how long, alone, beside a busy program, and in pairs."""

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch.nn import functional

from engine.models.resnet import build_model

TITLE = "Threads that wait for each other, beside other work"
SECONDS = 4.0
TURNS = 5
WAITING = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
"""Variables that say how threads of libgomp wait."""
BATCH, SIZE_PX = 16, 32
WAYS: Mapping[str, tuple[int, Mapping[str, str]]] = {
    "2 threads, libgomp's own wait": (2, {}),
    "1 thread": (1, {}),
    **{f"2 threads, {spins} rounds": (2, {WAITING[0]: spins}) for spins in ("0", "300", "1000", "10000")},
}
"""Threads, and the environment."""


def measure() -> Iterator[str]:
    """Markdown: images/s of ResNet-18, a row for each way to wait; all ways in each turn."""
    found: dict[str, tuple[list[float], list[float], list[float]]] = {way: ([], [], []) for way in WAYS}
    for _ in range(TURNS):
        for way, (alone, beside, pair) in found.items():
            threads, environment = WAYS[way]
            alone.append(_together(1, threads, environment))
            with busy(True):
                beside.append(_together(1, threads, environment))
            pair.append(_together(2, threads, environment))
    yield f"ResNet-18, {SIZE_PX} px, batch {BATCH}, fp32, images/s: median (lowest to highest), n {TURNS}"
    yield ""
    yield "| threads | alone | beside a busy program | two trainings together |"
    yield "| --- | --- | --- | --- |"
    for way, columns in found.items():
        yield f"| {way} | {' | '.join(map(spread, columns))} |"


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


@contextlib.contextmanager
def busy(is_busy: bool) -> Iterator[None]:
    """Keep one core busy where asked."""
    if not is_busy:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _together(count: int, threads: int, environment: Mapping[str, str]) -> float:
    """Return the images/s of trainings that begin at once, added up."""
    plain = {name: value for name, value in os.environ.items() if name not in WAITING}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.waiting_threads", str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**plain, **environment},
        )
        for _ in range(count)
    ]
    with contextlib.ExitStack() as ended:
        pipes = [(ended.enter_context(process).stdin, process.stdout) for process in processes]
        for _, told in pipes:
            assert told is not None and told.readline() == "ready\n"
        for asked, _ in pipes:
            assert asked is not None
            asked.write("\n")
            asked.flush()
        return sum(float(told.readline()) for _, told in pipes if told is not None)


def main() -> None:
    """Train on noise when told to, and print the images/s."""
    torch.set_num_threads(int(sys.argv[1]))
    model = build_model("resnet18", 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(BATCH, 3, SIZE_PX, SIZE_PX, generator=generator)
    labels = torch.randint(0, 10, (BATCH,), generator=generator)

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    for _ in range(3):
        step()
    print("ready", flush=True)
    sys.stdin.readline()
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        step()
        steps += 1
    print(steps * BATCH / (time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
