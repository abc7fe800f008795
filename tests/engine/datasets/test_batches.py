"""Batches: every image once, the same bits whenever they are made."""

import mmap
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.datasets.batches import Batch, Batches, make_feed
from engine.datasets.loading.device_feeds import AHEAD, Mapped, Pinned, Resident, _pages_of, prefetch
from engine.datasets.packed import open_map
from engine.recipes.counters import ANGLE, FLIP, MOST_PURPOSES, ORDER, mix, share
from engine.recipes.normalizations import NORMALIZATIONS

ROWS = np.arange(10, 47)
CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)


def batches(
    *, seed: int = 3, augment: str = "flip", layout: torch.memory_format = torch.channels_last
) -> Batches:
    labels = np.arange(60, dtype=np.int64) % 5
    return Batches(IMAGES, labels, device=CPU, batch_size=8, seed=seed, augment=augment, layout=layout)


def same(one: Batch, other: Batch) -> bool:
    return np.array_equal(one.rows, other.rows) and torch.equal(one.images, other.images)


def test_an_epoch_holds_every_image_once_in_an_order_of_its_own() -> None:
    first, second = ([batch.rows for batch in batches().train(ROWS, epoch=epoch)] for epoch in (1, 2))
    assert [len(rows) for rows in first] == [8, 8, 8, 7, 6]
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(ROWS)
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))


def test_a_later_start_sees_the_same_batches() -> None:
    whole = list(batches().train(ROWS, epoch=4))
    rest = list(batches().train(ROWS, epoch=4, start_step=2))
    assert len(rest) == 3 and all(map(same, whole[2:], rest))
    other_seed = next(iter(batches(seed=4).train(ROWS, epoch=4)))
    assert not same(whole[0], other_seed)


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_images_are_normalised_in_the_layout_asked_for_with_their_labels(layout: torch.memory_format) -> None:
    made = batches(augment="none", layout=layout)
    for batch in [*made.train(ROWS, epoch=1), *made.evaluate(ROWS)]:
        assert batch.images.is_contiguous(memory_format=layout)
        assert torch.equal(batch.labels, torch.from_numpy(batch.rows % 5))
        raw = torch.from_numpy(IMAGES[batch.rows]).permute(0, 3, 1, 2)
        back = batch.images * torch.tensor(NORMALIZATIONS["imagenet"].std).view(1, 3, 1, 1) + torch.tensor(
            NORMALIZATIONS["imagenet"].mean
        ).view(1, 3, 1, 1)
        assert torch.allclose(back * 255, raw.float(), atol=1e-3)


def test_flips_are_mirrors_chosen_per_image_and_epoch() -> None:
    plain = {int(row): image for batch in batches(augment="none").train(ROWS, epoch=1)
             for row, image in zip(batch.rows, batch.images, strict=True)}  # fmt: skip
    kinds = set()
    for batch in batches().train(ROWS, epoch=1):
        for row, image in zip(batch.rows, batch.images, strict=True):
            mirrors = {
                dims: torch.equal(image, plain[int(row)].flip(dims) if dims else plain[int(row)])
                for dims in ((), (1,), (2,), (1, 2))
            }
            assert any(mirrors.values())
            kinds.update(dims for dims, equal in mirrors.items() if equal)
    assert kinds == {(), (1,), (2,), (1, 2)}


def test_random_numbers_are_fair_and_unrelated_between_purposes() -> None:
    rows = np.arange(20_000)
    order, flip = mix(1, 1, ORDER, rows), mix(1, 1, FLIP, rows)
    for bit in range(64):
        share = ((flip >> np.uint64(bit)) & np.uint64(1)).mean()
        assert abs(share - 0.5) < 0.02  # 5.6 standard errors
    agree = ((order ^ flip) & np.uint64(1)).mean()
    assert abs(agree - 0.5) < 0.02
    assert len(np.unique(order)) == len(rows)


def test_shares_are_even_and_seeds_and_purposes_do_not_meet() -> None:
    rows = np.arange(20_000)
    found = share(mix(5, 1, ANGLE, rows))
    assert 0 <= found.min() < 0.001 and 0.999 < found.max() < 1
    assert abs(found.mean() - 0.5) < 0.01 and abs(found.var() - 1 / 12) < 0.003
    numbers = {
        int(mix(seed, 1, purpose, rows[:1])[0]) for seed in range(50) for purpose in range(MOST_PURPOSES)
    }
    assert len(numbers) == 50 * MOST_PURPOSES


class FakeCopier:
    """A device that reads a buffer late: only when its images are wanted, or when the buffer is to be reused."""

    def __init__(self) -> None:
        self.unread: dict[int, tuple[Tensor, Tensor]] = {}
        self.largest: list[int] = []
        self.threads: set[int] = set()
        self._one_at_a_time = threading.Lock()

    def buffer(self, shape: tuple[int, ...]) -> Tensor:
        self.largest.append(shape[0])
        return torch.full(shape, 255, dtype=torch.uint8)

    def wait_until_read(self, buffer: int) -> None:
        self.threads.add(threading.get_ident())
        self._read(buffer)

    def begin(self, buffer: int, images: Tensor) -> Any:
        target = torch.zeros_like(images)
        self.unread[buffer] = (images, target)
        return buffer, target

    def finish(self, begun: Any) -> Tensor:
        buffer, target = begun
        self._read(buffer, target)
        return target

    def _read(self, buffer: int, wanted: Tensor | None = None) -> None:
        with self._one_at_a_time:
            if buffer in self.unread and (wanted is None or self.unread[buffer][1] is wanted):
                source, target = self.unread.pop(buffer)
                target.copy_(source)


def whole_epoch(feed: Any, augment: str = "flip") -> list[Batch]:
    made = batches(augment=augment)
    made.feed = feed
    return [*made.train(ROWS, epoch=1), *made.train(ROWS, epoch=2, start_step=3), *made.evaluate(ROWS)]


@pytest.mark.parametrize("augment", ["none", "flip", "flip4"])
def test_every_way_to_the_device_brings_the_same_bits(augment: str) -> None:
    wanted = whole_epoch(Mapped(IMAGES), augment)
    copier = FakeCopier()
    for feed in (Resident(IMAGES, CPU), Pinned(IMAGES, copier)):
        found = whole_epoch(feed, augment)
        assert len(found) == len(wanted) and all(map(same, wanted, found))
    assert copier.threads and threading.get_ident() not in copier.threads
    assert copier.largest == [8, 8, 37, 37]  # two buffers, made anew only where a batch is larger


def test_pinned_batches_are_made_ahead_and_dropped_with_the_epoch() -> None:
    gathered: list[int] = []

    class Noting(FakeCopier):
        def begin(self, buffer: int, images: Tensor) -> Any:
            gathered.append(len(images))
            return super().begin(buffer, images)

    made = batches()
    made.feed = Pinned(IMAGES, Noting())
    epoch = made.train(ROWS, epoch=1)
    next(epoch)
    before = threading.active_count()
    epoch.close()  # training was stopped
    assert 1 <= len(gathered) <= 1 + AHEAD
    assert threading.active_count() < before


def test_what_fails_in_the_thread_is_told() -> None:
    class Failing(FakeCopier):
        def begin(self, buffer: int, images: Tensor) -> Any:
            raise MemoryError("no pinned memory")

    made = batches()
    made.feed = Pinned(IMAGES, Failing())
    with pytest.raises(MemoryError, match="no pinned memory"):
        list(made.train(ROWS, epoch=1))


def test_the_map_goes_to_the_card_where_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    monkeypatch.setattr("engine.datasets.batches.CudaCopier", lambda _device: FakeCopier())
    monkeypatch.setattr("engine.datasets.batches.Resident", lambda *_: kept.append("card"))
    card = torch.device("cuda", 0)
    assert isinstance(make_feed(IMAGES, CPU, 2**40), Mapped)
    assert isinstance(make_feed(IMAGES, card, IMAGES.nbytes - 1), Pinned) and kept == []
    make_feed(IMAGES, card, IMAGES.nbytes)
    assert kept == ["card"]


def test_pages_of_a_map_are_asked_for_and_memory_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "map.u8"
    path.write_bytes(IMAGES.tobytes())
    packed = open_map(path, IMAGES.shape)
    assert isinstance(_pages_of(packed), mmap.mmap) and _pages_of(IMAGES) is None
    prefetch(packed, np.array([0, 59, 30]))
    prefetch(IMAGES, np.array([0]))
    assert np.array_equal(packed, IMAGES) and not packed.flags.writeable


def test_by_half_pixels_lie_between_minus_one_and_one() -> None:
    labels = np.zeros(len(IMAGES), dtype=np.int64)
    half = NORMALIZATIONS["half"]
    loader = Batches(IMAGES, labels, device=CPU, batch_size=8, seed=0, augment="none", normalization=half)
    images = torch.cat([batch.images for batch in loader.evaluate(np.arange(len(IMAGES)))])
    assert torch.allclose(
        (images.permute(0, 2, 3, 1) + 1) * 127.5, torch.from_numpy(IMAGES).float(), atol=1e-3
    )
