"""Build plug-ins before their runs are queued. A process of its own does it, for that runs the user's code."""

import json
from collections.abc import Sequence
from pathlib import Path

from engine.files.paths import Home
from engine.problem import Problem
from engine.recipes.losses import LOSSES
from engine.spec.plugin_name import plugin_of
from engine.spec.run_spec import RunSpec
from engine.torch_subprocess import AskError, ask

CLASSES = 7
"""Classes that a network is tried with: few data sets have so many, and no layer has so many by accident."""
_built: dict[tuple[str, int, int], str | None] = {}
"""Problems of the plug-ins that this process has had built, by request, size and time of the file: a form asks
again at every change."""


def check_plugins(home: Home, specs: Sequence[RunSpec]) -> list[Problem]:
    """Build each plug-in and run images of the runs' sizes through it; one problem for each that fails."""
    named: dict[tuple[str, int, int], str] = {}
    for spec in specs:
        if plugin_of(spec.arch) is not None:
            named.setdefault(_signature(home, spec), spec.arch)
    new = [signature for signature in named if signature not in _built]
    if new:
        try:
            requests = [request for request, *_ in new]
            found = ask("models.plugin", requests, what="the network of a plug-in")["problems"]
        except AskError as error:
            return [Problem("arch", "error", str(error), kind="plugin")]
        _built.update(zip(new, found, strict=True))
    return [
        Problem("arch", "error", why, (arch,), kind="plugin")
        for signature, arch in named.items()
        if (why := _built[signature]) is not None
    ]


def _signature(home: Home, spec: RunSpec) -> tuple[str, int, int]:
    """Return what `engine.models.plugin` is asked for, as JSON, and the size and time of the file."""
    plugin = plugin_of(spec.arch)
    assert plugin is not None
    path = home.resolve(plugin.path)
    is_single = 1 in (spec.batch_size, spec.micro_batch) and spec.epochs > 0
    request = json.dumps(
        {
            "path": str(path),
            "function": plugin.function,
            "num_classes": LOSSES[spec.loss].output_count(CLASSES),
            "image_size_px": spec.image_size,
            "images": 1 if is_single else 2,
        }
    )
    return request, *size_and_time(path)


def size_and_time(path: Path) -> tuple[int, int]:
    """Return a file's size in bytes and its time in ns, which change with it; 0, 0 where it is missing."""
    try:
        about = path.stat()
    except OSError:  # the check says so
        return 0, 0
    return about.st_size, about.st_mtime_ns
