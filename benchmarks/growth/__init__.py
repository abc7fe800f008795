"""Growth of time and memory with images, classes, runs and epochs: a slope of 1 is linear."""

import gc
import importlib
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.growth.act import Dimension
from benchmarks.growth.probe import ActFailed, Cost, cost_of, in_child
from benchmarks.growth.slopes import HEAD, row

TITLE = "Growth: slopes of log time and log memory over log size"
DIMENSIONS = ("runs", "epochs", "classes", "images")
LOADED = ("numpy", "scipy.stats", "pandas", "torch", "PIL.Image", "tui.cli", "engine.training.session")
"""Loaded before the processes of the acts are forked, so that no act pays for them."""


def measure() -> Iterator[str]:
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else every process walks through all that was loaded
    for name in DIMENSIONS:
        dimension: Dimension = importlib.import_module(f"benchmarks.growth.{name}").DIMENSION
        yield f"### {dimension.title}\n"
        costs, failed = _costs(dimension)
        yield f"| {' | '.join(HEAD)} |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        for act, found in zip(dimension.acts, costs, strict=True):
            if len(found) == len(act.sizes):
                yield row(act, found)
        yield from ("", *failed)


def _costs(dimension: Dimension) -> tuple[list[dict[int, Cost]], list[str]]:
    """Return the costs of each act by size, and a line for each that failed."""
    costs: list[dict[int, Cost]] = [{} for _ in dimension.acts]
    failed = []
    with tempfile.TemporaryDirectory() as place:
        for size in dimension.sizes:
            folder = Path(place) / str(size)
            folder.mkdir()
            in_child(partial(dimension.make, folder, size))
            for act, found in zip(dimension.acts, costs, strict=True):
                if size not in act.sizes:
                    continue
                try:
                    found[size] = cost_of(partial(act.prepare, folder, size))
                except ActFailed as error:
                    failed.append(f"- {act.name} at {size:,}: {error}")
    return costs, failed
