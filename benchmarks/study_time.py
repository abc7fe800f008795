"""Lab report's study, timed: two depths, from scratch and from a file of weights, through the worker.

    python -m benchmarks.study_time --home DIR [--train 28100] [--test 7025] [--size 224] [--epochs 10 5] [--set N=V]

The photographs are drawn, 512 px, stored as JPEG; each drawing is stored eight times, turned and mirrored, all in
the same split. The weights are drawn too: a file of torchvision's own format, which costs what ImageNet's cost."""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image

from benchmarks.jpegs import GRADES, QUALITY, SEED
from engine.datasets.synthetic.fundus import draw_fundus
from engine.files.paths import Home
from engine.spec.grid import load_spec, make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.history import epochs_of

SIDE_PX, VARIANTS = 512, 8
ARCHS = ("resnet18", "resnet50")


def draw_study(folder: Path, *, train: int, test: int) -> None:
    """Whatever is not there yet of `train` and `test` photographs, as many processes as cores."""
    wanted = [
        (split, offset + first, min(VARIANTS, count - first))
        for split, count, offset in (("train", train, 0), ("test", test, 1_000_000))
        for first in range(0, count, VARIANTS)
    ]
    for split in ("train", "test"):
        for grade in range(GRADES):
            (folder / split / f"grade{grade}").mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as processes:
        list(processes.map(partial(_draw, folder), wanted, chunksize=4))


def _draw(folder: Path, wanted: tuple[str, int, int]) -> None:
    split, first, count = wanted
    grade = first // VARIANTS % GRADES
    place = folder / split / f"grade{grade}"
    if (place / f"{first + count - 1:07}.jpeg").exists():
        return
    drawn = Image.fromarray(draw_fundus(SEED, first, grade, SIDE_PX))
    for number in range(count):
        turned = drawn.rotate(90 * (number % 4))
        if number >= 4:
            turned = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        turned.save(place / f"{first + number:07}.jpeg", quality=QUALITY)


def drawn_weights(folder: Path) -> dict[str, Path]:
    """Return a file for each architecture, as torchvision's downloads are."""
    import torch
    import torchvision

    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for arch in ARCHS:
        files[arch] = folder / f"{arch}-drawn.pth"
        torch.manual_seed(0)
        torch.save(getattr(torchvision.models, arch)().state_dict(), files[arch])
    return files


def queue_study(
    store: Store, files: dict[str, Path], *, size: int, epochs: list[int], more: dict[str, object]
) -> tuple[int, ...]:
    common = {"data": "data/photographs", "image_size": size, "augment": "flip", **more}
    specs = [
        make_spec({**common, "arch": arch, "epochs": count, "pretrained": pretrained})
        for arch, count in zip(ARCHS, epochs, strict=True)
        for pretrained in ("none", *([str(files[arch])] if files else []))
    ]
    return add_runs(store, specs, sweep=f"study at {size} px").ids


def report(store: Store, ids: Sequence[int], home: Home) -> Iterator[str]:
    yield "| run | network | weights | epochs | images/s | seconds | not training | test accuracy |"
    yield "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |"
    with store.read() as session:
        for run_id in ids:
            run = listing.get_run(session, run_id)
            spec, rows = load_spec(run.spec), epochs_of(session, run_id)
            if run.status != "done" or run.started_at is None or run.ended_at is None:
                yield f"| {run_id} | {spec.arch} | | | | {run.status}: {run.error} | | |"
                continue
            took = (run.ended_at - run.started_at).total_seconds()
            paces = sorted(row.images_per_s for row in rows if row.images_per_s)
            trained = sum(row.seconds or 0.0 for row in rows)
            weights = "drawn" if spec.pretrained == "none" else "file"
            yield (
                f"| {run_id} | {spec.arch} | {weights} | {spec.epochs} | {paces[len(paces) // 2]:,.0f} | {took:.1f} | "
                f"{took - trained:.1f} | {rows[-1].test_acc:.4f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--train", type=int, default=28_100)
    parser.add_argument("--test", type=int, default=7_025)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--epochs", type=int, nargs=2, default=[10, 5], metavar=("18", "50"))
    parser.add_argument("--scratch", action="store_true", help="the two runs without a file of weights alone")
    parser.add_argument("--gpu-cache", default="4")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    began = time.monotonic()
    draw_study(given.home / "data" / "photographs", train=given.train, test=given.test)
    print(f"- drawing: {time.monotonic() - began:.1f} s (not part of the study)", flush=True)
    files = {} if given.scratch else drawn_weights(given.home / "weights")
    home = Home.find(given.home)
    store = open_store(home.database)
    more = {name: json.loads(value) for name, value in (each.split("=", 1) for each in given.set)}
    ids = queue_study(store, files, size=given.size, epochs=given.epochs, more=more)
    began = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "engine.worker",
        "--home",
        str(given.home),
        "--drain",
        "--gpu-cache",
        given.gpu_cache,
    ]
    subprocess.run(command, check=False)
    print(
        f"- {given.size} px: the worker took {time.monotonic() - began:.1f} s, packing counted in", flush=True
    )
    print("\n".join(report(store, ids, home)), flush=True)


if __name__ == "__main__":
    main()
