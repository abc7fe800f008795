"""Normalisations of pixels: one entry each."""

from dataclasses import dataclass

from engine.recipes.entry import Entry, by_name

DEFAULT = "imagenet"
Rgb = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class NormalizationInfo(Entry):
    """Normalisation: (pixel − mean) / std, pixels in [0, 1], red, green and blue each by its own."""

    mean: Rgb
    std: Rgb


NORMALIZATIONS = by_name(
    NormalizationInfo(
        name="imagenet",
        description="mean and standard deviation of ImageNet's images, which torchvision's weights were trained with",
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    ),
    NormalizationInfo(
        name="half",
        description="mean and standard deviation .5: pixels lie in [−1, 1] (Yang et al. 2023)",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    ),
)
