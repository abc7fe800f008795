"""Damaged images by the ten thousand, in every format that is read: no traceback, bounded time and memory."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TITLE = "Damaged images (each line another seed)"
SEEDS, IMAGES = range(100, 108), 10_000


def measure() -> Iterator[str]:
    """AssertionError with the end of the output where an image was not read or refused as it should."""
    for seed in SEEDS:
        command = [sys.executable, "-m", "tests.support.fuzzing", str(seed), str(IMAGES)]
        done = subprocess.run(
            command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"seed {seed}: {done.stderr[-2000:]}"
        yield f"- seed {seed}: {done.stdout.strip()}"
