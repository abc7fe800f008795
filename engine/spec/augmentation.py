"""The words of `augment`: what may be joined, and what it asks of the packed images and of an epoch."""

AUGMENTATIONS = ("flip", "flip4", "rotate", "crop")
NONE = "none"
MARGIN_PERCENT = 115
"""Images that are rotated or cropped are packed this much larger, so that neither has to magnify them."""


def canonical(text: str) -> str:
    """`rotate + flip` as `flip+rotate`. Raises ValueError, saying what may be joined."""
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
    """How often an epoch shows each training image: `flip4` shows it in its four mirrorings."""
    return 4 if "flip4" in parts_of(augment) else 1


def packed_px(image_size: int, augment: str) -> int:
    """The side at which images are packed: 1.15 × `image_size`, up to an even number, where there is a margin
    to rotate or crop in."""
    if not parts_of(augment) & {"rotate", "crop"}:
        return image_size
    exact = -(-image_size * MARGIN_PERCENT // 100)
    return exact + exact % 2
