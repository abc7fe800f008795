"""`python -m engine.predict`: a run's best network answers images, made ready as the run's own were.

Answers go to standard output as they are found (CSV, or one JSON document with `--json`); progress and the images
that cannot be read go to standard error. Exit code 1 where an image could not be read, 2 where there are no weights.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine import device as devices
from engine.datasets.batches import Batches
from engine.datasets.decode import Look, decode
from engine.datasets.layouts import DataError
from engine.datasets.named_images import Named, images_of
from engine.models.resnet import build_model
from engine.models.weight_files import WeightsError, read_state, read_weights_metadata
from engine.prediction_output import CsvWriter, JsonWriter, Prediction, Progress, Writer
from engine.text import plain
from engine.training.recipe import autocast

NEEDED = ("arch", "bottleneck_stride", "class_names", "image_size", "packed_px", "fit", "preprocess")


@dataclass(frozen=True)
class Network:
    """A trained network and how images are made ready for it."""

    model: nn.Module
    class_names: tuple[str, ...]
    look: Look
    image_size: int
    """The side of the middle that it sees."""
    precision: str
    device: torch.device


def load_network(path: Path, device: torch.device) -> Network:
    """What `best.safetensors` holds. Raises WeightsError where it is missing or says too little of itself."""
    about = read_weights_metadata(path)
    missing = [name for name in NEEDED if name not in about]
    if missing:
        raise WeightsError(f"{path} does not say its {', '.join(missing)}: it was not written by resnet-tui")
    known: dict[str, Any] = about
    names = tuple(map(str, known["class_names"]))
    model = build_model(known["arch"], len(names), bottleneck_stride=known["bottleneck_stride"])
    model.load_state_dict(read_state(path))
    model = model.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    precision = str(known.get("precision", "fp32"))
    look = Look(int(known["packed_px"]), str(known["fit"]), str(known["preprocess"]))
    return Network(model, names, look, int(known["image_size"]), precision, device)


def predict(
    network: Network, images: Iterator[Named], batch_size: int, unreadable: list[str]
) -> Iterator[Prediction]:
    """Answer images in their order, `batch_size` at once; the others' reasons are added to `unreadable`."""
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
                scores = _scores(network, np.stack([image for _, image in pairs]))
                yield from (
                    _prediction(network, name, row) for (name, _), row in zip(pairs, scores, strict=True)
                )


def _decoded(image: Named, network: Network) -> NDArray[np.uint8] | str:
    """The image as the network sees it, or why it cannot be read."""
    if image.problem is not None:
        return image.problem
    try:
        return decode(Path(), str(image.path), network.look)
    except DataError as error:
        return str(error)


@torch.inference_mode()
def _scores(network: Network, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """N×size×size×3 to probabilities N×classes."""
    labels = np.zeros(len(images), dtype=np.int64)
    batches = Batches(
        images,
        labels,
        device=network.device,
        batch_size=len(images),
        seed=0,
        augment="none",
        gpu_cache_bytes=0,
    )
    parts = []
    for batch in batches.evaluate(np.arange(len(images))):
        with autocast(network.precision, network.device):
            logits = network.model(batch.images)
        parts.append(logits.float().softmax(1).cpu().numpy())
    return np.concatenate(parts)


def _prediction(network: Network, name: str, scores: NDArray[np.float32]) -> Prediction:
    best = int(scores.argmax())
    return Prediction(name, network.class_names[best], float(scores[best]), tuple(map(float, scores)))


def run(network: Network, paths: Sequence[str], batch_size: int, writer: Writer) -> int:
    """Answer all images and write them down; the exit code."""
    unreadable: list[str] = []
    progress, told = Progress(), 0
    for prediction in predict(network, images_of(paths), batch_size, unreadable):
        writer.write(prediction)
        progress.count()
        told = _tell_unreadable(unreadable, told)
    _tell_unreadable(unreadable, told)
    writer.close(unreadable)
    progress.tell()
    if unreadable:
        print(f"{len(unreadable):,} could not be read", file=sys.stderr, flush=True)
    return 1 if unreadable else 0


def _tell_unreadable(unreadable: Sequence[str], told: int) -> int:
    for problem in unreadable[told:]:
        print(plain(problem), file=sys.stderr, flush=True)
    return len(unreadable)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.predict", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="a run's best.safetensors")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--json", action="store_true", help="one JSON document with all probabilities")
    parser.add_argument("paths", nargs="+", metavar="IMAGE|DIR|CSV")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    found = devices.report(options.device)
    try:
        if found["problem"]:
            raise WeightsError(found["problem"])
        network = load_network(options.weights, torch.device(found["device"]))
    except WeightsError as error:
        print(plain(error), file=sys.stderr)
        return 2
    writer: Writer = JsonWriter(network.class_names) if options.json else CsvWriter()
    return run(network, options.paths, options.batch_size, writer)


if __name__ == "__main__":
    sys.exit(main())
