"""Train the runs of a phase, or report the rates."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.finding_rates import __doc__ as about
from benchmarks.finding_rates.images import make_pool
from benchmarks.finding_rates.rates import judged, mistakes, silent, table
from benchmarks.finding_rates.record import recorded, save
from benchmarks.finding_rates.runs import train_scenario
from benchmarks.finding_rates.scenarios import PHASES, Phase, scenario
from benchmarks.finding_rates.warm_starts import warm_starts
from engine.hardware.telemetry import cpu_name


def train(phase: Phase, numbers: range, out: Path, *, backwards: bool = False) -> None:
    """Train the runs that `out` lacks; stopped and begun again, it goes on. Another process may go backwards."""
    out.mkdir(parents=True, exist_ok=True)
    pool, warm = make_pool(phase, out), warm_starts(out)
    for number in reversed(numbers) if backwards else numbers:
        if (out / phase / f"{number:04d}.json").exists():
            continue
        record = train_scenario(scenario(phase, number), pool, warm)
        save(out / phase, record)
        print(f"{phase} {number}: {record.about['family']} in {record.about['seconds']} s", flush=True)


def report(phase: Phase, out: Path, first: int = 0) -> Iterator[str]:
    """Markdown: how many runs from number `first` on, the table of rates, then each mistake."""
    runs = judged(record for record in recorded(out / phase) if record.about["number"] >= first)
    minutes = sum(run.record.about["seconds"] for run in runs) / 60
    yield f"{len(runs)} {phase} runs, {minutes:.0f} minutes, {time.strftime('%Y-%m-%d')}, {cpu_name()}"
    yield ""
    yield from table(runs)
    yield f"Without a warning, and nothing wrong: {silent(runs)}"
    yield ""
    yield from mistakes(runs)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.finding_rates",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("train", "report"))
    parser.add_argument("--phase", choices=PHASES, required=True)
    parser.add_argument("--runs", type=int, default=0, help="how many the phase has when all are trained")
    parser.add_argument("--first", type=int, default=0, help="number of the first run to train or to report")
    parser.add_argument("--backwards", action="store_true", help="from the last run on")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.command == "train":
        numbers = range(arguments.first, arguments.runs)
        train(arguments.phase, numbers, arguments.out, backwards=arguments.backwards)
    else:
        print("\n".join(report(arguments.phase, arguments.out, arguments.first)))


if __name__ == "__main__":
    main()
