"""Train the runs of a phase, or report the rates."""

import argparse
from pathlib import Path

from benchmarks.finding_rates import __doc__ as about
from benchmarks.finding_rates.images import make_pool
from benchmarks.finding_rates.record import save
from benchmarks.finding_rates.runs import train_scenario
from benchmarks.finding_rates.scenarios import PHASES, Phase, scenario
from benchmarks.finding_rates.warm_starts import warm_starts


def train(phase: Phase, runs: int, out: Path, *, backwards: bool = False) -> None:
    """Train the runs that `out` lacks; stopped and begun again, it goes on. Another process may go backwards."""
    out.mkdir(parents=True, exist_ok=True)
    pool, warm = make_pool(phase, out), warm_starts(out)
    for number in reversed(range(runs)) if backwards else range(runs):
        if (out / phase / f"{number:04d}.json").exists():
            continue
        record = train_scenario(scenario(phase, number), pool, warm)
        save(out / phase, record)
        print(f"{phase} {number}: {record.about['family']} in {record.about['seconds']} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.finding_rates",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("train", "report"))
    parser.add_argument("--phase", choices=PHASES, required=True)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--backwards", action="store_true", help="from the last run on")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.command == "train":
        train(arguments.phase, arguments.runs, arguments.out, backwards=arguments.backwards)


if __name__ == "__main__":
    main()
