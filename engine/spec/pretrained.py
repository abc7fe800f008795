"""Registry of sources for first weights: the words of `pretrained`, and what else it may be. Imports no torch."""

from dataclasses import dataclass
from typing import Literal

from engine.spec.archs import ImagenetVersion

SourceKind = Literal["none", "imagenet", "run", "file"]
RUN_PREFIX = "run:"
NONE = "none"


@dataclass(frozen=True)
class SourceWord:
    """Word that `pretrained` may be."""

    word: str
    kind: SourceKind
    title: str
    """In reports."""
    version: ImagenetVersion | None = None
    """Of torchvision's ImageNet weights; None for its best, and where the word means none."""


SOURCE_WORDS: dict[str, SourceWord] = {
    each.word: each
    for each in (
        SourceWord(NONE, "none", "scratch"),
        SourceWord("imagenet", "imagenet", "ImageNet weights"),
        SourceWord("imagenet-v1", "imagenet", "ImageNet v1 weights", "v1"),
        SourceWord("imagenet-v2", "imagenet", "ImageNet v2 weights", "v2"),
    )
}
IMAGENET_WORDS = tuple(each.word for each in SOURCE_WORDS.values() if each.kind == "imagenet")
CHOICES = f"{', '.join(SOURCE_WORDS)}, a weights file, or {RUN_PREFIX}ID"


def source_kind(pretrained: str) -> SourceKind:
    """Return the kind of source that `pretrained` names; anything but a known word or a run is a file."""
    if pretrained in SOURCE_WORDS:
        return SOURCE_WORDS[pretrained].kind
    return "run" if pretrained.startswith(RUN_PREFIX) else "file"


def is_warm_start(pretrained: str) -> bool:
    """Return whether the weights were trained on images of which this program may know: a run's or a file's."""
    return source_kind(pretrained) in ("run", "file")
