"""Tensors of torch files that hold other things too: their pickles are read and never run."""

import math
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from engine.models.inert_pickle import MOST_BYTES, Inert, Made, Name, PickleError, Stored, read_inert

PICKLE = "/data.pkl"
DTYPES = {
    str(dtype): dtype
    for dtype in (
        torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
        torch.int8, torch.uint8, torch.bool,
    )
}  # fmt: skip
STORAGES = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool, "UntypedStorage": torch.uint8,
}  # fmt: skip
DANGEROUS_MODULES = frozenset(
    ("os", "posix", "nt", "subprocess", "sys", "socket", "shutil", "runpy", "importlib", "pty", "ctypes", "code",
     "webbrowser", "commands")
)  # fmt: skip
"""Modules whose functions no weights need; nothing is ever called, but such a file is worth a word."""
DANGEROUS_NAMES = frozenset(("eval", "exec", "execfile", "compile", "open", "__import__", "apply"))
"""Functions of Python itself that no weights need."""


class TorchFileError(ValueError):
    """Error of a torch file, in the words that follow its name."""


@dataclass(frozen=True, eq=False)
class Foreign:
    """Content of a file that is no tensor, dict, list or plain value; `name` is its class or function."""

    name: str
    is_module: bool
    """Whether it is a whole network."""


def read_torch_file(path: Path, *, is_zip: bool) -> object:
    """Return what a torch file holds, with tensors on the CPU; all that is foreign is inert.

    Files from before torch 1.6 are no archives. Raises TorchFileError."""
    try:
        return _read_archive(path) if is_zip else _read_old(path)
    except PickleError as error:
        raise TorchFileError(f"is damaged: {error}") from error
    except TorchFileError:
        raise
    except (
        zipfile.BadZipFile, OSError, ValueError, TypeError, RuntimeError, KeyError, NotImplementedError, struct.error,
    ) as error:  # fmt: skip
        raise TorchFileError("is damaged or cut off: copy it again") from error


def is_for_torch(path: Path, *, is_zip: bool) -> bool:
    """Tell whether torch's own loader may be tried on a file: it would follow shared objects without end, and takes all
    old files for those of little-endian machines."""
    try:
        if is_zip:
            with zipfile.ZipFile(path) as archive:
                return read_inert(_pickle_in(archive)).is_small
        with path.open("rb") as file:
            return _old_content(file).is_small
    except PermissionError:
        raise
    except Exception:  # a damaged or hostile file may raise anything; to read it then says what is wrong
        return False


def _pickle_in(archive: zipfile.ZipFile) -> bytes:
    """Return an archive's pickle, which torch reads compressed too."""
    found = archive.getinfo(root_of(archive) + PICKLE)
    return archive.read(found) if found.file_size <= MOST_BYTES else b""


def _read_archive(path: Path) -> object:
    with zipfile.ZipFile(path) as archive:
        root = root_of(archive)
        found = read_inert(_member(archive, root + PICKLE))
        _refuse_dangerous(found.names)
        is_swapped = _byte_order(archive, root) != sys.byteorder
        return _Reader(lambda key: _member(archive, f"{root}/data/{key}"), is_swapped).read(found.content)


def _byte_order(archive: zipfile.ZipFile, root: str) -> str:
    """Return the order of the bytes in the archive's numbers; torch before 2.1 does not write it."""
    name = f"{root}/byteorder"
    order = _member(archive, name) if name in archive.namelist() else b"little"
    if order not in (b"little", b"big"):
        raise TorchFileError("is damaged: its byte order is neither little nor big")
    return order.decode()


def _read_old(path: Path) -> object:
    """Read a file from before torch 1.6: pickles of versions, the content and the storages' keys, then their bytes."""
    with path.open("rb") as file:
        found, keys = _old_content(file), read_inert(file).content
        _refuse_dangerous(found.names)
        sizes = {key: dtype.itemsize for key, dtype in map(_storage_of, found.stored) if dtype is not None}
        stored = _stored_bytes(file, keys, sizes, path.stat().st_size)
        return _Reader(stored.__getitem__, sys.byteorder != "little").read(found.content)


def _old_content(file: BinaryIO) -> Inert:
    """Return an old file's content, which lies behind its magic number, version and machine.

    Some versions of torch wrote the numbers of a big-endian machine in its order, others did not, and none says so."""
    _, _, machine = (read_inert(file).content for _ in range(3))
    if isinstance(machine, dict) and machine.get("little_endian", True) is not True:
        raise TorchFileError(
            "comes from a big-endian machine and a torch before 1.6: load it there, and save it with a newer torch"
        )
    return read_inert(file)


def _stored_bytes(
    file: BinaryIO, keys: object, sizes: Mapping[str, int], file_bytes: int
) -> dict[str, bytes]:
    """Read the storages behind an old file's pickles: each is its number of elements, then these."""
    stored = {}
    for key in keys if isinstance(keys, list) else ():
        (count,) = struct.unpack("<q", file.read(8))
        wanted = count * sizes[key]
        if not 0 <= wanted <= file_bytes - file.tell():
            raise TorchFileError("is cut off: copy it again")
        stored[key] = file.read(wanted)
    return stored


def _storage_of(stored: Stored) -> tuple[str, torch.dtype | None]:
    """Return a storage's key and number type; no type for what is none, or is a part of another."""
    match stored.id:
        case "storage", Name(name=name), str(key), _, _:
            return key, STORAGES.get(name)
        case "storage", Name(name=name), str(key), _, _, None:
            return key, STORAGES.get(name)
    return "", None


def root_of(archive: zipfile.ZipFile) -> str:
    """Return the folder in the archive that holds the pickle. Raises TorchFileError for archives of another kind."""
    names = archive.namelist()
    roots = [name.removesuffix(PICKLE) for name in names if name.endswith(PICKLE) and name.count("/") == 1]
    if any(name.endswith("/constants.pkl") for name in names):
        raise TorchFileError("is a TorchScript archive, which is a program: save model.state_dict() instead")
    if any(name.endswith(("model.weights.h5", "variables.h5")) for name in names):
        raise TorchFileError("is a Keras model: only weights of PyTorch are read")
    if any(name.endswith((".pt2", "archive_format", "models/model.json")) for name in names):
        raise TorchFileError("is an exported program: save model.state_dict() instead")
    if any(name.endswith(".npy") for name in names):
        raise TorchFileError("is an array file of NumPy: save model.state_dict() with torch.save instead")
    if len(roots) != 1:
        raise TorchFileError(
            "is a zip archive without weights of PyTorch: unpack it, and give the file in it"
        )
    return roots[0]


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member's bytes; torch never compresses, so none can grow beyond the file."""
    found = archive.getinfo(name)
    if found.compress_type != zipfile.ZIP_STORED:
        raise TorchFileError("is no file of torch: its archive is compressed")
    return archive.read(found)


def _refuse_dangerous(names: Sequence[Name]) -> None:
    for each in names:
        of_python = each.module in ("builtins", "__builtin__") and each.name in DANGEROUS_NAMES
        if of_python or each.module in DANGEROUS_MODULES:
            raise TorchFileError(
                f"would call {each} where it is loaded without care: it is no plain weights file, do not load it"
            )


class _Reader:
    """Turns an inert pickle into dicts, lists, plain values and tensors."""

    def __init__(self, storage: Callable[[str], bytes], is_swapped: bool) -> None:
        self._storage = storage
        self._is_swapped = is_swapped
        """Whether the bytes of each number lie in the other order than this machine's."""
        self._done: dict[int, object] = {}
        """Result for each object, by its id: a pickle may name one many times."""
        self._bytes: dict[tuple[str, torch.dtype], Tensor] = {}

    def read(self, value: object, depth: int = 0) -> object:
        """Return a value without what only running the pickle would make."""
        if id(value) in self._done:
            return self._done[id(value)]
        found = self._read(value, depth) if depth <= 16 else Foreign("too deep", False)
        self._done[id(value)] = found
        return found

    def _read(self, value: object, depth: int) -> object:
        match value:
            case dict():
                return {key: self.read(each, depth + 1) for key, each in value.items()}
            case list() | tuple():
                return [self.read(each, depth + 1) for each in value]
            case Made():
                tensor = self._tensor(value.call, value.arguments)
                if tensor is None and value.entries:
                    return {key: self.read(each, depth + 1) for key, each in value.entries.items()}
                return tensor if tensor is not None else Foreign(_name_of(value), _is_module(value))
            case Name():
                return Foreign(str(value), False)
            case Stored():
                return Foreign("a storage", False)
            case _:
                return value

    def _tensor(self, call: object, arguments: object) -> Tensor | None:
        """Return the tensor that one of torch's own functions would rebuild; None for any other call."""
        match _text_of(call), arguments:
            case "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor", (
                Stored() as storage, int(offset), size, stride, *_,
            ):  # fmt: skip
                return self._view(storage, offset, size, stride, _storage_of(storage)[1])
            case "torch._utils._rebuild_tensor_v3", (
                Stored() as storage, int(offset), size, stride, _, _, dtype, *_,
            ):  # fmt: skip
                return self._view(storage, offset, size, stride, DTYPES.get(_text_of(dtype)))
            case (
                "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state",
                (Made() as data, *_),
            ):
                return self._tensor(data.call, data.arguments)
            case "torch._tensor._rebuild_from_type_v2", (call, _, arguments, *_):
                return self._tensor(call, arguments)
        return None

    def _view(
        self, storage: Stored, offset: int, size: object, stride: object, dtype: torch.dtype | None
    ) -> Tensor | None:
        key, own = _storage_of(storage)
        sizes, strides = _whole_numbers(size), _whole_numbers(stride)
        if own is None or dtype is None or sizes is None or strides is None:
            return None
        if math.prod(sizes) == 0:
            return torch.empty(sizes, dtype=dtype)
        if (key, dtype) not in self._bytes:
            self._bytes[key, dtype] = self._numbers(key, dtype)
        return self._bytes[key, dtype].as_strided(sizes, strides, offset)

    def _numbers(self, key: str, dtype: torch.dtype) -> Tensor:
        """Return a storage's numbers in this machine's order."""
        whole = torch.frombuffer(bytearray(self._storage(key)), dtype=torch.uint8)
        if self._is_swapped:
            whole = whole.view(-1, dtype.itemsize).flip(1).flatten()
        return whole.view(dtype)


def _text_of(value: object) -> str:
    """Return a name in full; empty for all else, of which only a part may be written out, for parts may be shared."""
    return str(value) if isinstance(value, Name) else ""


def _whole_numbers(value: object) -> list[int] | None:
    """Return sizes or strides; None where they are none."""
    if isinstance(value, Made) and isinstance(value.arguments, tuple) and value.arguments:  # torch.Size
        value = value.arguments[0]
    if not isinstance(value, (list, tuple)) or not all(type(each) is int and each >= 0 for each in value):
        return None
    return list(value)


def _name_of(made: Made) -> str:
    """Return the class of an object; that of `copyreg._reconstructor` is its first argument."""
    call, arguments = made.call, made.arguments
    if (
        isinstance(call, Name)
        and call.module in ("copyreg", "copy_reg")
        and isinstance(arguments, (list, tuple))
    ):
        call = arguments[0] if arguments else call
    return _text_of(call) or "an object"


def _is_module(made: Made) -> bool:
    return isinstance(made.state, dict) and "_modules" in made.state and "_parameters" in made.state
