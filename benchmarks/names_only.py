"""Seconds of `data check --names-only`, from the process's start to its end."""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

TITLE = "data check --names-only: the lab's CSVs with 35,126 names of 17,563 patients"
PATIENTS, TRAIN, RUNS = 17_563, 28_100, 7
BOUND_S = 3.0


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        _lay_out(Path(folder))
        code = "from tui.cli import main; main()"
        whole = _times([sys.executable, "-c", code, "data", "check", folder, "--names-only"])
        start = _times([sys.executable, "-c", code, "data", "check", "--help"])
    yield (
        f"- whole process: median {statistics.median(whole):.2f} s, {min(whole):.2f} to {max(whole):.2f} "
        f"(n = {RUNS}; bound {BOUND_S:g} s); of it the program's start (`--help`): "
        f"{statistics.median(start):.2f} s, {min(start):.2f} to {max(start):.2f}"
    )


def _times(command: list[str]) -> list[float]:
    """Seconds of each call, after one that is not counted."""
    found = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        found.append(time.perf_counter() - began)
    return found[1:]


def _lay_out(folder: Path) -> None:
    """Names alone: the files hold one byte."""
    chance = random.Random(0)
    names = [f"{patient}_{eye}" for patient in range(PATIENTS) for eye in ("left", "right")]
    (folder / "train").mkdir()
    for name in names:
        (folder / "train" / f"{name}.jpeg").write_bytes(b"x")
    chance.shuffle(names)
    for split, part in (("train", names[:TRAIN]), ("test", names[TRAIN:])):
        labels = chance.choices("01234", [0.735, 0.07, 0.15, 0.025, 0.02], k=len(part))
        (folder / f"{split}_img.csv").write_text("\n".join(part) + "\n")
        (folder / f"{split}_label.csv").write_text("\n".join(labels) + "\n")
