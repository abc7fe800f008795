"""Weights as bytes: safetensors with our metadata, and others' .pth files, whose pickles are never run."""

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from engine.files.first_bytes import CURES, kind_of, read_start
from engine.models.torch_files import TorchFileError, is_for_torch, read_torch_file

METADATA_KEY = "resnet_tui"
"""All our metadata is one JSON text under this key: safetensors promises no order of several keys."""

OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""Start of torch's files from before 1.6."""
ZIP = b"PK"
MOST_HEADER_BYTES = 100_000_000
"""Longest header that the safetensors format allows."""
DTYPE_NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
    torch.complex64: "C64",
}  # fmt: skip
"""Names of number types in safetensors' header."""
SAVE_STATE = "save model.state_dict() alone, with torch.save"


class WeightsError(ValueError):
    """Weights that are missing, unreadable or of another network: one line that says what to do."""


def weights_pieces(
    model_state: Mapping[str, Tensor], metadata: Mapping[str, object]
) -> Iterator[bytes | memoryview]:
    """Yield a safetensors file's content: its header, then each tensor, for all at once would take twice the memory of
    the weights. Equal tensors and metadata give equal bytes, those of safetensors' own writer.

    The metadata are JSON values. `apply_weights` reads `class_names`, a list, and `bottleneck_stride`."""
    text = json.dumps(metadata, sort_keys=True, ensure_ascii=False, allow_nan=False)
    header: dict[str, object] = {"__metadata__": {METADATA_KEY: text}}
    tensors = sorted(model_state.items(), key=lambda item: (-item[1].itemsize, item[0]))
    start = 0
    for name, tensor in tensors:
        offsets = [start, start + tensor.nbytes]
        header[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": offsets,
        }
        start = offsets[1]
    content = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    content += b" " * (-len(content) % 8)
    yield len(content).to_bytes(8, "little") + content
    for _, tensor in tensors:
        plain = tensor.detach().cpu().contiguous(memory_format=torch.contiguous_format)
        yield plain.reshape(-1).view(torch.uint8).numpy().data


def read_weights_metadata(path: Path | str) -> dict[str, object]:
    """Return the metadata that `weights_pieces` was given; empty for a safetensors file of another program."""
    path = existing(path)
    try:
        with safe_open(path, framework="pt") as opened:
            entries = opened.metadata() or {}
        metadata = json.loads(entries.get(METADATA_KEY, "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(unreadable(path, error)) from error
    if not isinstance(metadata, dict):
        raise WeightsError(f"{path} is damaged: its metadata is no JSON object")
    return metadata


def read_content(path: Path | str) -> object:
    """Return what a weights file holds, with its tensors on the CPU.

    Its first bytes tell how it is read, not its suffix, and no pickle in it is run. Raises WeightsError."""
    path = existing(path)
    try:
        start = read_start(path)
        if is_safetensors(start):
            return load_file(path)
        if not start.startswith((ZIP, OLD_TORCH)):
            raise WeightsError(no_weights(path, start))
        return _read_torch(path, is_zip=start.startswith(ZIP))
    except WeightsError:
        raise
    except TorchFileError as error:
        raise WeightsError(f"{path} {error}") from error
    except Exception as error:  # a damaged or hostile file may raise anything while it is parsed
        raise WeightsError(unreadable(path, error)) from error


def _read_torch(path: Path, *, is_zip: bool) -> object:
    """Read a torch file with torch's own loader, which refuses all but tensors, else its tensors alone."""
    if not is_for_torch(path, is_zip=is_zip):
        return read_torch_file(path, is_zip=is_zip)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old pickles, in torch's words
            return torch.load(path, "cpu", weights_only=True)
    except PermissionError:
        raise
    except Exception:  # a damaged or hostile file may raise anything while it is parsed
        return read_torch_file(path, is_zip=is_zip)


def read_state(path: Path | str) -> dict[str, Tensor]:
    """Return the tensors of a file that holds a state dict and nothing else. Raises WeightsError."""
    content = read_content(path)
    state: dict[str, Tensor] = {}
    for name, tensor in content.items() if isinstance(content, dict) else ():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise WeightsError(f"{path} holds no state dict: {name!r} is no named tensor")
        state[name] = tensor
    if not state:
        raise WeightsError(f"{path} holds no state dict: {SAVE_STATE}")
    return state


def is_safetensors(start: bytes) -> bool:
    """Tell a safetensors file by its start: the length of a header of JSON, and its first brace."""
    return start[8:9] == b"{" and 2 <= int.from_bytes(start[:8], "little") <= MOST_HEADER_BYTES


def no_weights(path: Path, start: bytes) -> str:
    """Return the error of a file that is no weights file of PyTorch, with what it is."""
    if not start:
        return f"{path} is empty: copy it again"
    kind = kind_of(start)
    if kind is None and path.suffix.lower() == ".onnx":
        kind = "an ONNX model"
    if kind is None and start.startswith(b"\x80"):
        kind = "a pickle that torch did not write, which is never loaded"
    if kind is None:
        return f"{path} is damaged or no weights file of PyTorch: {SAVE_STATE}"
    return f"{path} is no weights file of PyTorch, but {kind}: {CURES.get(kind, SAVE_STATE)}"


def existing(path: Path | str) -> Path:
    """Return the path, once it is known to be a file."""
    if not Path(path).is_file():
        what = f"{path} is a folder" if Path(path).is_dir() else f"no weights file {path}"
        raise WeightsError(f"{what}: give the path of a file, such as .pth, .pt, .ckpt, .bin or .safetensors")
    return Path(path)


def unreadable(path: Path, error: Exception) -> str:
    """One line; torch's own text is left out, for it advises to load the file unsafely."""
    if isinstance(error, PermissionError):
        return f"{path} may not be read: change its permissions"
    if isinstance(error, MemoryError):
        return f"{path} takes more memory than there is"
    return f"{path} is damaged or cut off: copy it again"
