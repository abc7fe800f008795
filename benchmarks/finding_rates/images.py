"""Images that runs train on, are tested on, and that the truth is told from; a phase's share no image with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.finding_rates.photographs import photographs
from benchmarks.finding_rates.scenarios import PHASES, SIZE_PX, Phase, Scenario
from engine.datasets.builtin import builtin_images, builtin_table
from engine.datasets.synthetic.fundus import draw_fundus

Images: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""N×28×28×3 RGB, and the label of each."""
Splits: TypeAlias = dict[str, Images]
SPLITS = ("train", "test", "fresh")
DRAWN_PER_GRADE = {
    "train": (400, 90, 90, 90, 90),
    "test": (320, 90, 90, 60, 60),
    "fresh": (440, 140, 140, 140, 140),
}
PHOTOGRAPHS = {"train": 8_000, "test": 6_000, "fresh": 6_000}
FRESH_DIGITS = (320, 480)
"""Of the two phases. Training and test digits are the same in both, for there are 1,797 in all."""
TEST_DIGITS = 450
FRESH = 1_000
"""Photographs that the truth of one run is told from."""


@dataclass(frozen=True)
class Pool:
    """Images of a phase by source and split."""

    sources: dict[str, Splits]


def make_pool(phase: Phase, out: Path) -> Pool:
    """Draw, fetch and divide a phase's images; drawn eyes are kept in `out`."""
    return Pool({"fundus": _eyes(phase, out), "fashion": _photographs(phase, out), "digits": _digits(phase)})


def _eyes(phase: Phase, out: Path) -> Splits:
    path = out / f"{phase}-eyes.npz"
    if not path.exists():
        parts: dict[str, NDArray[Any]] = {}
        for offset, (split, counts) in enumerate(DRAWN_PER_GRADE.items()):
            grades = np.repeat(np.arange(5), counts)
            seed = 90_000 + 10 * PHASES.index(phase) + offset
            eyes = [draw_fundus(seed, row, int(grade), SIZE_PX) for row, grade in enumerate(grades)]
            parts |= {f"{split}-images": np.stack(eyes), f"{split}-labels": grades}
        np.savez(path, **parts)  # type: ignore[arg-type]
    stored = np.load(path)
    return {split: (stored[f"{split}-images"], stored[f"{split}-labels"]) for split in SPLITS}


def _photographs(phase: Phase, out: Path) -> Splits:
    images, labels = photographs(out)
    order = np.random.default_rng(28).permutation(len(labels))
    start = PHASES.index(phase) * len(labels) // 2
    found = {}
    for split, count in PHOTOGRAPHS.items():
        rows = order[start : start + count]
        start += count
        found[split] = np.repeat(images[rows][..., None], 3, axis=3), labels[rows]
    return found


def _digits(phase: Phase) -> Splits:
    images, labels = builtin_images("digits", SIZE_PX), builtin_table("digits").labels
    order = np.random.default_rng(18).permutation(len(labels))
    first, both = sum(FRESH_DIGITS[: PHASES.index(phase)]), sum(FRESH_DIGITS)
    rows = {
        "fresh": order[first : first + FRESH_DIGITS[PHASES.index(phase)]],
        "test": order[both : both + TEST_DIGITS],
        "train": order[both + TEST_DIGITS :],
    }
    return {split: (images[rows[split]], labels[rows[split]]) for split in SPLITS}


@dataclass(frozen=True)
class RunImages:
    """Images of one run."""

    train: Images
    """With the labels that it trains on, wrong ones among them."""
    test: Images
    fresh: Images
    """In random order, so that the first of them are a sample too."""


def images_of(wanted: Scenario, pool: Pool) -> RunImages:
    """Choose a run's images. Each class has one of each split at least."""
    rng = np.random.default_rng([wanted.seed, 1])
    splits = pool.sources[wanted.source]
    classes = np.arange(len(wanted.shares))
    if wanted.source != "fundus":
        classes = rng.permutation(10)[: len(wanted.shares)]
    train = _choose(splits["train"], classes, wanted.shares, wanted.train_images, rng)
    test = _choose(splits["test"], classes, wanted.shares, wanted.test_images, rng)
    equal = (1 / len(classes),) * len(classes)
    fresh = (
        _choose(splits["fresh"], classes, equal, FRESH, rng)
        if wanted.source == "fashion"
        else _all(splits["fresh"], classes)
    )
    order = rng.permutation(len(fresh[1]))
    labels = _with_noise(train[1], wanted, rng)
    return RunImages((train[0], labels), test, (fresh[0][order], fresh[1][order]))


def _choose(
    images: Images, classes: NDArray[np.int64], shares: Sequence[float], count: int, rng: np.random.Generator
) -> Images:
    """Choose `count` images at random, that share of each class; classes are numbered by their place."""
    rows = [
        rng.permutation(np.flatnonzero(images[1] == label))[: max(1, round(count * share))]
        for label, share in zip(classes, shares, strict=True)
    ]
    labels = np.repeat(np.arange(len(classes)), [len(each) for each in rows])
    return images[0][np.concatenate(rows)], labels


def _all(images: Images, classes: NDArray[np.int64]) -> Images:
    place = {int(label): number for number, label in enumerate(classes)}
    rows = np.flatnonzero(np.isin(images[1], classes))
    return images[0][rows], np.array([place[int(label)] for label in images[1][rows]])


def _with_noise(labels: NDArray[np.int64], wanted: Scenario, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw labels anew in random order, or swap the classes round; the first image of each class keeps its label."""
    noisy = rng.random(len(labels)) < wanted.noise
    noisy[np.unique(labels, return_index=True)[1]] = False
    others = rng.permutation(labels)
    if wanted.family == "swapped":
        others = (labels + 1) % len(wanted.shares)
    return np.where(noisy, others, labels)


def write_folder(folder: Path, splits: Splits, prefix: str) -> None:
    """Write one folder a split and class. A prefix makes the class names text, so that the classes are not grades."""
    for split, (images, labels) in splits.items():
        for row, (image, label) in enumerate(zip(images, labels, strict=True)):
            place = folder / split / f"{prefix}{label}"
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{row:04d}.png", compress_level=1)
