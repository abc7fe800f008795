"""Packed set several times larger than the memory it is given: it is packed and trained on in a control group."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from engine.training.prepared_data import PreparedData
    from engine.training.step import Network


TITLE = "A packed set larger than the memory it is given"
LIMIT_BYTES = 1 << 30
IMAGES, SIDE_PX, DRAWN_PX, DRAWN = 16_000, 256, 128, 20
"""3.1 GB packed; the files are links to a few drawn ones."""
STEPS, BATCH = 20, 4
GATHERED_S = 15.0
"""Seconds for which batches are gathered without training: so fast as a card would want them."""
ROOT = Path("/sys/fs/cgroup")


def measure() -> Iterator[str]:
    group = _make_group()
    if group is None:
        yield "- skipped: this process may not make a control group with a memory limit (be root, on Linux)"
        return
    try:
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as place:
            _draw(Path(place) / "data")
            limited = _run(Path(place), group)
            free = _run(Path(place), None)
    finally:
        _remove(group)
    yield (
        f"- {IMAGES:,} images of {SIDE_PX} px packed into {limited['map_gb']:.1f} GB under a limit of "
        f"{LIMIT_BYTES / 1e9:.2f} GB in {limited['packing_s']:.0f} s, most memory in use {limited['peak_gb']:.2f} GB"
    )
    for words, run in (("under the limit", limited), ("without it, from the page cache", free)):
        yield (
            f"- {words}: ResNet-18, batch {BATCH}, {STEPS} steps at {run['trained_per_s']:.1f} images/s, waiting for "
            f"images {100 * run['wait_share']:.1f} % of the time; gathering alone {run['gathered_per_s']:,.0f} images/s"
        )


def _make_group() -> Path | None:
    """Return a group of version 1 or 2 with the limit set; None where that is not allowed."""
    for parent, limit in ((ROOT / "memory", "memory.limit_in_bytes"), (ROOT, "memory.max")):
        group = parent / f"resnet-tui-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text(str(LIMIT_BYTES))
            return group
        except OSError:
            _remove(group)
    return None


def _remove(group: Path) -> None:
    with contextlib.suppress(OSError):
        group.rmdir()


def _draw(folder: Path) -> None:
    from engine.datasets.synthetic.fundus import draw_fundus

    drawn = folder.parent / "drawn"
    drawn.mkdir()
    for number in range(DRAWN):
        Image.fromarray(draw_fundus(1, number, number % 5, DRAWN_PX)).save(
            drawn / f"{number}.jpeg", quality=90
        )
    for grade in range(5):
        (folder / f"grade{grade}").mkdir(parents=True)
    for number in range(IMAGES):
        source = drawn / f"{number % DRAWN}.jpeg"
        os.link(source, folder / f"grade{number % 5}" / f"{number:06}.jpeg")


def _run(place: Path, group: Path | None) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.beyond_memory", str(place), str(group or "")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"it ended with {done.returncode}: {done.stderr[-2000:]}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _inside(place: Path, group: Path | None) -> dict[str, float]:
    """Measure inside the process, once it is in its group."""
    import torch

    from engine.files.paths import Home
    from engine.spec.grid import make_spec
    from engine.training.context import RunContext
    from engine.training.network import make_network
    from engine.training.prepared_data import prepare_data
    from engine.training.torch_setup import keep_freed_memory, resolve_threads

    cpu = torch.device("cpu")
    torch.set_num_threads(resolve_threads(0))
    keep_freed_memory()
    spec = make_spec({"data": "data", "image_size": SIDE_PX, "batch_size": BATCH, "augment": "flip"})
    home = Home.find(place)
    began = time.perf_counter()
    context = RunContext(spec, home, 1, cpu, "fp32", print)
    context.paths.folder.mkdir(parents=True)
    data = prepare_data(context)
    packing_s = time.perf_counter() - began
    trained_s, waited_s = _timed_training(make_network(context, data, None, resumes=False), data)
    gathered_per_s = _timed_gathering(data)
    peak = [group / name for name in ("memory.max_usage_in_bytes", "memory.peak")] if group else []
    used = [int(path.read_text()) for path in peak if path.exists()]
    return {
        "map_gb": sum(path.stat().st_size for path in home.cache.glob("*.u8")) / 1e9,
        "packing_s": packing_s,
        "peak_gb": max(used, default=0) / 1e9,
        "trained_per_s": STEPS * BATCH / trained_s,
        "wait_share": waited_s / trained_s,
        "gathered_per_s": gathered_per_s,
    }


def _timed_training(net: "Network", data: "PreparedData") -> tuple[float, float]:
    """Seconds of STEPS steps, and of these the wait for images."""
    waited_s, began = 0.0, time.perf_counter()
    batches = data.batches.train(data.train_rows, epoch=1)
    for _ in range(STEPS):
        asked = time.perf_counter()
        batch = next(batches)
        waited_s += time.perf_counter() - asked
        net.optimizer.zero_grad(set_to_none=True)
        net.loss_of(net.model(batch.images), batch.labels).backward()
        net.optimizer.step()
    return time.perf_counter() - began, waited_s


def _timed_gathering(data: "PreparedData") -> float:
    """Images a second, without training."""
    gathered, began = 0, time.perf_counter()
    for batch in data.batches.train(data.train_rows, epoch=2):
        gathered += len(batch.labels)
        if time.perf_counter() - began > GATHERED_S:
            break
    return gathered / (time.perf_counter() - began)


if __name__ == "__main__":
    _group = Path(sys.argv[2]) if sys.argv[2] else None
    if _group is not None:
        (_group / "cgroup.procs").write_text(str(os.getpid()))
    print(json.dumps(_inside(Path(sys.argv[1]), _group)))
