"""Setup of an attempt: what stays in memory of the files that it reads."""

from pathlib import Path

import numpy as np
import pytest
from sessions import context

from engine.datasets.formats import npz
from engine.datasets.formats.array_files import array_images
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.training.setup import set_up


def test_array_files_are_read_once_and_not_kept_beside_the_packed_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.Generator(np.random.PCG64(0))
    arrays = {}
    for split, count in (("train", 40), ("test", 10)):
        arrays[f"{split}_images"] = random.integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(count) % 2).reshape(-1, 1)
    np.savez(tmp_path / "set.npz", **arrays)
    loads: list[Path] = []
    load = np.load
    monkeypatch.setattr(np, "load", lambda path, **more: (loads.append(path), load(path, **more))[1])
    npz.forget_npz_images()
    ready = set_up(context(make_spec({"data": "set.npz", "image_size": 16}), Home.find(tmp_path)))
    [batch] = ready.data.batches.evaluate(ready.data.test_rows)
    assert len(batch.labels) == 10
    assert sum(str(path).endswith("set.npz") for path in loads) == 3, (
        "for the labels, and each split's images"
    )
    assert npz._images.cache_info().currsize == 0
    assert len(array_images(tmp_path / "set.npz", "test")) == 10
    assert npz._images.cache_info().currsize == 1, "whoever looks at a test image keeps no other split"
