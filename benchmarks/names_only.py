"""Seconds of `data check --names-only`, beside a bare listing of the folders and pandas reading the tables."""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

TITLE = "data check --names-only: 35,126 names of 17,563 patients, whole processes in turn"
PATIENTS, TRAIN, RUNS = 17_563, 28_100, 7
BOUND_S = 3.0
CHECK = ("-c", "from tui.cli import main; main()", "data", "check")
BARE = """
import os, sys, pandas
def walk(folder):
    tables = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                tables += walk(entry.path)
            elif entry.name.endswith(".csv"):
                tables.append(entry.path)
    return tables
for table in walk(sys.argv[1]):
    pandas.read_csv(table, dtype=str)
"""
"""Least that a script does before it looks at a name."""


def measure() -> Iterator[str]:
    start = _in_turn([[*CHECK, "--help"]])[0]
    yield f"- the program's start (`--help`): {_spread(start, ' s')} (n = {RUNS})"
    for what, lay_out in LAYOUTS.items():
        with tempfile.TemporaryDirectory() as folder:
            lay_out(Path(folder), _labelled())
            whole, bare = _in_turn([[*CHECK, folder, "--names-only"], ["-c", BARE, folder]])
        ratios = [mine / other for mine, other in zip(whole, bare, strict=True)]
        yield (
            f"- {what}: {_spread(whole, ' s')} (n = {RUNS}; bound {BOUND_S:g} s); `os.scandir` and "
            f"`pandas.read_csv` of the same {_spread(bare, ' s')}; ratio {_spread(ratios)}"
        )


def _spread(found: Sequence[float], unit: str = "") -> str:
    return f"median {statistics.median(found):.2f}{unit}, {min(found):.2f} to {max(found):.2f}"


def _in_turn(commands: Sequence[Sequence[str]]) -> list[list[float]]:
    """Seconds of each command's calls, one of each in turn, after a turn that is not counted."""
    found: list[list[float]] = [[] for _ in commands]
    for _ in range(RUNS + 1):
        for command, times in zip(commands, found, strict=True):
            began = time.perf_counter()
            subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - began)
    return [times[1:] for times in found]


def _labelled() -> list[tuple[str, str]]:
    """Names and grades in a random order."""
    chance = random.Random(0)
    names = [f"{patient}_{eye}" for patient in range(PATIENTS) for eye in ("left", "right")]
    chance.shuffle(names)
    grades = chance.choices("01234", [0.735, 0.07, 0.15, 0.025, 0.02], k=len(names))
    return list(zip(names, grades, strict=True))


def _put(folder: Path, names: Sequence[str]) -> None:
    """Make files of one byte: the names alone matter."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.jpeg").write_bytes(b"x")


def _lab(folder: Path, labelled: Sequence[tuple[str, str]]) -> None:
    _put(folder / "train", [name for name, _ in labelled])
    for split, part in (("train", labelled[:TRAIN]), ("test", labelled[TRAIN:])):
        (folder / f"{split}_img.csv").write_text("".join(f"{name}\n" for name, _ in part))
        (folder / f"{split}_label.csv").write_text("".join(f"{grade}\n" for _, grade in part))


def _kaggle(folder: Path, labelled: Sequence[tuple[str, str]]) -> None:
    _put(folder / "train", [name for name, _ in labelled])
    rows = "".join(f"{name},{grade}\n" for name, grade in labelled)
    (folder / "trainLabels.csv").write_text(f"image,level\n{rows}")


def _class_folders(folder: Path, labelled: Sequence[tuple[str, str]]) -> None:
    for grade in "01234":
        _put(folder / grade, [name for name, each in labelled if each == grade])


LAYOUTS: dict[str, Callable[[Path, Sequence[tuple[str, str]]], None]] = {
    "the lab's CSVs": _lab,
    "Kaggle's trainLabels.csv": _kaggle,
    "class folders": _class_folders,
}
