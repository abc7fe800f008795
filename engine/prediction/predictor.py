"""`python -m engine.prediction`: predict images with a run's best network, preprocessed as in the run.

Predictions go to standard output one by one (CSV, or one JSON document with `--json`). Progress and the images that
cannot be read go to standard error. Exit code 1: an image could not be read; 2: there are no weights.
"""

import argparse
import io
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.datasets.batches import Batches
from engine.datasets.formats.tables.named_images import Named, images_of
from engine.datasets.layouts import DataError
from engine.datasets.pixels.decode import DEFAULT_RESIZE, Look, decode
from engine.files.paths import Home
from engine.hardware import device_choice as devices
from engine.models.layers import BuiltModel
from engine.models.networks import build_network
from engine.models.plugin import PluginError
from engine.models.weight_files import WeightsError, read_state, read_weights_metadata
from engine.prediction.result_files import CsvWriter, JsonWriter, Prediction, Progress, Writer
from engine.recipes import normalizations
from engine.recipes.losses import LOSSES
from engine.recipes.normalizations import NORMALIZATIONS, NormalizationInfo
from engine.text import plain
from engine.training.heads import outputs_in_full
from engine.training.memory_layout import memory_format
from engine.training.objective import Objective, reading_of
from engine.training.out_of_memory import is_out_of_memory
from engine.training.precision import autocast, forbid_tf32

NEEDED = (
    "arch", "bottleneck_stride", "class_names", "image_size", "packed_px", "fit", "preprocess", "loss",
)  # fmt: skip


@dataclass(frozen=True)
class Network:
    """Trained network with the preprocessing of its images."""

    model: nn.Module
    head: str
    class_names: tuple[str, ...]
    look: Look
    image_size: int
    """Side of the network's input in pixels: the middle of the preprocessed image."""
    normalization: NormalizationInfo
    objective: Objective
    """Objective that turns outputs into predictions and scores."""
    precision: str
    device: torch.device


def load_network(path: Path, device: torch.device, home: Home) -> Network:
    """Load the network of `best.safetensors`. Raises WeightsError where it is missing or says too little of itself, and
    PluginError."""
    about = read_weights_metadata(path)
    missing = [name for name in NEEDED if name not in about]
    if missing:
        raise WeightsError(f"{path} does not say its {', '.join(missing)}: it was not written by resnet-tui")
    known: dict[str, Any] = about
    names = tuple(map(str, known["class_names"]))
    loss = LOSSES.get(str(known["loss"]))
    if loss is None:
        raise WeightsError(
            f"{path} was trained with loss {known['loss']}, which is unknown here: update resnet-tui"
        )
    normalization = NORMALIZATIONS.get(str(known.get("normalize", normalizations.DEFAULT)))
    if normalization is None:
        raise WeightsError(
            f"{path} was trained with normalize {known['normalize']}, which is unknown here: update resnet-tui"
        )
    built = _built(known, loss.output_count(len(names)), home)
    model = built.model
    model.load_state_dict(read_state(path))
    image_size, precision = int(known["image_size"]), str(known.get("precision", "fp32"))
    if precision == "fp32":
        forbid_tf32()
    layout = memory_format(image_size, precision, device)
    return Network(
        model=model.to(device, memory_format=layout).eval(),  # type: ignore[call-overload]
        head=built.layers.head,
        class_names=names,
        look=Look(
            int(known["packed_px"]),
            str(known["fit"]),
            str(known["preprocess"]),
            str(known.get("resize", DEFAULT_RESIZE)),
        ),
        normalization=normalization,
        image_size=image_size,
        objective=reading_of(loss, len(names)).to(device),
        precision=precision,
        device=device,
    )


def _built(known: dict[str, Any], outputs: int, home: Home) -> BuiltModel:
    """Return the network that the metadata name; says so where a plug-in's file is another now."""
    built = build_network(
        known["arch"],
        outputs,
        implementation="own",
        bottleneck_stride=known["bottleneck_stride"],
        stem=known.get("stem", "imagenet"),
        image_size_px=int(known["image_size"]),
        seed=0,
        resolve=home.resolve,
    )
    if built.plugin_sha256 != known.get("plugin_sha256"):
        print(
            f"{known['arch']} has changed since these weights were trained: predictions may be others",
            file=sys.stderr,
        )
    return built


def predict(
    network: Network, images: Iterator[Named], batch_size: int, unreadable: list[str]
) -> Iterator[Prediction]:
    """Yield the predictions of images in their order, computed in batches of `batch_size`.

    The reasons for images that cannot be read are appended to `unreadable`."""
    workers = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as threads:
        while some := list(islice(images, batch_size)):
            decoded = list(threads.map(lambda each: _decoded(each, network), some))
            unreadable += [problem for problem in decoded if isinstance(problem, str)]
            pairs = [
                (each.name, image)
                for each, image in zip(some, decoded, strict=True)
                if not isinstance(image, str)
            ]
            if pairs:
                predicted, scores = _predicted(network, np.stack([image for _, image in pairs]))
                for (name, _), label, row in zip(pairs, predicted, scores, strict=True):
                    yield _prediction(network, name, int(label), row)


def _decoded(image: Named, network: Network) -> NDArray[np.uint8] | str:
    """Decode and preprocess an image; return the reason as text where it cannot be read."""
    if image.problem is not None:
        return image.problem
    try:
        return decode(Path(), str(image.path), network.look)
    except DataError as error:
        return str(error)


@torch.inference_mode()
def _predicted(network: Network, images: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Predict images N×size×size×3: classes N, and probabilities N×classes or grades N×1."""
    labels = np.zeros(len(images), dtype=np.int64)
    batches = Batches(
        images,
        labels,
        device=network.device,
        batch_size=len(images),
        seed=0,
        augment="none",
        size_px=network.image_size,
        normalization=network.normalization,
        layout=memory_format(network.image_size, network.precision, network.device),
    )
    predicted, scores = [], []
    for batch in batches.evaluate(np.arange(len(images))):
        outputs = outputs_in_full(
            network.model, network.head, batch.images, lambda: autocast(network.precision, network.device)
        )
        predicted.append(network.objective.predictions(outputs).cpu().numpy())
        scores.append(network.objective.scores(outputs).cpu().numpy())
    return np.concatenate(predicted), np.concatenate(scores)


def _prediction(network: Network, name: str, label: int, scores: NDArray[np.float32]) -> Prediction:
    is_graded = len(scores) == 1
    probabilities = None if is_graded else tuple(map(float, scores))
    score = float(scores[0] if is_graded else scores[label])
    return Prediction(name, network.class_names[label], score, probabilities)


def run(network: Network, paths: Sequence[str], batch_size: int, writer: Writer) -> int:
    """Predict all images and write the predictions; return the exit code."""
    unreadable: list[str] = []
    progress, reported = Progress(), 0
    for prediction in predict(network, images_of(paths), batch_size, unreadable):
        writer.write(prediction)
        progress.count()
        reported = _report_unreadable(unreadable, reported)
    _report_unreadable(unreadable, reported)
    writer.close(unreadable)
    progress.tell()
    if unreadable:
        print(f"{len(unreadable):,} could not be used", file=sys.stderr, flush=True)
    return 1 if unreadable else 0


def _report_unreadable(unreadable: Sequence[str], reported: int) -> int:
    for problem in unreadable[reported:]:
        print(plain(problem), file=sys.stderr, flush=True)
    return len(unreadable)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.prediction", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="a run's best.safetensors")
    parser.add_argument("--home", type=Path, help="where a plug-in's path starts; else here")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--json", action="store_true", help="one JSON document with all probabilities")
    parser.add_argument("paths", nargs="+", metavar="IMAGE|DIR|CSV")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        _fit(stream)
    found = devices.report(options.device)
    try:
        if found["problem"]:
            raise WeightsError(found["problem"])
        network = load_network(options.weights, torch.device(found["device"]), Home.find(options.home))
    except (WeightsError, PluginError) as error:
        print(plain(error), file=sys.stderr)
        return 2
    writer: Writer = JsonWriter(network.class_names) if options.json else CsvWriter()
    try:
        return run(network, options.paths, options.batch_size, writer)
    except BrokenPipeError:  # the reader of the predictions has closed the pipe, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        fewer = max(1, options.batch_size // 4)
        print(f"the memory of {found['device']} is too small: try --batch-size {fewer}", file=sys.stderr)
        return 1


def _fit(stream: TextIO) -> None:
    """Escape what a terminal cannot show; write UTF-8 elsewhere, and names that are not as the bytes that they are."""
    if isinstance(stream, io.TextIOWrapper) and stream.isatty():
        stream.reconfigure(errors="backslashreplace")
    elif isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")
