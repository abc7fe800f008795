"""Gain of a step on the CPU in fp32 by the order of weights and activations in memory, and by keeping freed memory."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import torch
from torch.nn import functional

from engine.models.resnet import build_model
from engine.spec.grid import make_spec
from engine.training.memory_layout import CHANNELS_LAST, PLAIN, Layout, choose_layout, lay_out
from engine.training.torch_setup import keep_freed_memory, resolve_threads

TITLE = "Layout and memory: a step in fp32, plain, mixed or channels_last, freed memory kept or given back"
ROUNDS = 5
CASES = (
    ("resnet18", 32, 32), ("resnet18", 32, 64), ("resnet18", 32, 96), ("resnet18", 32, 128), ("resnet18", 16, 224),
    ("resnet50", 32, 64), ("resnet50", 16, 128),
)  # fmt: skip
"""Architecture, batch, side in px."""
LAYOUTS = ("plain", "mixed", "channels_last")
CPU = torch.device("cpu")
WARM, STEPS = 2, 4


def measure() -> Iterator[str]:
    """Each setting of the allocator in a process of its own, in turn; all layouts take turns within it."""
    found: dict[tuple[str, str], list[list[float]]] = {}
    for turn in range(ROUNDS):
        for memory in ("kept", "given back")[:: 1 if turn % 2 == 0 else -1]:
            command = [
                sys.executable,
                "-m",
                "benchmarks.image_order",
                *(["--keep"] if memory == "kept" else []),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            for layout, seconds in json.loads(done.stdout).items():
                found.setdefault((layout, memory), []).append(seconds)
    yield "| network | batch | px | plain, ms | mixed ÷ plain | channels_last ÷ plain | given back ÷ kept, mixed |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for number, (arch, batch, size_px) in enumerate(CASES):
        times = {key: [each[number] for each in rounds] for key, rounds in found.items()}
        plain_ms = 1000 * statistics.median(times["plain", "kept"])
        mixed, last = (_ratio(times[layout, "kept"], times["plain", "kept"]) for layout in LAYOUTS[1:])
        memory = _ratio(times["mixed", "given back"], times["mixed", "kept"])
        yield f"| {arch} | {batch} | {size_px} | {plain_ms:.0f} | {mixed} | {last} | {memory} |"
    yield f"\nMedian of {ROUNDS} rounds of {STEPS} steps (lowest to highest)."


def _ratio(ours: list[float], theirs: list[float]) -> str:
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _steps() -> dict[str, list[float]]:
    """Seconds of a step of each case, by layout."""
    found: dict[str, list[float]] = {name: [] for name in LAYOUTS}
    for arch, batch, size_px in CASES:
        images, labels = torch.randn(batch, 3, size_px, size_px), torch.arange(batch) % 5
        mixed = choose_layout(make_spec({"data": "digits", "arch": arch, "image_size": size_px}), "fp32", CPU)
        layouts = zip(LAYOUTS, (PLAIN, mixed, CHANNELS_LAST), strict=True)
        steps = {name: _step(arch, layout, images, labels) for name, layout in layouts}
        seconds: dict[str, list[float]] = {name: [] for name in LAYOUTS}
        for _ in range(WARM + STEPS):
            for name, step in steps.items():
                began = time.perf_counter()
                step()
                seconds[name].append(time.perf_counter() - began)
        for name, each in seconds.items():
            found[name].append(statistics.median(each[WARM:]))
    return found


def _step(arch: str, layout: Layout, images: torch.Tensor, labels: torch.Tensor) -> Callable[[], None]:
    model = lay_out(build_model(arch, 5, seed=0), layout, CPU)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, fused=True)
    ready = images.contiguous(memory_format=layout.images)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(model(ready), labels).backward()
        optimizer.step()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true")
    if parser.parse_args().keep:
        keep_freed_memory()
    torch.set_num_threads(resolve_threads(0))
    print(json.dumps(_steps()))


if __name__ == "__main__":
    main()
