"""Tensors of a torch file (torch ≥ 1.6) that holds other things too: its pickle is read and never run."""

import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.models.inert_pickle import Made, Name, PickleError, Stored, read_inert

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
    """What a file holds that is no tensor, dict, list or plain value; `name` is its class or function."""

    name: str
    is_module: bool
    """Whether it is a whole network."""


def read_torch_zip(path: Path) -> object:
    """Return what a torch file holds, with tensors on the CPU; all that is foreign is inert. Raises TorchFileError."""
    try:
        with zipfile.ZipFile(path) as archive:
            root = root_of(archive)
            content, names = read_inert(_member(archive, root + PICKLE))
            _refuse_dangerous(names)
            return _Reader(archive, root).read(content)
    except PickleError as error:
        raise TorchFileError(f"is damaged: {error}") from error
    except TorchFileError:
        raise
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        raise TorchFileError("is damaged or cut off: copy it again") from error


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

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        self._archive, self._root = archive, root
        self._done: dict[int, object] = {}
        """What was made of each object, by its id: a pickle may name one many times."""
        self._bytes: dict[str, Tensor] = {}

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
            case Name() | Stored():
                return Foreign(str(value), False)
            case _:
                return value

    def _tensor(self, call: object, arguments: object) -> Tensor | None:
        """Return the tensor that one of torch's own functions would rebuild; None for any other call."""
        match str(call), arguments:
            case "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor", (
                Stored() as storage, int(offset), size, stride, *_,
            ):  # fmt: skip
                return self._view(storage, offset, size, stride, None)
            case "torch._utils._rebuild_tensor_v3", (
                Stored() as storage, int(offset), size, stride, _, _, dtype, *_,
            ):  # fmt: skip
                return self._view(storage, offset, size, stride, DTYPES.get(str(dtype)))
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
        match storage.id:
            case "storage", Name(name=name), str(key), *_:
                own = STORAGES.get(name)
            case _:
                return None
        sizes, strides = _whole_numbers(size), _whole_numbers(stride)
        wanted = dtype or own
        if own is None or wanted is None or sizes is None or strides is None:
            return None
        if key not in self._bytes:
            content = bytearray(_member(self._archive, f"{self._root}/data/{key}"))
            self._bytes[key] = torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0)
        whole = self._bytes[key]
        if math.prod(sizes) == 0:
            return torch.empty(sizes, dtype=wanted)
        return whole.view(wanted).as_strided(sizes, strides, offset)


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
    return str(call) if isinstance(call, Name) else "an object"


def _is_module(made: Made) -> bool:
    return isinstance(made.state, dict) and "_modules" in made.state and "_parameters" in made.state
