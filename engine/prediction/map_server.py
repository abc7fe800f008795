"""`python -m engine.prediction.map_server`: class-activation maps of one run's images, for as long as they are wanted.

Requests come to standard input, one JSON object a line: `image`, a path, or a row `row` of the built-in set; `class`,
the number of a class, or null for the predicted one. Each is answered by one line on standard output: the pictures as
base64 of PNG, and the map in numbers; or `problem`, why there is none. The first line tells the layer. It ends when its
input does. Exit code 2: no maps can be made, for the reason in the last line of standard error."""

import argparse
import base64
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import torch
from numpy.typing import NDArray

from engine.datasets.builtin import BUILTIN_NAMES, builtin_reader
from engine.datasets.layouts import DataError
from engine.datasets.pixels.decode import decode, shown
from engine.files.paths import Home
from engine.hardware import device_choice as devices
from engine.models.plugin import PluginError
from engine.models.weight_files import WeightsError
from engine.prediction.class_maps import ClassMapper
from engine.prediction.map_layer import NoMap
from engine.prediction.map_picture import in_numbers, map_picture, png, seen_picture
from engine.prediction.trained_network import Network, load_network
from engine.text import plain
from engine.training.out_of_memory import is_out_of_memory


class MapServer:
    """Network of one run with its mapper."""

    def __init__(self, network: Network, builtin: str | None) -> None:
        """Raises NoMap."""
        self._network, self.mapper = network, ClassMapper(network)
        self._draw: Callable[[int], NDArray[np.uint8]] | None = (
            None if builtin is None else builtin_reader(builtin, network.look.size_px)
        )

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the map that is asked for, or `problem`."""
        try:
            images = self._pixels(request)[None]
            predicted, scores = self._network.predict(images)
            label = request.get("class")
            labels = None if label is None or self.mapper.is_graded else [int(label)]
            found = self.mapper.maps(images, predicted, scores, labels)[0]
        except (DataError, NoMap) as problem:
            return {"problem": plain(problem)}
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, RuntimeError) and not is_out_of_memory(error):
                raise
            return {"problem": "there is too little memory for a map"}
        numbers = in_numbers(found, self._network, self.mapper.layer, is_graded=self.mapper.is_graded)
        pictures = {"map_png": map_picture(found), "seen_png": seen_picture(found)}
        coded = {name: base64.b64encode(png(each)).decode() for name, each in pictures.items()}
        return {**numbers, **coded}

    def _pixels(self, request: dict[str, Any]) -> NDArray[np.uint8]:
        if self._draw is not None:
            return shown(self._draw(int(request["row"])), self._network.look)
        return decode(Path(), str(request["image"]), self._network.look)


def serve(server: MapServer, requests: TextIO, answers: TextIO) -> None:
    layer = server.mapper.layer
    print(json.dumps({"layer": layer.name, "grid": list(layer.grid)}), file=answers, flush=True)
    for line in requests:
        print(json.dumps(server.answer(json.loads(line))), file=answers, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.prediction.map_server", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="a run's best.safetensors")
    parser.add_argument("--home", type=Path, help="where a plug-in's path starts; else here")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--builtin", choices=BUILTIN_NAMES, help="the run's data, where they are built in")
    options = parser.parse_args(arguments)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a plug-in prints goes to standard error
    found = devices.report(options.device)
    try:
        if found["problem"]:
            raise WeightsError(found["problem"])
        network = load_network(options.weights, torch.device(found["device"]), Home.find(options.home))
        serve(MapServer(network, options.builtin), sys.stdin, answers)
    except (WeightsError, PluginError, NoMap) as error:
        print(plain(error), file=sys.stderr)
        return 2
    except (BrokenPipeError, KeyboardInterrupt):
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
