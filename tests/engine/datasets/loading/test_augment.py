"""Effect of each augmentation on an image, always the same for the same counters."""

import numpy as np
import pytest
import torch

from engine.datasets.batches import Batches
from engine.datasets.loading.augment import gather_mirrored, make_views, mirror_masks, mirrored, placed
from engine.recipes.augmentations import passes_of
from engine.recipes.normalizations import NORMALIZATIONS

ROWS = np.arange(40)
CPU = torch.device("cpu")


def pictures(count: int = 40, size_px: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size_px, size_px, 3), dtype=np.uint8)


def made(augment: str, images: np.ndarray, *, size_px: int, seed: int = 3, background: int = 0) -> Batches:
    labels = np.arange(len(images), dtype=np.int64) % 5
    return Batches(
        images, labels, device=CPU, batch_size=8, seed=seed, augment=augment, size_px=size_px,
        background=background,
    )  # fmt: skip


def levels(images: torch.Tensor) -> np.ndarray:
    """Normalised B×3×H×W back to levels B×H×W×3."""
    plain = images * torch.tensor(NORMALIZATIONS["imagenet"].std).view(1, 3, 1, 1) + torch.tensor(
        NORMALIZATIONS["imagenet"].mean
    ).view(1, 3, 1, 1)
    return (plain * 255).permute(0, 2, 3, 1).numpy()


def epoch_of(batches: Batches, epoch: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Rows and levels of a whole epoch."""
    found = [(batch.rows, levels(batch.images)) for batch in batches.train(ROWS, epoch=epoch)]
    return np.concatenate([rows for rows, _ in found]), np.concatenate([each for _, each in found])


def mirrorings(image: np.ndarray) -> list[np.ndarray]:
    return [image, image[:, ::-1], image[::-1], image[::-1, ::-1]]


def which(shown: np.ndarray, image: np.ndarray) -> int:
    return [np.allclose(shown, each, atol=1e-2) for each in mirrorings(image)].index(True)


def test_flip4_shows_every_image_in_its_four_mirrorings() -> None:
    images = pictures()
    rows, shown = epoch_of(made("flip4", images, size_px=12))
    assert len(rows) == 160
    seen: dict[int, list[int]] = {}
    for row, each in zip(rows, shown, strict=True):
        seen.setdefault(int(row), []).append(which(each, images[row]))
    assert sorted(seen) == list(ROWS) and all(sorted(kinds) == [0, 1, 2, 3] for kinds in seen.values())
    assert len({tuple(kinds) for kinds in seen.values()}) > 5  # in an order of its own
    assert not np.array_equal(rows[:40] % 40, np.sort(rows[:40]))


def test_flip4_tells_no_class_by_its_mirroring_where_rare_images_are_drawn_often() -> None:
    rows = np.concatenate(
        [np.arange(6_000), np.repeat(np.arange(6_000, 6_100), 60)]
    )  # as `balanced` draws them
    copies = np.concatenate([np.zeros(6_000, dtype=np.int64), np.tile(np.arange(60), 100)])
    mirrors = make_views(rows, copies, augment="flip4", seed=1, epoch=1, shown_share=1.0).mirrors
    shares = [np.bincount(part, minlength=4) / 6_000 for part in (mirrors[:6_000], mirrors[6_000:])]
    assert np.abs(np.array(shares) - 0.25).max() < 0.028  # 5 standard errors


def test_flips_are_independent_and_fair() -> None:
    rows = np.arange(8_000)
    views = make_views(rows, 0 * rows, augment="flip", seed=1, epoch=1, shown_share=1.0)
    counts = np.bincount(views.mirrors, minlength=4)
    assert np.abs(counts / len(rows) - 0.25).max() < 0.025  # 5 standard errors
    assert views.places is None


@pytest.mark.parametrize("mirror", range(4))
def test_the_two_ways_to_mirror_are_one(mirror: int) -> None:
    images = pictures(6)
    rows, mirrors = np.array([4, 0, 4]), np.array([mirror, 0, 3], dtype=np.uint8)
    out = np.zeros((3, 12, 12, 3), dtype=np.uint8)
    gather_mirrored(images, rows, mirrors, out)
    assert np.array_equal(out[0], mirrorings(images[4])[mirror]) and np.array_equal(out[1], images[0])
    on_device = mirrored(
        torch.from_numpy(images[rows]), mirror_masks(mirrors, torch.device("cpu")), slice(0, len(rows))
    )
    assert np.array_equal(on_device.numpy(), out)


def test_a_quarter_turn_is_exact_and_the_outside_has_the_background() -> None:
    images = torch.from_numpy(pictures(1)).permute(0, 3, 1, 2).float()
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
    turned = placed(images, quarter, 12, 0)
    assert torch.allclose(turned, torch.rot90(images, -1, (2, 3)), atol=1e-2) or torch.allclose(
        turned, torch.rot90(images, 1, (2, 3)), atol=1e-2
    )
    away = torch.tensor([[[1.0, 0.0, 5.0], [0.0, 1.0, 0.0]]])
    assert placed(images, away, 12, 0).abs().max() == 0
    assert torch.allclose(placed(images, away, 12, 128), torch.tensor(128.0))


def test_rotation_keeps_the_middle_and_the_scale() -> None:
    """A disc stays a disc of its size; a mark beside it goes round by any angle."""
    grid = np.mgrid[:58, :58] - 28.5
    disc = np.where(np.hypot(*grid) < 15, 200, 0)
    disc[26:32, 38:42] = 255
    images = np.repeat(disc.astype(np.uint8)[None, :, :, None], 40, axis=0).repeat(3, axis=3)
    _, shown = epoch_of(made("rotate", images, size_px=50))
    assert shown.shape[1:] == (50, 50, 3)
    bright = shown[..., 0] > 100
    areas = bright.sum(axis=(1, 2))
    assert np.abs(areas - np.pi * 15**2).max() < 40
    marks = shown[..., 0] - np.where(np.hypot(*(np.mgrid[:50, :50] - 24.5)) < 13.5, 200, 255)
    assert marks.shape[0] == 40
    angles = [
        np.degrees(np.arctan2(*(np.argwhere(each[..., 0] > 225).mean(axis=0) - 24.5))) for each in shown
    ]
    assert len({round(angle) // 30 for angle in angles}) >= 9  # of the 12 sectors


def test_crops_lie_inside_and_are_never_magnified() -> None:
    rows = np.arange(4_000)
    views = make_views(rows, 0 * rows, augment="crop", seed=1, epoch=1, shown_share=224 / 258)
    assert views.places is not None
    side, shift = views.places[:, 0, 0], views.places[:, :, 2]
    assert (views.places[:, 0, 1] == 0).all() and (views.places[:, 1, 1] == side).all()
    assert np.sqrt(0.8) <= side.min() < 0.9 and 0.99 < side.max() <= 1
    assert side.min() * 258 >= 224  # a pixel shown is at least a pixel packed
    assert (np.abs(shift) <= 1 - side[:, None] + 1e-6).all() and abs(shift.mean()) < 0.005
    assert abs((side**2).mean() - 0.9) < 0.005
    flat = np.full((40, 58, 58, 3), 77, dtype=np.uint8)
    _, shown = epoch_of(made("crop", flat, size_px=50))
    assert np.abs(shown - 77).max() < 0.01  # nothing from outside


def test_rotation_under_flip4_turns_each_copy_by_itself() -> None:
    rows, copies = np.zeros(4, dtype=np.int64), np.arange(4)
    views = make_views(rows, copies, augment="flip4+rotate", seed=1, epoch=1, shown_share=1.0)
    assert views.places is not None and len(np.unique(views.places[:, 0, 0])) == 4
    assert sorted(views.mirrors) == [0, 1, 2, 3]


def test_evaluation_sees_the_middle_as_it_is() -> None:
    images = pictures(size_px=58)
    for augment in ("crop", "rotate", "flip4+rotate+crop"):
        batches = made(augment, images, size_px=50)
        found = np.concatenate([levels(batch.images) for batch in batches.evaluate(ROWS)])
        assert np.abs(found - images[:, 4:54, 4:54]).max() < 1e-2
        assert all(
            batch.images.is_contiguous(memory_format=torch.channels_last) for batch in batches.evaluate(ROWS)
        )


@pytest.mark.parametrize("augment", ["none", "flip", "flip4", "rotate", "flip+rotate+crop", "flip4+crop"])
def test_the_same_counters_give_the_same_bits_from_any_step(augment: str) -> None:
    images = pictures(size_px=14)
    whole = list(made(augment, images, size_px=12).train(ROWS, epoch=2))
    assert len(whole) == 5 * passes_of(augment)
    for start in (0, 1, len(whole) - 1, len(whole)):
        rest = list(made(augment, images, size_px=12).train(ROWS, epoch=2, start_step=start))
        assert len(rest) == len(whole) - start
        for one, other in zip(whole[start:], rest, strict=True):
            assert np.array_equal(one.rows, other.rows) and torch.equal(one.images, other.images)
            assert torch.equal(one.labels, other.labels) and torch.equal(
                one.labels, torch.from_numpy(one.rows % 5)
            )
    if augment not in ("none", "flip4"):
        other_epoch = {
            int(row): image for batch in made(augment, images, size_px=12).train(ROWS, epoch=3)
            for row, image in zip(batch.rows, batch.images, strict=True)
        }  # fmt: skip
        first = whole[0]
        assert not all(
            torch.equal(image, other_epoch[int(row)])
            for row, image in zip(first.rows, first.images, strict=True)
        )


def test_other_seeds_see_other_views() -> None:
    images = pictures(size_px=14)
    one, other = (next(iter(made("rotate", images, size_px=12, seed=s).train(ROWS, epoch=1))) for s in (3, 4))
    assert not np.array_equal(one.rows, other.rows)
