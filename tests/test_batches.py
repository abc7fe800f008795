"""Batches: every image once, the same bits whenever they are made."""

import numpy as np
import torch

from engine.datasets.batches import FLIP, MEAN, ORDER, STD, Batch, Batches, mix

ROWS = np.arange(10, 47)


def batches(*, seed: int = 3, augment: str = "flip") -> Batches:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(60, dtype=np.int64) % 5
    return Batches(images, labels, device=torch.device("cpu"), batch_size=8, seed=seed, augment=augment)


def same(one: Batch, other: Batch) -> bool:
    return np.array_equal(one.rows, other.rows) and torch.equal(one.images, other.images)


def test_an_epoch_holds_every_image_once_in_an_order_of_its_own() -> None:
    first, second = ([batch.rows for batch in batches().train(ROWS, epoch=epoch)] for epoch in (1, 2))
    assert [len(rows) for rows in first] == [8, 8, 8, 8, 5]
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(ROWS)
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))


def test_a_later_start_sees_the_same_batches() -> None:
    whole = list(batches().train(ROWS, epoch=4))
    rest = list(batches().train(ROWS, epoch=4, start_step=2))
    assert len(rest) == 3 and all(map(same, whole[2:], rest))
    other_seed = next(iter(batches(seed=4).train(ROWS, epoch=4)))
    assert not same(whole[0], other_seed)


def test_images_are_normalised_in_channels_last_order_with_their_labels() -> None:
    made = batches(augment="none")
    for batch in [*made.train(ROWS, epoch=1), *made.evaluate(ROWS)]:
        assert batch.images.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(batch.labels, torch.from_numpy(batch.rows % 5))
        raw = torch.from_numpy(made._packed[batch.rows]).permute(0, 3, 1, 2)
        back = batch.images * torch.tensor(STD).view(1, 3, 1, 1) + torch.tensor(MEAN).view(1, 3, 1, 1)
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
