"""Values of `augment`: their combinations, and their effect on packed images and epochs."""

AUGMENTATIONS = ("flip", "flip4", "rotate", "crop")
NONE = "none"
MARGIN_PERCENT = 115
"""Size of packed images in percent of `image_size` where they are rotated or cropped, so that none is magnified."""


def canonical(text: str) -> str:
    """Write an `augment` in its canonical form: `rotate + flip` as `flip+rotate`.

    Raises ValueError, which names the valid combinations."""
    words = [word.strip() for word in text.split("+")]
    for word in words:
        if word not in (NONE, *AUGMENTATIONS):
            known = ", ".join(AUGMENTATIONS)
            raise ValueError(f"{word!r} is unknown: choose none, or join {known} with +")
    if NONE in words and len(set(words)) > 1:
        raise ValueError("none stands alone: take it out or the others")
    if {"flip", "flip4"} <= set(words):
        raise ValueError("flip4 shows every mirroring already: take flip out")
    return "+".join(sorted(set(words), key=(NONE, *AUGMENTATIONS).index))


def parts_of(augment: str) -> frozenset[str]:
    return frozenset(augment.split("+")) - {NONE}


def passes_of(augment: str) -> int:
    """Return the passes over the train images in an epoch: `flip4` shows each image in its four mirrorings."""
    return 4 if "flip4" in parts_of(augment) else 1


def packed_px(image_size: int, augment: str) -> int:
    """Return the side of the packed images in pixels.

    It is `image_size`, or, with a margin for rotation or crop, 1.15 × `image_size` rounded up to an even number."""
    if not parts_of(augment) & {"rotate", "crop"}:
        return image_size
    exact = -(-image_size * MARGIN_PERCENT // 100)
    return exact + exact % 2
