"""Networks trained on further images, which warm starts begin from."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.finding_rates.images import Images, write_folder
from benchmarks.finding_rates.photographs import photographs
from benchmarks.finding_rates.runs import Watcher, open_session
from benchmarks.finding_rates.scenarios import SIZE_PX
from engine.datasets.synthetic.fundus import draw_fundus
from engine.files.paths import Home, write_atomic
from engine.models.weight_files import weights_pieces

EYES, PHOTOGRAPHS = 600, 1_500
EPOCHS = 12


def warm_starts(out: Path) -> dict[str, Path]:
    """Return a weights file for each source that warm starts have; trained where it is not there."""
    makers = {"fundus": _eyes, "fashion": lambda: _photographs(out)}
    found = {}
    for source, images in makers.items():
        found[source] = path = out / f"warm-{source}.safetensors"
        if not path.exists():
            _train(images(), path, "" if source == "fundus" else "c")
    return found


def _train(images: Images, path: Path, prefix: str) -> None:
    few = images[0][:50], images[1][:50]
    with tempfile.TemporaryDirectory() as name:
        home = Home.find(Path(name))
        write_folder(home.root / "data", {"train": images, "test": few}, prefix)
        settings = {"epochs": EPOCHS, "lr": 0.03, "image_size": SIZE_PX, "precision": "fp32"}
        session = open_session(home, "resnet10", settings)
        session.train(Watcher(), lambda: False)
        write_atomic(path, weights_pieces(session.net.model.state_dict(), {"arch": session.spec.arch}))


def _eyes() -> Images:
    grades = np.arange(EYES) % 5
    return np.stack(
        [draw_fundus(90_100, row, int(grade), SIZE_PX) for row, grade in enumerate(grades)]
    ), grades


def _photographs(out: Path) -> Images:
    """Photographs of neither phase: the last of the halves' order, which the pools leave over."""
    images, labels = photographs(out)
    rows = np.random.default_rng(28).permutation(len(labels))[-PHOTOGRAPHS:]
    return np.repeat(images[rows][..., None], 3, axis=3), labels[rows]
