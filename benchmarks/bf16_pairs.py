"""Does bfloat16 cost accuracy? Pairs of runs that differ in precision alone, queued and trained by the product itself.

    python -m benchmarks.bf16_pairs queue --home DIR --data digits --seeds 10
    python -m engine.worker --home DIR --drain          (as many at once as there are cores)
    python -m benchmarks.bf16_pairs report --home DIR [--home ANOTHER …]

Everything else is the spec's default. The last epoch is compared: which epoch is best is chosen on the test images.
"""

import argparse
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.files.paths import Home
from engine.spec.grid import load_spec, make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.history import epochs_of

SWEEP = "bf16"
PRECISIONS = ("fp32", "bf16")
BOUND_POINTS = 0.5
"""The 95 % interval of the difference is to lie within."""


def queue(store: Store, data: str, seeds: range) -> int:
    """Queue both of each pair beside each other, so that a sweep cut short still has pairs."""
    specs = [
        make_spec({"data": data, "seed": seed, "threads": 1, "precision": precision})
        for seed in seeds
        for precision in PRECISIONS
    ]
    return len(add_runs(store, specs, sweep=SWEEP).ids)


def report(stores: Sequence[Store]) -> Iterator[str]:
    """Markdown: a row a data set."""
    found: dict[str, dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    devices = set()
    for store in stores:
        with store.read() as session:
            for run in listing.list_runs(session, sweep=SWEEP, status=["done"]):
                spec, last = load_spec(run.spec), epochs_of(session, run.id or 0)[-1]
                devices.add(str(run.environment.get("device_name")))
                if last.test_acc is not None:
                    found[spec.data][spec.seed][spec.precision] = 100 * last.test_acc
    yield f"ResNet-18, defaults, test accuracy of the last epoch, {' and '.join(map(str, sorted(devices)))}\n"
    yield "| data | pairs | fp32, % | bf16, % | bf16 − fp32, points | 95 % interval | pairs for ±0.5 |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for data, seeds in found.items():
        pairs = [pair for pair in seeds.values() if len(pair) == len(PRECISIONS)]
        if len(pairs) > 1:
            yield _row(data, [pair["fp32"] for pair in pairs], [pair["bf16"] for pair in pairs])


def _row(data: str, fp32: Sequence[float], bf16: Sequence[float]) -> str:
    """Student's t on the differences of the pairs."""
    from scipy import stats

    differences = [after - before for before, after in zip(fp32, bf16, strict=True)]
    count, mean, spread = len(differences), statistics.mean(differences), statistics.stdev(differences)
    half = float(stats.t.ppf(0.975, count - 1)) * spread / math.sqrt(count)
    needed = math.ceil((1.96 * spread / BOUND_POINTS) ** 2)
    means = f"{statistics.mean(fp32):.2f} | {statistics.mean(bf16):.2f}"
    return (
        f"| {data} | {count} | {means} | {mean:+.2f} | {mean - half:+.2f} to {mean + half:+.2f} | {needed} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("queue", "report"))
    parser.add_argument("--home", type=Path, action="append", required=True)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    arguments = parser.parse_args()
    for each in arguments.home:
        each.mkdir(parents=True, exist_ok=True)
    stores = [open_store(Home.find(each).database) for each in arguments.home]
    if arguments.command == "queue":
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        print(f"{queue(stores[0], arguments.data, seeds)} runs queued")
    else:
        print("\n".join(report(stores)))


if __name__ == "__main__":
    main()
