"""Packing: once, in order, noticing changes; stopped, killed, waited for, out of space, with bad images."""

import errno
import fcntl
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from indexes import index_builtin
from packed_images import PLAIN, packed
from pictures import draw
from PIL import Image

from engine.datasets import packed as packing_room
from engine.datasets.builtin import builtin_images
from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.packed import CacheError, pack
from engine.datasets.pixels import packing
from engine.datasets.pixels.decode import Look
from engine.datasets.pixels.locks import Stopped
from engine.spec.grid import make_spec
from engine.training.attempt import explain
from engine.training.packing_progress import PackingLog


def suffixes(cache: Path) -> list[str]:
    return sorted(path.suffix for path in cache.iterdir())


def test_packs_once_in_the_indexes_order(tmp_path: Path, index: Index) -> None:
    images, told = packed(index, tmp_path / "cache")
    assert told == [0, 16, 32, 45] and images.shape == (45, 16, 16, 3) and images.dtype == np.uint8
    assert index.root is not None and not images.flags.writeable
    for row in (0, 7, 44):
        assert np.array_equal(images[row], np.asarray(Image.open(index.root / index.names[row])))
    again, told = packed(index, tmp_path / "cache")
    assert told == [] and np.array_equal(again, images)
    assert suffixes(tmp_path / "cache") == [".json", ".lock", ".sample", ".u8"]


@pytest.mark.parametrize(
    "look", [Look(32, "crop", "none"), Look(16, "pad", "none"), Look(16, "crop", "graham")]
)
def test_each_look_has_a_map_of_its_own(tmp_path: Path, index: Index, look: Look) -> None:
    packed(index, tmp_path / "cache")
    assert packed(index, tmp_path / "cache", look)[1] == [0, 16, 32, 45]
    assert packed(index, tmp_path / "cache", look)[1] == packed(index, tmp_path / "cache")[1] == []


def test_a_changed_file_and_a_cut_map_are_packed_anew(tmp_path: Path, index: Index) -> None:
    before, _ = packed(index, tmp_path / "cache")
    os.truncate(next((tmp_path / "cache").glob("*.u8")), 100)
    assert packed(index, tmp_path / "cache")[1] == [0, 16, 32, 45]
    draw(tmp_path / "data" / "class0" / "000.png", 3, 999, size_px=20)
    after, told = packed(index, tmp_path / "cache")
    assert told == [0, 16, 32, 45] and not np.array_equal(after[0], before[0])


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path: Path, index: Index) -> None:
    def meddle(_done: int, _total: int) -> None:
        draw(tmp_path / "data" / "class0" / "000.png", 1, 1, size_px=20)  # done already

    with pytest.raises(DataError, match="changed while they were packed: retry"):
        pack(index, tmp_path / "cache", PLAIN, progress=meddle)
    assert suffixes(tmp_path / "cache") == [".lock", ".sample", ".sample"]
    assert packed(index, tmp_path / "cache")[1] == [0, 16, 32, 45]


def test_built_in_sets_are_packed_in_the_same_way(tmp_path: Path) -> None:
    digits = index_builtin("digits", test_fraction=0.2)
    images, told = packed(digits, tmp_path, Look(8, "crop", "none"))
    assert told[-1] == 1797 and np.array_equal(images, builtin_images("digits", 8))
    assert packed(digits, tmp_path, Look(8, "crop", "none"))[1] == []


def stop_after(done: int, told: list[int]) -> Callable[[], bool]:
    return lambda: bool(told) and told[-1] >= done


def test_a_stop_is_obeyed_and_the_next_attempt_goes_on(tmp_path: Path, index: Index) -> None:
    whole, _ = packed(index, tmp_path / "other")
    told: list[int] = []
    with pytest.raises(Stopped):
        pack(
            index,
            tmp_path / "cache",
            PLAIN,
            progress=lambda done, _total: told.append(done),
            should_stop=stop_after(16, told),
        )
    assert told == [0, 16] and suffixes(tmp_path / "cache") == [".lock", ".note", ".partial", ".sample"]
    said: list[str] = []
    images, told = packed(index, tmp_path / "cache", log=said.append)
    assert told == [16, 32, 45] and said == ["going on with packing from image 16"]
    assert np.array_equal(images, whole)
    assert suffixes(tmp_path / "cache") == [".json", ".lock", ".sample", ".u8"]


def test_a_stop_does_not_wait_for_a_slow_image(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block that is being decoded ends with the image in hand."""
    asked: list[int] = []
    seen: list[int] = []

    def slow(_index: Index, _look: Look) -> packing.Reader:
        def read(row: int) -> np.ndarray:
            seen.append(row)
            while not asked:
                pass
            return np.zeros((16, 16, 3), dtype=np.uint8)

        return read

    def stop() -> bool:
        asked.append(1)
        return True

    monkeypatch.setattr(packing_room, "reader_of", slow)
    with pytest.raises(Stopped):
        pack(index, tmp_path / "cache", PLAIN, should_stop=stop)
    assert len(seen) < 45


def test_a_killed_process_loses_only_what_it_had_not_saved(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = packed(index, tmp_path / "other")
    monkeypatch.setattr(packing, "SAVE_EVERY_S", 0)
    child = os.fork()
    if child == 0:
        pack(
            index,
            tmp_path / "cache",
            PLAIN,
            progress=lambda done, _total: os.kill(os.getpid(), signal.SIGKILL) if done == 32 else None,
        )
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert json.loads(next((tmp_path / "cache").glob("*.note")).read_text()) == {"done": 16, "bad": {}}
    images, told = packed(index, tmp_path / "cache")
    assert told == [16, 32, 45] and np.array_equal(images, whole)


@pytest.mark.parametrize("note", ["", "{", '{"done": 32}', None])
def test_a_note_that_cannot_be_read_means_from_the_start(
    tmp_path: Path, index: Index, note: str | None
) -> None:
    told: list[int] = []
    with pytest.raises(Stopped):
        pack(
            index, tmp_path / "cache", PLAIN,
            progress=lambda done, _total: told.append(done), should_stop=stop_after(16, told),
        )  # fmt: skip
    path = next((tmp_path / "cache").glob("*.note"))
    path.unlink() if note is None else path.write_text(note)
    assert packed(index, tmp_path / "cache")[1] == [0, 16, 32, 45]


def test_two_that_pack_the_same_wait_for_each_other(tmp_path: Path, index: Index) -> None:
    packed(index, tmp_path / "cache")
    lock = next((tmp_path / "cache").glob("*.lock"))
    said: list[str] = []
    with lock.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Stopped):
            pack(index, tmp_path / "cache", PLAIN, log=said.append, should_stop=lambda: True)
        assert said == ["another run is packing the same images: waiting for it"]

        def done() -> bool:
            fcntl.flock(other, fcntl.LOCK_UN)
            return False

        assert packed(index, tmp_path / "cache", should_stop=done)[1] == []
        assert packed(index, tmp_path / "cache", Look(18, "crop", "none"))[1] == [
            0,
            16,
            32,
            45,
        ]  # others don't


def test_a_full_disk_is_one_line(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(CacheError) as caught:
        packed(index, tmp_path / "cache")
    text = f"no space for 0.0 GB of packed images in {tmp_path / 'cache'}: free some space or choose another folder"
    assert str(caught.value) == f"{text} for the cache"
    assert explain(caught.value, make_spec({"data": "data"}))[:2] == ("disk", str(caught.value))
    assert suffixes(tmp_path / "cache") == [".lock", ".sample"]


def test_a_disk_that_fills_up_meanwhile_is_one_line_too(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", lambda _handle, data, _place: len(data) // 2)
    with pytest.raises(CacheError, match="no space for"):
        packed(index, tmp_path / "cache")


def test_a_cache_that_cannot_be_made_is_one_line(tmp_path: Path, index: Index) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        CacheError, match=r"the cache .* cannot be written \(Not a directory\): free some space or"
    ):
        packed(index, tmp_path / "file" / "cache")


def test_the_log_tells_pace_and_time_left_now_and_then() -> None:
    said: list[str] = []
    now = 100.0
    log = PackingLog(said.append, clock=lambda: now)
    for second, done in ((0, 1_000), (1, 1_500), (6, 4_000), (8, 5_000), (60, 31_000), (61, 40_000)):
        now = 100.0 + second
        log(done, 40_000)
    assert said == [
        "4,000 of 40,000 images packed  500 images/s  1 min 12 s left",
        "31,000 of 40,000 images packed  500 images/s  18 s left",
        "40,000 of 40,000 images packed  639 images/s",
    ]
