"""Check weights files before runs that start from them are queued: `python -m engine.models.weight_check --json`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.models.layers import BuiltModel
from engine.models.networks import build_network
from engine.models.plugin import PluginError
from engine.models.weight_files import WeightsError
from engine.models.weights import fit_of, head_fits, read_weights, unusable_head


class Checked(NamedTuple):
    """Reason that a run could not start from a file, and the guess where it can; None for nothing."""

    problem: str | None
    guess: str | None = None


def check(wanted: Mapping[str, Any]) -> Checked:
    """Check whether a run can start from a file.

    `wanted` has the file's `path`, the `name` that messages call it by, `arch`, `stem` and `image_size` of the run, the
    `plugin_file` where that makes the network, the number of `outputs` of its head, and where the file's head must be
    the run's too (epochs 0) the run's `class_names`, else None."""
    arch, class_names = wanted["arch"], wanted["class_names"]
    try:
        weights = read_weights(wanted["path"], arch=arch, stem=wanted["stem"], name=wanted["name"])
        if weights is None:
            return Checked(None)
        fit = weights.fit
        if fit is None or class_names is not None:
            built = _built(wanted)
            fit = fit_of(weights, built)
            fits, why = (True, "") if class_names is None else head_fits(built, weights, fit, class_names)
            if not fits:
                return Checked(unusable_head(wanted["name"], why))
    except (WeightsError, PluginError) as error:
        return Checked(str(error))
    if not fit.others:
        return Checked(None)
    taken = fit.taken or " the outermost"
    return Checked(None, f"{wanted['name']} holds several weights that fit: taken{taken}, not {fit.others}")


def _built(wanted: Mapping[str, Any]) -> BuiltModel:
    return build_network(
        wanted["arch"],
        wanted["outputs"],
        implementation="own",
        bottleneck_stride="3x3",
        stem=wanted["stem"],
        image_size_px=wanted["image_size"],
        seed=0,
        resolve=lambda _path: Path(wanted["plugin_file"]),
    )


def main() -> int:
    """Read a JSON list of what is wanted from standard input, and print the problem and the guess of each, or null."""
    checked = [check(wanted) for wanted in json.load(sys.stdin)]
    print(
        json.dumps(
            {"problems": [each.problem for each in checked], "guesses": [each.guess for each in checked]}
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
