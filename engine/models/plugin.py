"""Networks that a user's own file makes: `FILE.py:FUNCTION`, a function of the number of classes.

`python -m engine.models.plugin` builds some and runs an image through each; it runs the user's code."""

import argparse
import contextlib
import hashlib
import json
import random
import sys
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.models.layers import BuiltModel, LayersError, find_layers, probe_images
from engine.spec.plugin_name import PluginName


class PluginError(ValueError):
    """Error of a plug-in that makes no network that can be trained: one line that says what to do."""


def file_sha256(path: Path) -> str:
    """Raises PluginError."""
    return hashlib.sha256(_read(path)).hexdigest()


def build_plugin(path: Path, function: str, num_classes: int, image_size_px: int, seed: int) -> BuiltModel:
    """Return the network, its weights drawn from the seed alone, and its layers. Raises PluginError."""
    source = _read(path)
    sha256 = hashlib.sha256(source).hexdigest()
    make = _function(path, function, source, sha256)
    with _seeded(seed), torch.device("cpu"):
        with _own_code(path, f"{function} raised"):
            model = make(num_classes)
        if not isinstance(model, nn.Module):
            raise PluginError(
                f"{path}: {function} returns {type(model).__name__}: it must return a torch.nn.Module"
            )
        model = model.cpu()
        try:
            with (
                torch.no_grad(),
                _own_code(path, f"the network of {function} takes no {image_size_px} px image"),
            ):
                layers = find_layers(model, num_classes, image_size_px)
        except LayersError as error:
            raise PluginError(f"{path}: the network of {function} {error}") from None
    arch = str(PluginName(path.name, function))
    return BuiltModel(arch, model, layers, bottleneck_stride=None, plugin_sha256=sha256)


def check_training(built: BuiltModel, path: Path, function: str, images: int, image_size_px: int) -> None:
    """Run so many images through the network in training mode; its BatchNorm statistics are of no use afterwards.
    Raises PluginError."""
    with torch.no_grad(), _own_code(path, f"the network of {function} trains on no batch of {images}"):
        output = built.model.train()(probe_images(images, image_size_px))
    if not isinstance(output, Tensor):
        raise PluginError(
            f"{path}: the network of {function} returns {type(output).__name__} in training mode: "
            "return the logits alone"
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PluginError(
            f"{path} cannot be read ({error.strerror}): give arch as FILE.py:FUNCTION, from the home or absolute"
        ) from error


def _function(path: Path, function: str, source: bytes, sha256: str) -> Callable[[int], object]:
    """Return the file's function. The file is run as a module of its own, so that the bytes hashed are those run."""
    module = types.ModuleType(f"resnet_tui_plugin_{sha256}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    with _own_code(path, "the file raised"):
        exec(compile(source, str(path), "exec"), module.__dict__)
    found: Callable[[int], object] | None = getattr(module, function, None)
    if not callable(found):
        raise PluginError(f"{path} has no function {function}: name one that takes the number of classes")
    return found


@contextlib.contextmanager
def _own_code(path: Path, what: str) -> Iterator[None]:
    """Turn any error of the user's code into a PluginError, and send what it prints to standard error."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (LayersError, MemoryError, torch.OutOfMemoryError):
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == str(path)), None)
        where = f"{path}, line {line}" if line is not None else str(path)
        reason = next(iter(str(error).splitlines()), "")
        raise PluginError(f"{where}: {what}: {type(error).__name__}: {reason}".rstrip(": ")) from error


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the random numbers of torch, NumPy and Python inside the context; restore their states afterwards."""
    python, numbers = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numbers)


def problem_of(path: str, function: str, num_classes: int, image_size_px: int, images: int) -> str | None:
    """Return why a plug-in cannot be trained, in one line; None if it can."""
    try:
        built = build_plugin(Path(path), function, num_classes, image_size_px, seed=0)
        check_training(built, Path(path), function, images, image_size_px)
    except (PluginError, MemoryError, torch.OutOfMemoryError) as error:
        return str(error) or type(error).__name__
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is wrong with each plug-in, or null, as one JSON document."""
    parser = argparse.ArgumentParser(prog="python -m engine.models.plugin", description=__doc__)
    parser.add_argument(
        "wanted",
        nargs="+",
        metavar="JSON",
        help="an object with path, function, num_classes, image_size_px and images, the smallest batch",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    problems = [problem_of(**json.loads(each)) for each in options.wanted]
    print(json.dumps({"problems": problems}) if options.json else "\n".join(map(str, problems)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
