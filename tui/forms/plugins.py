"""What is wrong with plug-ins before their runs are queued. A process of its own builds them, for that runs the user's
code."""

import json
from collections.abc import Sequence

from engine.files.paths import Home
from engine.spec.plugin_name import plugin_of
from engine.spec.run_spec import ORDINAL_LOSS, RunSpec
from engine.store.fencing import QueueError
from tui.torch_subprocess import AskError, ask

CLASSES = 7
"""How many classes a network is tried with: few data sets have so many, and no layer has so many by accident."""


def check_plugins(home: Home, specs: Sequence[RunSpec]) -> None:
    """Build each plug-in and run images of the runs' sizes through it. Raises QueueError with the first problem."""
    wanted = list(dict.fromkeys(request for spec in specs if (request := _request(home, spec))))
    if not wanted:
        return
    try:
        problems = ask("models.plugin", wanted, what="the network of a plug-in")["problems"]
    except AskError as error:
        raise QueueError(str(error)) from None
    for problem in filter(None, problems):
        raise QueueError(problem)


def _request(home: Home, spec: RunSpec) -> str | None:
    """What `engine.models.plugin` is asked for, as JSON; None for a built-in network."""
    plugin = plugin_of(spec.arch)
    if plugin is None:
        return None
    is_single = 1 in (spec.batch_size, spec.micro_batch) and spec.epochs > 0
    return json.dumps(
        {
            "path": str(home.resolve(plugin.path)),
            "function": plugin.function,
            "num_classes": 1 if spec.loss == ORDINAL_LOSS else CLASSES,
            "image_size_px": spec.image_size,
            "images": 1 if is_single else 2,
        }
    )
