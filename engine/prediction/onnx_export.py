"""`python -m engine.prediction.onnx_export`: a run's best network as one ONNX file, for other runtimes.

Input `image`, float32 N×3×size×size, preprocessed as the metadata say; output `logits`, N×classes, or `grade`, N×1;
N is free. Where onnxruntime is installed, the file is compared with torch before it is written. Exit code 2: it cannot
be made, for the reason in the last line of standard error."""

import argparse
import contextlib
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.files.disk_errors import WriteError, disk_problem
from engine.files.paths import SHARED, Home, write_atomic
from engine.models.layers import probe_images
from engine.models.plugin import PluginError
from engine.models.weight_files import WeightsError
from engine.prediction.map_picture import seen_as
from engine.prediction.trained_network import Network, load_network
from engine.recipes.losses import LOSSES
from engine.text import plain
from engine.training.memory_layout import PLAIN

INPUT = "image"
TOLERANCE = 1e-3
"""Largest difference from torch that a file may have, relative to its largest output; float32 gives about 10⁻⁶."""
PACKAGES = "pip install 'resnet-tui[export]'"


class OnnxError(ValueError):
    """Network that cannot be exported: one line that says why."""


def to_onnx(network: Network) -> bytes:
    """Return the file's content. Raises OnnxError, also where packages are missing."""
    try:
        import onnx
        import onnxscript  # noqa: F401  (torch's exporter needs it)
    except ImportError as error:
        raise OnnxError(f"--onnx needs the packages onnx and onnxscript ({error}): {PACKAGES}") from None
    model = _exported(network)
    onnx.helper.set_model_props(model, metadata(network))
    try:
        content: bytes = model.SerializeToString()
    except Exception as error:  # protobuf's own, of a network over 2 GiB
        raise OnnxError(f"the network is too large for one ONNX file ({_first_line(error)})") from None
    return content


def _exported(network: Network) -> Any:
    """Return the network as an `onnx.ModelProto`. Raises OnnxError where torch's exporter cannot follow its code."""
    example = probe_images(2, network.image_size).to(network.device)
    dynamic = ({0: torch.export.Dim("batch", min=1, max=65536)},)
    wrapped = _OneInput(network.model).eval()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                wrapped,
                (example,),
                input_names=[INPUT],
                output_names=[output_name(network)],
                dynamic_shapes=dynamic,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # whatever the user's code or the exporter meets
        why = _first_line(_root_cause(error))
        raise OnnxError(
            f"{network.about['arch']} cannot be exported: torch's ONNX exporter does not follow its code ({why})"
        ) from None
    assert program is not None
    return program.model_proto


class _OneInput(nn.Module):
    """Network whose argument is called `image`, whatever a plug-in calls it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        found: Tensor = self.model(image)
        return found


def output_name(network: Network) -> str:
    return "grade" if LOSSES[str(network.about["loss"])].gives_grade else "logits"


def metadata(network: Network) -> dict[str, str]:
    """Return what a reader must know to use the file: text by key; lists are JSON."""
    about, look = network.about, network.look
    grades = output_name(network) == "grade"
    return {
        "class_names": json.dumps(network.class_names),
        "output": "grade: the nearest class is predicted"
        if grades
        else "logits: softmax gives probabilities",
        "preprocessing": f"RGB, {seen_as(network)}; divided by 255, minus mean, divided by std",
        "mean": json.dumps(about.get("mean")),
        "std": json.dumps(about.get("std")),
        "packed_px": str(look.size_px),
        "image_size": str(network.image_size),
        "fit": look.fit,
        "resize": look.resize,
        "preprocess": look.preprocess,
        "normalize": network.normalization.name,
        **{name: str(about.get(name)) for name in ("arch", "loss", "data", "run", "epoch", "select_on")},
        **({"thresholds": json.dumps(about["thresholds"])} if "thresholds" in about else {}),
        "written_by": "resnet-tui",
    }


def difference(network: Network, content: bytes) -> float | None:
    """Return the largest difference from torch's outputs on three images, relative to the largest output; None where
    onnxruntime is missing. Raises OnnxError where the file does not run."""
    try:
        import onnxruntime
    except ImportError:
        return None
    images = probe_images(3, network.image_size)
    with torch.inference_mode():
        expected: NDArray[Any] = network.model.float()(images.to(network.device)).cpu().numpy()
    try:
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        found = session.run(None, {INPUT: images.numpy()})[0]
    except Exception as error:  # onnxruntime's own
        raise OnnxError(f"onnxruntime does not run the file: {_first_line(error)}") from None
    return float(np.abs(found - expected).max() / max(float(np.abs(expected).max()), 1e-9))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file and print its path and how near it is to torch, as one JSON document."""
    parser = argparse.ArgumentParser(prog="python -m engine.prediction.onnx_export", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="a run's best.safetensors")
    parser.add_argument("--home", type=Path, help="where a plug-in's path starts; else here")
    parser.add_argument("--json", action="store_true", help="the result is always one JSON document")
    parser.add_argument("out", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a plug-in or an exporter prints goes to standard error
    try:
        network = load_network(options.weights, torch.device("cpu"), Home.find(options.home), PLAIN)
        content = to_onnx(network)
        apart = difference(network, content)
        if apart is not None and not apart <= TOLERANCE:
            raise OnnxError(f"the ONNX file would differ from torch by {apart:.1e} of the largest output")
        write_atomic(options.out, content, mode=SHARED)
    except (WeightsError, PluginError, OnnxError) as error:
        print(plain(error), file=sys.stderr)
        return 2
    except OSError as error:
        problem = disk_problem(WriteError(error.errno, error.strerror, str(options.out)))
        print(plain(problem or f"{options.out} cannot be written: {error.strerror}"), file=sys.stderr)
        return 2
    print(
        json.dumps({"file": str(options.out), "bytes": len(content), "difference": apart}),
        file=answers,
        flush=True,
    )
    return 0


def _root_cause(error: BaseException) -> BaseException:
    """Return the error that all others were raised from: the exporter's own words are the same for each."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


if __name__ == "__main__":
    sys.exit(main())
