"""Check weights files before runs that start from them are queued: `python -m engine.models.weight_check --json`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.models.networks import build_network
from engine.models.plugin import PluginError
from engine.models.weight_files import WeightsError
from engine.models.weights import check_body, head_fits, read_weights, unusable_head
from engine.spec.plugin_name import plugin_of


def problem_of(wanted: Mapping[str, Any]) -> str | None:
    """Tell why a run could not start from a file; None where it can.

    `wanted` has the file's `path`, the `name` that messages call it by, `arch`, `stem` and `image_size` of the run, the
    `plugin_file` where that makes the network, the number of `outputs` of its head, and where the file's head must be
    the run's too (epochs 0) the run's `class_names`, else None."""
    arch, class_names = wanted["arch"], wanted["class_names"]
    try:
        weights = read_weights(wanted["path"], arch=arch, stem=wanted["stem"], name=wanted["name"])
        if weights is None or (class_names is None and plugin_of(arch) is None):
            return None
        built = build_network(
            arch,
            wanted["outputs"],
            implementation="own",
            bottleneck_stride="3x3",
            stem=wanted["stem"],
            image_size_px=wanted["image_size"],
            seed=0,
            resolve=lambda _path: Path(wanted["plugin_file"]),
        )
        if plugin_of(arch) is not None:
            ours = built.model.state_dict()
            check_body(weights.state, ours, head=built.layers.head, name=wanted["name"], arch=arch)
        fits, why = (True, "") if class_names is None else head_fits(built, weights, class_names)
    except (WeightsError, PluginError) as error:
        return str(error)
    return None if fits else unusable_head(wanted["name"], why)


def main() -> int:
    """Read a JSON list of what is wanted from standard input, and print the problem of each, or null."""
    print(json.dumps({"problems": [problem_of(wanted) for wanted in json.load(sys.stdin)]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
