"""Any network by its name: a built-in one, or one that a user's own file makes."""

from collections.abc import Callable
from pathlib import Path

from engine.models.layers import BuiltModel, Layers
from engine.models.plugin import build_plugin
from engine.models.resnet import build_model
from engine.spec.archs import ARCH_INFOS
from engine.spec.plugin_name import plugin_of
from engine.spec.stems import Stem


def build_network(
    arch: str,
    num_classes: int,
    *,
    implementation: str,
    bottleneck_stride: str,
    stem: Stem,
    image_size_px: int,
    seed: int,
    resolve: Callable[[str], Path],
) -> BuiltModel:
    """Return the network on the CPU, its weights drawn from the seed alone; `resolve` finds a plug-in's file.

    Raises PluginError, ValueError."""
    plugin = plugin_of(arch)
    if plugin is not None:
        return build_plugin(resolve(plugin.path), plugin.function, num_classes, image_size_px, seed)
    model = build_model(
        arch,
        num_classes,
        implementation=implementation,
        bottleneck_stride=bottleneck_stride,
        stem=stem,
        seed=seed,
    )
    info = ARCH_INFOS[arch]
    stride = bottleneck_stride if info.block == "bottleneck" else None
    return BuiltModel(arch, model, Layers(info.head, info.first_layer), stride)
