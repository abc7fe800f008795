"""Torchvision's ImageNet weights: which file each network needs, where it lies, and how it gets there."""

import argparse
import contextlib
import json
import socket
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor

from engine.models.weight_files import WeightsError, read_state
from engine.spec.pretrained import IMAGENET_WORDS, SOURCE_WORDS

DOWNLOAD_TIMEOUT_S = 10.0
PROBE_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class ImagenetFile:
    """Weights of one network; `folder` is torch.hub's."""

    arch: str
    pretrained: str
    name: str
    folder: str
    present: bool
    reachable: bool | None = None
    """Could it be downloaded now? None where nobody has tried."""


def imagenet_weights(arch: str, source: str) -> Any:
    """Torchvision's entry: its best for `imagenet`, else the version named. Raises WeightsError."""
    from torchvision.models import get_model_weights

    if source not in IMAGENET_WORDS:
        raise WeightsError(f"{source} is no version of ImageNet weights: choose {', '.join(IMAGENET_WORDS)}")
    versions = get_model_weights(arch)
    version = SOURCE_WORDS[source].version
    found = getattr(versions, "DEFAULT" if version is None else f"IMAGENET1K_{version.upper()}", None)
    if found is None:
        raise WeightsError(f"torchvision has no {source} weights for {arch}: choose imagenet or imagenet-v1")
    return found


def imagenet_file(arch: str, source: str) -> ImagenetFile:
    """Return the path at which the weights' file is looked for."""
    name = Path(urlparse(imagenet_weights(arch, source).url).path).name
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return ImagenetFile(arch, source, name, str(folder), (folder / name).is_file())


def imagenet_state(arch: str, source: str) -> tuple[str, dict[str, Tensor]]:
    """Return the weights and their file's name: from torch.hub's folder, else downloaded into it.

    Raises WeightsError, saying where to put which file."""
    file = imagenet_file(arch, source)
    if file.present:
        return file.name, read_state(Path(file.folder, file.name))
    try:
        with short_timeout(), contextlib.redirect_stdout(sys.stderr):
            state = imagenet_weights(arch, source).get_state_dict(
                progress=False, check_hash=True, weights_only=True
            )
    except (OSError, HTTPException, RuntimeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise WeightsError(
            f"no ImageNet weights for {arch}: put {file.name} into {file.folder} (the download failed: {reason})"
        ) from error
    return file.name, dict(state)


@contextlib.contextmanager
def short_timeout() -> Iterator[None]:
    """Sockets opened inside give up after DOWNLOAD_TIMEOUT_S without an answer."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def is_reachable(url: str) -> bool:
    """Does a server answer for this file? Nothing is downloaded."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=PROBE_TIMEOUT_S):
            return True
    except (OSError, HTTPException, ValueError):
        return False


def probed(arch: str, source: str) -> ImagenetFile:
    """Return the file, and where it is missing whether it could be downloaded."""
    file = imagenet_file(arch, source)
    if file.present:
        return file
    url = imagenet_weights(arch, source).url
    return ImagenetFile(**{**asdict(file), "reachable": is_reachable(url)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the files that networks need; 2 for a network or version that does not exist."""
    parser = argparse.ArgumentParser(prog="python -m engine.models.imagenet", description=__doc__)
    parser.add_argument(
        "wanted", nargs="+", metavar="ARCH:VERSION", help=f"VERSION is {', '.join(IMAGENET_WORDS)}"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    try:
        files = [probed(*each.split(":", 1)) for each in options.wanted]
    except (WeightsError, KeyError, TypeError, ValueError) as error:
        print(f"give ARCH:VERSION, such as resnet18:imagenet ({error})", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"files": [asdict(file) for file in files]}))
    else:
        for file in files:
            print(f"{file.name}  {'is' if file.present else 'is not'} in {file.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
