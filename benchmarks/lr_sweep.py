"""Source of the default lr and schedule: a sweep of the built-in data, queued and trained by the product itself.

    python -m benchmarks.lr_sweep queue --home DIR
    python -m engine.worker --home DIR --drain          (as many at once as there are cores)
    python -m benchmarks.lr_sweep report --home DIR

Everything that is not named here is the spec's default. The last epoch is reported, not the best: an epoch chosen on
the test images flatters the noisier settings.
"""

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.files.paths import Home
from engine.hardware.telemetry import cpu_name
from engine.spec.grid import load_spec, make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.history import epochs_of

SEEDS = (0, 1)
COMMON: dict[str, Any] = {"image_size": 32, "threads": 1, "precision": "fp32"}
"""32 px, so that many runs fit a small machine."""
DATA = ("digits", "fundus-balanced", "fundus")
GRIDS: dict[str, tuple[tuple[float, ...], tuple[str, ...]]] = {
    "sgd": ((1e-3, 3e-3, 1e-2, 3e-2, 1e-1), ("constant", "step", "cosine", "onecycle")),
    "adamw": ((1e-4, 3e-4, 1e-3, 3e-3), ("cosine",)),
}
MEASURES = {"digits": "test_acc", "fundus-balanced": "test_acc", "fundus": "balanced_acc"}
"""Accuracy, but where answering one class alone gives most of it."""

Key = tuple[str, str, float, str]


def queue(store: Store) -> int:
    """Queue the runs, seed by seed, so that a sweep cut short still compares like with like."""
    specs = [
        make_spec(
            {**COMMON, "data": data, "optimizer": optimizer, "lr": lr, "schedule": schedule, "seed": seed}
        )
        for seed in SEEDS
        for optimizer, (lrs, schedules) in GRIDS.items()
        for data in DATA
        for schedule in schedules
        for lr in lrs
    ]
    return len(add_runs(store, specs, sweep="lr").ids)


def report(store: Store) -> Iterator[str]:
    """Markdown: for each data set and optimiser the mean over the seeds, a row a schedule, a column an lr."""
    found: dict[Key, list[float | None]] = defaultdict(list)
    with store.read() as session:
        for run in listing.list_runs(session, sweep="lr"):
            if run.id is not None and (run.status == "done" or run.cause == "diverged"):
                spec = load_spec(run.spec)
                key = (spec.data, spec.optimizer, spec.lr, spec.schedule)
                last = epochs_of(session, run.id)[-1:] if run.status == "done" else []
                found[key].append(getattr(last[0], MEASURES[spec.data]) if last else None)
    count, size_px = sum(map(len, found.values())), COMMON["image_size"]
    yield f"{count} runs of ResNet-18, 10 epochs, batch 32, {size_px} px, {cpu_name()}"
    for optimizer, (lrs, schedules) in GRIDS.items():
        for data in DATA:
            yield f"\n{optimizer} on `{data}`, {MEASURES[data]} of the last epoch, mean (lowest to highest seed)\n"
            yield f"| schedule | {' | '.join(f'lr {lr:g}' for lr in lrs)} |"
            yield "| --- |" + " ---: |" * len(lrs)
            for schedule in schedules:
                cells = [_cell(found[data, optimizer, lr, schedule]) for lr in lrs]
                yield f"| {schedule} | {' | '.join(cells)} |"
    yield "\nMean rank over the data sets (1 is best), of sgd's twenty settings\n"
    lrs, schedules = GRIDS["sgd"]
    ranks = _mean_ranks(found)
    yield f"| schedule | {' | '.join(f'lr {lr:g}' for lr in lrs)} |"
    yield "| --- |" + " ---: |" * len(lrs)
    for schedule in schedules:
        yield f"| {schedule} | {' | '.join(f'{ranks[lr, schedule]:.1f}' for lr in lrs)} |"


def _cell(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not values:
        return f"diverged {len(values) - len(known)} of {len(values)}" if values else "–"
    return f"{statistics.mean(known):.3f} ({min(known):.3f} to {max(known):.3f})"


def _mean_ranks(found: dict[Key, list[float | None]]) -> dict[tuple[float, str], float]:
    lrs, schedules = GRIDS["sgd"]
    settings = [(lr, schedule) for lr in lrs for schedule in schedules]
    ranks: dict[tuple[float, str], list[int]] = defaultdict(list)
    for data in DATA:
        means = {
            setting: statistics.mean(value or 0.0 for value in found[data, "sgd", *setting] or [None])
            for setting in settings
        }
        for setting in settings:
            ranks[setting].append(1 + sum(other > means[setting] for other in means.values()))
    return {setting: statistics.mean(each) for setting, each in ranks.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("queue", "report"))
    parser.add_argument("--home", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.home.mkdir(parents=True, exist_ok=True)
    store = open_store(Home.find(arguments.home).database)
    if arguments.command == "queue":
        print(f"{queue(store)} runs queued")
    else:
        print("\n".join(report(store)))


if __name__ == "__main__":
    main()
