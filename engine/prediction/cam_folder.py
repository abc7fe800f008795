"""Folder of class-activation maps: for each image a picture, and its numbers as JSON beside it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.files.disk_errors import WriteError
from engine.prediction.class_maps import ClassMapper
from engine.prediction.map_picture import both_pictures, in_numbers, png
from engine.prediction.trained_network import Network

_ODD = re.compile(r"[^\w.-]+", re.ASCII)
LONGEST_STEM = 80


class FolderError(ValueError):
    """Error for a folder that takes no maps: one line that says what to do."""


class CamFolder:
    """New folder with `00001-NAME.png` and `00001-NAME.json` of each image, in the order in which they come."""

    def __init__(self, folder: Path, network: Network, class_name: str | None) -> None:
        """Make the folder; one that is there already must be empty. Raises NoMap, FolderError."""
        self._folder, self._network = folder, network
        self._mapper = ClassMapper(network)
        self._label = None if class_name is None else self._mapper.label_of(class_name)
        self._count = 0
        _make(folder)

    def write(
        self,
        names: Sequence[str],
        images: NDArray[np.uint8],
        predicted: NDArray[np.int64],
        scores: NDArray[np.float32],
    ) -> list[str]:
        """Write the maps of preprocessed images and return the pictures' paths. Raises NoMap, and WriteError."""
        labels = None if self._label is None else [self._label] * len(names)
        pictures = []
        for name, found in zip(names, self._mapper.maps(images, predicted, scores, labels), strict=True):
            self._count += 1
            picture = self._folder / f"{self._count:05}-{file_stem(name)}.png"
            numbers = in_numbers(found, self._network, self._mapper.layer, is_graded=self._mapper.is_graded)
            document = {"image": name, "picture": str(picture), **numbers}
            _write_new(picture, png(both_pictures(found)))
            _write_new(picture.with_suffix(".json"), (json.dumps(document, indent=2) + "\n").encode())
            pictures.append(str(picture))
        return pictures


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
        probe = folder / ".writable"
        if is_empty:
            probe.touch(exist_ok=False)
            probe.unlink()
    except OSError as error:
        raise FolderError(
            f"maps cannot be written into {folder} ({error.strerror}): choose another folder"
        ) from None
    if not is_empty:
        raise FolderError(f"{folder} is not empty: choose a new folder for the maps")


def file_stem(name: str) -> str:
    """Return an image's name without folder and suffix, of letters, digits, dots, dashes and underscores alone."""
    stem = _ODD.sub("_", Path(name).stem.encode("ascii", "replace").decode().replace("?", "_"))
    return stem.strip(".")[:LONGEST_STEM] or "image"


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet; after an error there is none. Raises WriteError."""
    try:
        with path.open("xb") as opened:
            try:
                opened.write(content)
                opened.flush()
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise WriteError(error.errno, error.strerror, str(path)) from error
