"""`python -m engine.prediction`: predict images with a run's best network, preprocessed as in the run.

Predictions go to standard output one by one (CSV, or one JSON document with `--json`). Progress and the images that
cannot be read go to standard error. `--cam` writes a class-activation map of each image.
Exit code 1: an image could not be read; 2: there are no weights, or no maps can be made.
"""

import argparse
import io
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
import torch
from numpy.typing import NDArray

from engine.datasets.formats.tables.named_images import Named, images_of
from engine.datasets.layouts import DataError
from engine.datasets.pixels.decode import decode
from engine.files.disk_errors import WriteError, disk_problem
from engine.files.paths import Home
from engine.hardware import device_choice as devices
from engine.models.plugin import PluginError
from engine.models.weight_files import WeightsError
from engine.prediction.cam_folder import CamFolder, FolderError
from engine.prediction.map_layer import NoMap
from engine.prediction.result_files import CsvWriter, JsonWriter, Prediction, Progress, Writer
from engine.prediction.trained_network import Network, load_network
from engine.text import plain
from engine.training.out_of_memory import is_out_of_memory

MAPPED_AT_ONCE = 16
"""Largest batch where maps are written, so that progress is told often."""


def predict(
    network: Network,
    images: Iterator[Named],
    batch_size: int,
    unreadable: list[str],
    cams: CamFolder | None = None,
) -> Iterator[Prediction]:
    """Yield the predictions of images in their order, computed in batches of `batch_size`; write maps into `cams`.

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
                names, pixels = [name for name, _ in pairs], np.stack([image for _, image in pairs])
                predicted, scores = network.predict(pixels)
                pictures: Sequence[str | None] = [None] * len(names)
                if cams is not None:
                    pictures = cams.write(names, pixels, predicted, scores)
                for name, label, row, picture in zip(names, predicted, scores, pictures, strict=True):
                    yield _prediction(network, name, int(label), row, picture)


def _decoded(image: Named, network: Network) -> NDArray[np.uint8] | str:
    """Decode and preprocess an image; return the reason as text where it cannot be read."""
    if image.problem is not None:
        return image.problem
    try:
        return decode(Path(), str(image.path), network.look)
    except DataError as error:
        return str(error)


def _prediction(
    network: Network, name: str, label: int, scores: NDArray[np.float32], picture: str | None
) -> Prediction:
    is_graded = len(scores) == 1
    probabilities = None if is_graded else tuple(map(float, scores))
    score = float(scores[0] if is_graded else scores[label])
    return Prediction(name, network.class_names[label], score, probabilities, picture)


def run(
    network: Network, paths: Sequence[str], batch_size: int, writer: Writer, cams: CamFolder | None = None
) -> int:
    """Predict all images and write the predictions; return the exit code."""
    unreadable: list[str] = []
    progress, reported = Progress(), 0
    for prediction in predict(network, images_of(paths), batch_size, unreadable, cams):
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
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        _fit(stream)
    try:
        network, cams = _prepare(options)
        batch_size = options.batch_size if cams is None else min(options.batch_size, MAPPED_AT_ONCE)
        writer: Writer = JsonWriter(network.class_names) if options.json else CsvWriter()
        return run(network, options.paths, batch_size, writer, cams)
    except (WeightsError, PluginError, NoMap, FolderError) as error:
        print(plain(error), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of the predictions has closed the pipe, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except WriteError as error:
        print(plain(disk_problem(error) or f"{error.filename} cannot be written: {error}"), file=sys.stderr)
        return 2
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        fewer = max(1, options.batch_size // 4)
        print(f"the memory of {options.device} is too small: try --batch-size {fewer}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.prediction", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="a run's best.safetensors")
    parser.add_argument("--home", type=Path, help="where a plug-in's path starts; else here")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--json", action="store_true", help="one JSON document with all probabilities")
    parser.add_argument(
        "--cam", type=Path, metavar="DIR", help="write class-activation maps into this new folder"
    )
    parser.add_argument(
        "--cam-class", metavar="NAME", help="class of the maps; else each image's predicted one"
    )
    parser.add_argument("paths", nargs="+", metavar="IMAGE|DIR|CSV")
    return parser


def _prepare(options: argparse.Namespace) -> tuple[Network, CamFolder | None]:
    """Load the network, and make the folder of its maps where one is wanted."""
    found = devices.report(options.device)
    if found["problem"]:
        raise WeightsError(found["problem"])
    options.device = found["device"]
    network = load_network(options.weights, torch.device(options.device), Home.find(options.home))
    return network, None if options.cam is None else CamFolder(options.cam, network, options.cam_class)


def _fit(stream: TextIO) -> None:
    """Escape what a terminal cannot show; write UTF-8 elsewhere, and names that are not as the bytes that they are."""
    if isinstance(stream, io.TextIOWrapper) and stream.isatty():
        stream.reconfigure(errors="backslashreplace")
    elif isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")
