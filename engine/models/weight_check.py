"""Check weights files before runs that start from them are queued: `python -m engine.models.weight_check --json`."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import torch

from engine.models.resnet import resnet
from engine.models.weight_files import WeightsError
from engine.models.weights import head_fits, read_weights


def problem_of(wanted: Mapping[str, Any]) -> str | None:
    """Why a run could not start from a file; None where it can.

    `wanted` has the file's `path`, the `name` that messages call it by, the `arch`, the number of `outputs` of its
    head, and where that head must be the run's too (epochs 0) the run's `class_names`, else None."""
    try:
        weights = read_weights(wanted["path"], arch=wanted["arch"], name=wanted["name"])
        if weights is None or wanted["class_names"] is None:
            return None
        with torch.device("meta"):
            model = resnet(wanted["arch"], wanted["outputs"], "3x3", zero_init_residual=False)
        fits, why = head_fits(model, weights, wanted["class_names"])
    except WeightsError as error:
        return str(error)
    return (
        None if fits else f"epochs 0 only evaluates, and the head of {wanted['name']} cannot be used: {why}"
    )


def main() -> int:
    """Read a JSON list of what is wanted from standard input, and print the problem of each, or null."""
    print(json.dumps({"problems": [problem_of(wanted) for wanted in json.load(sys.stdin)]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
