"""First layers of a ResNet: which there are, and how far they shrink an image. Imports no torch."""

from dataclasses import dataclass
from typing import Literal

Stem = Literal["imagenet", "cifar"]
COLOURS = 3
STAGES_SHRINK = 8
"""conv3_x, conv4_x and conv5_x halve the feature map, each once."""


@dataclass(frozen=True)
class StemInfo:
    """First convolution, and whether a 3×3 max pool of stride 2 follows it."""

    kernel_px: int
    stride: int
    has_max_pool: bool
    largest_px: int | None
    """The largest image that it is for; None for any."""

    @property
    def smallest_single_px(self) -> int:
        """Return the smallest image whose last feature map is larger than 1×1, so that BatchNorm can take it alone."""
        return self._shrinks * STAGES_SHRINK + 1

    def last_map_px(self, image_px: int) -> int:
        """Return the side of the last feature map, which the average pool takes, of an image of side `image_px`: every
        halving rounds up."""
        return -(-image_px // (self._shrinks * STAGES_SHRINK))

    @property
    def parameters(self) -> int:
        """Return the weights of the first convolution for each of its output channels."""
        return COLOURS * self.kernel_px**2

    @property
    def largest_single_conv5_px(self) -> int:
        """Return the largest image of which conv5_x, the last of the stages, gets a map of 1×1."""
        return self._shrinks * STAGES_SHRINK // 2

    @property
    def _shrinks(self) -> int:
        """Return the factor by which the stem shrinks an image's sides."""
        return self.stride * (2 if self.has_max_pool else 1)


STEMS: dict[Stem, StemInfo] = {
    "imagenet": StemInfo(kernel_px=7, stride=2, has_max_pool=True, largest_px=None),
    "cifar": StemInfo(kernel_px=3, stride=1, has_max_pool=False, largest_px=64),
}
"""`imagenet`: He et al. 2015, Table 1. `cifar`: the first layer of section 4.2 there, for small images, before the
four stages of the ImageNet networks."""
