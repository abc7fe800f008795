"""Settings that take one value of a registry, and what their values mean."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from engine.recipes.augmentations import augmentations_of
from engine.recipes.entry import Entry
from engine.recipes.losses import LOSSES
from engine.recipes.normalizations import NORMALIZATIONS
from engine.recipes.optimizers import OPTIMIZERS
from engine.recipes.samplers import SAMPLERS
from engine.recipes.schedules import SCHEDULES

REGISTRIES: Mapping[str, Mapping[str, Entry]] = MappingProxyType(
    {
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "loss": LOSSES,
        "sampler": SAMPLERS,
        "normalize": NORMALIZATIONS,
    }
)
"""By the name of the setting."""


def exclusions(settings: object) -> Iterator[tuple[str, str]]:
    """Yield each setting that the chosen entries exclude, and why it must stay at 0."""
    for field, registry in REGISTRIES.items():
        yield from registry[getattr(settings, field)].conflicts(field, settings)


def value_in_words(field: str, value: object) -> str:
    """Describe a setting's value, such as `cross-entropy, −ln p_y`; empty for settings without a registry, and where
    nothing is changed."""
    if field == "augment":
        return "; ".join(info.description for info in augmentations_of(str(value)))
    registry = REGISTRIES.get(field)
    return registry[str(value)].description if registry is not None else ""
