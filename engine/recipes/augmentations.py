"""Augmentations: one entry each, joined by + in `augment`; what a joined text asks of the packed images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.recipes import counters
from engine.recipes.entry import Entry, by_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NONE = "none"
MARGIN_PERCENT = 115
"""Images that are rotated or cropped are packed this much larger, so that neither has to magnify them."""
SMALLEST_CROP = 0.8
"""A crop's share of the packed image's area, as in torchvision's RandomResizedCrop: 0.8 to 1. Out of a map of
1.15 × `image_size` even the smallest is 1.03 × `image_size` wide, so that nothing is magnified."""


@dataclass
class ViewPlan:
    """Plan of how an epoch shows its images; each augmentation changes it in turn."""

    rows: "NDArray[np.int64]"
    copies: "NDArray[np.int64]"
    """Number of times that the same image stood there before."""
    seed: int
    epoch: int
    mirrors: "NDArray[np.uint8]"
    """Bit 0: left and right changed; bit 1: top and bottom."""
    turn: "NDArray[np.float64]"
    """Radians."""
    side: "NDArray[np.float64]"
    """The shown side's share of the packed image's."""
    shift: "NDArray[np.float64]"
    """Images × 2: of the shown part's middle, in halves of the packed side."""

    def numbers(self, purpose: int) -> "NDArray[np.uint64]":
        """Return a random number for each view."""
        return counters.mix(self.seed, self.epoch, purpose, self.rows + self.copies * counters.COPY_STEP)

    def numbers_by_image(self, purpose: int) -> "NDArray[np.uint64]":
        """Return a random number for each view, the same for all copies of an image."""
        return counters.mix(self.seed, self.epoch, purpose, self.rows)

    def uniform(self, purpose: int) -> "NDArray[np.float64]":
        """Return a random number in [0, 1) for each view."""
        return counters.share(self.numbers(purpose))


@dataclass(frozen=True, kw_only=True)
class AugmentationInfo(Entry):
    """Augmentation: all that the program knows of it. `excludes` are others that it cannot be joined with."""

    change: Callable[[ViewPlan], None]
    passes: int = 1
    """Number of times that an epoch shows each training image."""
    needs_margin: bool = False
    """Whether it turns or cuts the packed image, which then has a margin."""


def canonical(text: str) -> str:
    """Put the names in the registry's order, each once: `rotate + flip` becomes `flip+rotate`.

    Raises ValueError with what may be joined."""
    words = [word.strip() for word in text.split("+")]
    for word in words:
        if word not in (NONE, *AUGMENTATIONS):
            known = ", ".join(AUGMENTATIONS)
            raise ValueError(f"{word!r} is unknown: choose none, or join {known} with +")
    if NONE in words and len(set(words)) > 1:
        raise ValueError("none stands alone: take it out or the others")
    kept = [name for name in (NONE, *AUGMENTATIONS) if name in words]
    for name in kept:
        for excluded, why in AUGMENTATIONS[name].excludes.items() if name != NONE else ():
            if excluded in kept:
                raise ValueError(f"{name} {why}: take {excluded} out")
    return "+".join(kept)


def augmentations_of(augment: str) -> list[AugmentationInfo]:
    """Return the entries of a canonical text."""
    return [] if augment == NONE else [AUGMENTATIONS[name] for name in augment.split("+")]


def passes_of(augment: str) -> int:
    """Return how often an epoch shows each training image."""
    return max((info.passes for info in augmentations_of(augment)), default=1)


def has_margin(augment: str) -> bool:
    """Return whether images are packed with a margin to rotate or crop in."""
    return any(info.needs_margin for info in augmentations_of(augment))


def packed_px(image_size: int, augment: str) -> int:
    """Return the side at which images are packed: with a margin 1.15 × `image_size`, rounded up to an even number."""
    if not has_margin(augment):
        return image_size
    exact = -(-image_size * MARGIN_PERCENT // 100)
    return exact + exact % 2


def in_words() -> str:
    """Return all that `augment` may be, each with what it does."""
    names = [f"{info.name} ({info.description})" for info in AUGMENTATIONS.values()]
    return f"{NONE}, or {', '.join(names)} joined by +"


def _flip(plan: ViewPlan) -> None:
    plan.mirrors = (plan.numbers(counters.FLIP) & 3).astype("uint8")


def _flip4(plan: ViewPlan) -> None:
    # From another one on for each image: with `balanced`, which draws few images of a frequent class twice, the
    # first mirroring would tell the class.
    first = (plan.numbers_by_image(counters.FLIP) & 3).astype("int64")
    plan.mirrors = ((plan.copies + first) % 4).astype("uint8")


def _rotate(plan: ViewPlan) -> None:
    import numpy as np

    plan.turn = 2 * np.pi * plan.uniform(counters.ANGLE)


def _crop(plan: ViewPlan) -> None:
    import numpy as np

    plan.side = np.sqrt(SMALLEST_CROP + (1 - SMALLEST_CROP) * plan.uniform(counters.CROP_SIDE))
    free = np.stack([plan.uniform(counters.CROP_X), plan.uniform(counters.CROP_Y)], axis=1)
    plan.shift = (2 * free - 1) * (1 - plan.side)[:, None]


AUGMENTATIONS = by_name(
    AugmentationInfo(name="flip", description="left and right, top and bottom, at random", change=_flip),
    AugmentationInfo(
        name="flip4",
        description="all four mirrorings, 4 passes an epoch",
        change=_flip4,
        passes=4,
        excludes={"flip": "shows every mirroring already"},
    ),
    AugmentationInfo(name="rotate", description="by any angle", change=_rotate, needs_margin=True),
    AugmentationInfo(
        name="crop",
        description=f"{100 * SMALLEST_CROP:g} to 100 % of the area",
        change=_crop,
        needs_margin=True,
    ),
)
