"""Fashion-MNIST by the program's own verbs: the whole set once, and two recipes on a tenth of it, five seeds each.

    python -m benchmarks.fashion_mnist --out DIR

In DIR: a home with the runs, the report, and a text of what `ls --groups` and `compare` print. A run that is done is
not trained again. The whole set takes most of the time: a ResNet-18 at 28 px, a few epochs."""

import argparse
import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.finding_rates.photographs import fetch
from engine.files.paths import Home

SEED = 20_260
PUBLISHED = (
    "ResNet-18 .949 (data set's README: normalised, flipped, shifted and turned images; epochs not given)"
)
CLASSES = "T-shirt,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot"
SHARED = (
    "--class-names", CLASSES,
    "--arch", "resnet18", "--image-size", "28", "--batch-size", "64", "--lr", "0.05", "--schedule", "cosine",
    "--val-fraction", "0.1", "--select-on", "val_acc", "--threads", "1",
)  # fmt: skip
STUDIES = {
    "whole": ("--data", "fashion-mnist", "--epochs", "4", "--augment", "flip"),
    "tenth": (
        "--data", "fashion-mnist-tenth", "--epochs", "6", "--augment", "none,flip", "--seeds", "5",
    ),
}  # fmt: skip
"""Flags of `resnet-tui add` by the sweep that they make."""
WORKERS = 2


def make_data(home: Path, package: Path) -> None:
    """Copy the four IDX files, and make a set of every class's tenth of the training images; all test images stay."""
    whole, tenth = home / "fashion-mnist", home / "fashion-mnist-tenth"
    if tenth.is_dir():
        return
    shutil.copytree(package, whole, dirs_exist_ok=True)
    part = home / "tenth.part"
    shutil.copytree(package, part, dirs_exist_ok=True)
    images, labels = (
        gzip.decompress((package / f"train-{each}-ubyte.gz").read_bytes())
        for each in ("images-idx3", "labels-idx1")
    )
    truth = np.frombuffer(labels, np.uint8, offset=8)
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(len(truth), -1)
    rng = np.random.default_rng(SEED)
    kept = np.sort(
        np.concatenate(
            [rng.choice(rows := np.flatnonzero(truth == each), len(rows) // 10, False) for each in range(10)]
        )
    )
    count = len(kept).to_bytes(4, "big")
    for name, header, rows in (
        ("images-idx3", images[:4] + count + images[8:16], pixels[kept]),
        ("labels-idx1", labels[:4] + count, truth[kept]),
    ):
        (part / f"train-{name}-ubyte.gz").write_bytes(gzip.compress(header + rows.tobytes(), mtime=0))
    part.rename(tenth)


def told(home: Home, *arguments: str) -> str:
    """Run a verb of `resnet-tui` in the home and return what it prints."""
    command = [sys.executable, "-m", "tui", *arguments, "--home", str(home.root)]
    environment = home.environment()
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=environment).stdout


def sweeps_of(home: Home) -> set[str]:
    return {run["sweep"] for run in json.loads(told(home, "ls", "--json"))["runs"]}


def train(home: Home) -> None:
    """Train the queue with a worker for each core, one thread each."""
    command = [sys.executable, "-m", "engine.worker", "--drain", "--device", "cpu", "--home", str(home.root)]
    workers = [subprocess.Popen(command, env=home.environment()) for _ in range(WORKERS)]
    if any([worker.wait() for worker in workers]):
        raise SystemExit("a worker failed: see the log of its run")


def measure(out: Path) -> Iterator[str]:
    root = out / "home"
    root.mkdir(parents=True, exist_ok=True)
    home = Home.find(root)
    make_data(root, fetch(out))
    for sweep, flags in STUDIES.items():
        if not (root / "runs.db").exists() or sweep not in sweeps_of(home):
            told(home, "add", "--sweep", sweep, *SHARED, *flags)
    train(home)
    yield told(home, "ls")
    yield told(home, "ls", "--groups")
    yield told(home, "compare", "tenth")
    yield f"Published: {PUBLISHED}"
    yield told(home, "report", "--out", str(out / "report"))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fashion_mnist",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out.resolve()
    for part in measure(out):
        print(part, flush=True)


if __name__ == "__main__":
    main()
