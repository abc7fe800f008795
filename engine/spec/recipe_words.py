"""Words for recipes: their network, their first weights, and the settings in which they differ."""

from collections.abc import Collection, Sequence

from engine.spec.plugin_name import arch_shown
from engine.spec.pretrained import SOURCE_WORDS
from engine.spec.run_spec import FIELDS, RunSpec

NAMED_FIRST = ("arch", "pretrained")
"""Settings that every name of a recipe begins with."""
ALWAYS_TOLD = ("lr", "epochs", "batch_size", "seed")
"""Settings that `run_in_words` tells though they are at their defaults."""


def setting(spec: RunSpec, field: str) -> str:
    """Return a setting's value as text."""
    return value_in_words(getattr(spec, field))


def value_in_words(value: object) -> str:
    """Write a setting's value as text, `on` or `off` for a switch."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def weights_from(spec: RunSpec) -> str:
    """Name the source of a run's first weights in a few words."""
    if spec.source_run is not None:
        return f"warm start from #{spec.source_run}"
    word = SOURCE_WORDS.get(spec.pretrained)
    return f"file {spec.pretrained}" if word is None else word.title


def setting_in_words(spec: RunSpec, field: str) -> str:
    """Name a setting with its value: `resnet18`, `ImageNet weights`, `lr 0.01`, `class_names –` where it is empty."""
    if field == "arch":
        return arch_shown(spec.arch)
    return weights_from(spec) if field == "pretrained" else f"{field} {setting(spec, field) or '–'}"


def differing(specs: Sequence[RunSpec], without: Collection[str] = ()) -> tuple[str, ...]:
    """Return the fields in which any two specs differ, in the order of the fields, but for those in `without`."""
    return tuple(
        name
        for name in FIELDS
        if name not in without and any(getattr(spec, name) != getattr(specs[0], name) for spec in specs)
    )


def recipe_name(spec: RunSpec, fields: Sequence[str], weights: str = "", most: int = len(FIELDS)) -> str:
    """Name a recipe by its network, its first weights and the settings `fields`, of which at most `most` are written:
    `resnet18, ImageNet weights; lr 0.01`. `weights` stands for the first weights where more is known of them."""
    told = settings_in_words(spec, [field for field in fields if field not in NAMED_FIRST], most)
    title = f"{arch_shown(spec.arch)}, {weights or weights_from(spec)}"
    return f"{title}; {told}" if told else title


def run_in_words(spec: RunSpec) -> str:
    """Name a run by its data, its recipe and all settings that are not at their defaults: `digits; resnet18, no
    pretraining; lr 0.1, epochs 10, batch_size 32, seed 0, loss focal`."""
    others = differing([RunSpec(data=spec.data), spec], without=("data", *ALWAYS_TOLD))
    return f"{spec.data}; {recipe_name(spec, (*ALWAYS_TOLD, *others))}"


def settings_in_words(spec: RunSpec, fields: Sequence[str], most: int = len(FIELDS)) -> str:
    """Name settings with their values, and count those past `most`: `lr 0.01, seed 1, and 3 more settings`."""
    told = [setting_in_words(spec, field) for field in fields]
    if len(told) > most:
        more = len(told) - most
        told = [*told[:most], f"and {more} more setting{'s' if more > 1 else ''}"]
    return ", ".join(told)
