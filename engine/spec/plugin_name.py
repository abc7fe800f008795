"""`FILE.py:FUNCTION`, the name of a network that a user's own file makes. Imports no torch."""

import os
from dataclasses import dataclass

from engine.spec.archs import ARCH_INFOS, find_arch

SUFFIX = ".py"


@dataclass(frozen=True)
class PluginName:
    """`path` is absolute or starts at the home."""

    path: str
    function: str

    def __str__(self) -> str:
        return f"{self.path}:{self.function}"


def plugin_of(arch: str) -> PluginName | None:
    """Return the parts of a plug-in's name; None for any other name."""
    path, _, function = arch.rpartition(":")
    is_plugin = path.endswith(SUFFIX) and len(path) > len(SUFFIX) and function.isidentifier()
    return PluginName(path, function) if is_plugin else None


def checked_arch(arch: str) -> str:
    """Return the name of a built-in architecture, also of `50` for `resnet50`, or of a plug-in.

    Raises ValueError, saying what there is."""
    name = arch.strip()
    if info := find_arch(name):
        return info.name
    if plugin_of(name) is None:
        raise ValueError(
            f"{name!r} is unknown: choose from {', '.join(ARCH_INFOS)}, or give FILE.py:FUNCTION"
        )
    if not name.isprintable():
        raise ValueError(f"{name!r} has characters that cannot be shown: rename the file")
    return name


def arch_shown(arch: str) -> str:
    """Return an architecture as tables and titles show it: `make_model (file.py)` for a plug-in."""
    plugin = plugin_of(arch)
    return arch if plugin is None else f"{plugin.function} ({os.path.basename(plugin.path)})"
