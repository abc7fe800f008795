"""Run the measurements and print them as Markdown: figures as ratios, side by side in one run."""

import platform
import time

from benchmarks import claims, step
from engine.telemetry import cpu_name


def main() -> None:
    print(f"# Measured {time.strftime('%Y-%m-%d')} on {cpu_name()}, Python {platform.python_version()}\n")
    for measurement in (claims, step):
        print(f"## {measurement.TITLE}\n")
        for line in measurement.measure():
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
