"""Run the measurements (all, or those named) and print them as Markdown: ratios, side by side in one run."""

import argparse
import importlib
import platform
import time

from engine.hardware.telemetry import cpu_name

MEASUREMENTS = (
    "claiming",
    "waits",
    "turnaround",
    "names_only",
    "step",
    "image_order",
    "profile",
    "decoding",
    "feeds",
    "card",
    "waiting_threads",
    "shared_cores",
    "contenders",
    "app",
    "drawing",
)
SOAKS = (
    "kill_loop",
    "damage",
    "outages",
    "old_home",
    "beyond_memory",
    "compare_rates",
    "growth",
    "memory",
    "opening",
    "opening_far",
    "scale",
    "scale_check",
    "slow_table",
)
"""Run only where they are named: they take long, or gigabytes of disk."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join((*MEASUREMENTS, *SOAKS))}")
    names = parser.parse_args().names or MEASUREMENTS
    if unknown := set(names) - {*MEASUREMENTS, *SOAKS}:
        parser.error(
            f"no measurement {', '.join(sorted(unknown))}: choose from {', '.join((*MEASUREMENTS, *SOAKS))}"
        )
    print(f"# Measured {time.strftime('%Y-%m-%d')} on {cpu_name()}, Python {platform.python_version()}\n")
    for name in names:
        measurement = importlib.import_module(f"benchmarks.{name}")
        print(f"## {measurement.TITLE}\n")
        for line in measurement.measure():
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
