"""Weights files that would run code where they are loaded without care, and damaged ones."""

import argparse
import functools
import os
import pickle
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from weight_states import small_state

from engine.models import found_states
from engine.models.found_states import find_states
from engine.models.weight_check import check
from engine.models.weight_files import WeightsError, read_content
from engine.models.weights import read_weights
from tests.support.forking import run_forked


class Runs:
    """Leaves a trace where a careless loader unpickles it."""

    def __init__(self, call: object, *arguments: object) -> None:
        self.reduced = call, arguments

    def __reduce__(self) -> Any:
        return self.reduced


def hostile(trace: Path) -> list[object]:
    """Objects that leave a trace, directly, through a harmless function, and through objects that torch knows."""
    command, code = f"touch {trace}", f"open({str(trace)!r}, 'w').close()"
    return [
        Runs(os.system, command),
        Runs(exec, code),
        Runs(eval, code),
        Runs(functools.partial, os.system, command),
        Runs(map, os.mkdir, [str(trace)]),
        Runs(getattr, Runs(__import__, "os"), "system"),
        Runs(Path.touch, trace),
        Runs(np.save, str(trace), 1),
    ]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("number", range(8))
def test_nothing_in_a_pickle_is_ever_called(tmp_path: Path, number: int, zipped: bool) -> None:
    trace = tmp_path / "trace"
    for content in (
        hostile(trace)[number],
        {"model": {"conv1.weight": torch.ones(2)}, "args": hostile(trace)[number]},
    ):
        torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
        try:
            read_content(tmp_path / "a.pth")
        except WeightsError as error:
            assert "\n" not in str(error)
    assert not trace.exists() and not list(tmp_path.glob("trace*"))


@pytest.mark.parametrize("zipped", [True, False])
def test_damaged_files_are_refused_in_one_line_or_read(tmp_path: Path, zipped: bool) -> None:
    dice = np.random.default_rng(0)
    content_of = {"args": argparse.Namespace(a=1), "x": {"a.b": torch.ones(3)}}
    torch.save(content_of, tmp_path / "whole.pth", _use_new_zipfile_serialization=zipped)
    content = (tmp_path / "whole.pth").read_bytes()
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        for place in dice.integers(0, len(content), 3):
            damaged[place] = dice.integers(0, 256)
        (tmp_path / "a.pth").write_bytes(bytes(damaged[: int(dice.integers(1, len(content) * 2))]))
        try:
            find_states(read_content(tmp_path / "a.pth"), "a.pth")
        except WeightsError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 100


def archive(path: Path, pickled: bytes, **members: bytes) -> Path:
    """Write a torch archive with a pickle and other members of one's own."""
    with zipfile.ZipFile(path, "w") as opened:
        for name, content in {"data.pkl": pickled, "version": b"3", **members}.items():
            opened.writestr(f"a/{name}", content)
    return path


def doubled(value: object, times: int = 60, copies: int = 2) -> object:
    """A value in lists of itself: few bytes in a pickle, endless when each is followed or written out."""
    for _ in range(times):
        value = [value] * copies
    return value


def in_tuples(value: object, times: int = 60) -> object:
    for _ in range(times):
        value = (value, value)
    return value


def read_apart(path: Path) -> str:
    """Read a file in a process of its own, whose time and memory are bounded; return how it ended, in one line."""
    done = run_forked([sys.executable, "-m", "tests.support.read_weights", str(path)], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


NO_STATE = "holds no state dict: save model.state_dict() alone, with torch.save"
SHARED = {
    "lists": {"x": doubled(1, 7, 64)},
    "tuples": {"x": in_tuples(1)},
    "dicts": {"x": functools.reduce(lambda inner, _: dict.fromkeys(range(64), inner), range(6), {})},
}
"""Contents of a few kilobytes with billions of ways through them."""


@pytest.mark.parametrize("other", [None, argparse.Namespace(a=1)])
@pytest.mark.parametrize("shape", SHARED)
def test_shared_objects_are_visited_once(
    tmp_path: Path, shape: str, other: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    visited: list[int] = []
    items_of = found_states._items

    def counted(value: object) -> list[tuple[object, object]]:
        visited.append(id(value))
        assert len(visited) < 1000, "one object is visited again and again"
        return items_of(value)

    monkeypatch.setattr(found_states, "_items", counted)
    content = {"args": other, **SHARED[shape], "model": {"conv1.weight": torch.ones(2)}}
    torch.save(content, tmp_path / "a.pth")
    (found,) = find_states(read_content(tmp_path / "a.pth"), "a.pth")
    assert found.keys == ("model",) and len(visited) == len(set(visited))


def test_one_state_dict_under_two_keys_is_one(tmp_path: Path) -> None:
    state = {"conv1.weight": torch.ones(2)}
    torch.save({"model": state, "state_dict": state}, tmp_path / "a.pth")
    (found,) = find_states(read_content(tmp_path / "a.pth"), "a.pth")
    assert found.keys == ("model",)


def test_a_search_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_states, "MOST_VISITED", 100)
    with pytest.raises(WeightsError, match=r"^a.pth holds more than 100 dicts and lists: save model"):
        find_states({number: {} for number in range(101)}, "a.pth")


CALL, NAMED, STORED = b")R.", b"X\x01\0\0\0a\x93.", b"Q."
"""Ends of pickles: the value before is called, is the module of a name, lies outside the pickle."""


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (CALL, NO_STATE),
        (NAMED, "is damaged: its pickle has a class or function without a name"),
        (STORED, NO_STATE),
    ],
)
@pytest.mark.parametrize("nested", [doubled, in_tuples])
def test_containers_are_never_written_out(
    tmp_path: Path, nested: Callable[[object], object], end: bytes, says: str
) -> None:
    pickled = pickle.dumps(nested("x"), 2).removesuffix(b".") + end
    assert read_apart(archive(tmp_path / "a.pth", pickled)) == says


def test_a_tensors_number_type_is_never_written_out(tmp_path: Path) -> None:
    def rebuilt(dtype: object) -> bytes:
        """A pickle of a dict of a tensor of two numbers."""
        pickled = pickle.dumps(((), 0, (2,), (1,), False, {}, dtype), 2).removeprefix(b"\x80\x02(")
        storage = pickle.dumps(("storage", torch.UntypedStorage, "0", "cpu", 8), 2)[2:-1] + b"Q"
        tensor = b"ctorch._utils\n_rebuild_tensor_v3\n(" + storage + pickled.removeprefix(b")")
        return b"\x80\x02}X\x01\0\0\0w" + tensor.removesuffix(b".") + b"RsX\x01\0\0\0acbuiltins\nslice\ns."

    members = {"data/0": np.ones(2, np.float32).tobytes()}
    path = archive(tmp_path / "a.pth", rebuilt(torch.float32), **members)
    (found,) = find_states(read_content(path), "a.pth")
    assert found.tensors["w"].tolist() == [1, 1]
    assert read_apart(archive(path, rebuilt(torch.uint16), **members)) == NO_STATE
    assert read_apart(archive(path, rebuilt(doubled("x")), **members)) == NO_STATE


def test_a_dict_that_is_copied_again_and_again_is_refused(tmp_path: Path) -> None:
    copy = b"ccollections\nOrderedDict\nh\x01\x85R0"
    pickled = pickle.dumps(dict.fromkeys(range(1000)), 2).removesuffix(b".") + b"q\x01" + copy * 1000 + b"."
    with pytest.raises(WeightsError, match="is damaged: its pickle copies a dict again and again$"):
        read_content(archive(tmp_path / "a.pth", pickled))


def test_keys_with_shared_parts_are_left_out(tmp_path: Path) -> None:
    torch.save({"model": {"conv1.weight": torch.ones(2)}, "KEY": 1}, tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth") as whole:
        pickled, numbers = whole.read("a/data.pkl"), whole.read("a/data/0")
    key = pickle.dumps(in_tuples("x"), 2)[2:-1]
    assert b"X\x03\0\0\0KEY" in pickled
    changed = pickled.replace(b"X\x03\0\0\0KEY", key)
    assert read_apart(archive(tmp_path / "b.pth", changed, **{"data/0": numbers})) == "[('model',)]"


@pytest.mark.parametrize("module", ["os\nimport", "\x1b[2Jos"])
def test_names_cannot_break_a_line(tmp_path: Path, module: str) -> None:
    pickled = pickle.dumps(module, 2).removesuffix(b".") + NAMED
    with pytest.raises(WeightsError, match="without a name$"):
        read_content(archive(tmp_path / "a.pth", pickled))


@pytest.mark.parametrize("other", [None, argparse.Namespace(a=1)])
@pytest.mark.parametrize("order", ["little", "big", "absent"])
def test_numbers_are_read_in_their_byte_order(tmp_path: Path, order: str, other: object) -> None:
    tensors = {
        "f32": torch.arange(6.0).view(2, 3).t(), "f64": torch.rand(3).double(), "half": torch.rand(5).half()[2:],
        "bf16": torch.rand(5).bfloat16(), "i64": torch.arange(4), "i16": torch.arange(4).short(),
        "bytes": torch.arange(3).byte(), "flags": torch.tensor([True, False]),
    }  # fmt: skip
    torch.save({"model": tensors, "args": other}, tmp_path / "a.pth")
    sizes = {str(number): tensor.itemsize for number, tensor in enumerate(tensors.values())}
    with zipfile.ZipFile(tmp_path / "a.pth") as old, zipfile.ZipFile(tmp_path / "b.pth", "w") as new:
        for name in old.namelist():
            content, (*_, folder, last) = old.read(name), name.split("/")
            if folder == "data" and order == "big":
                content = np.frombuffer(content, f"u{sizes[last]}").byteswap().tobytes()
            if last == "byteorder":
                content = order.encode()
            if last != "byteorder" or order != "absent":
                new.writestr(name, content)
    read = read_content(tmp_path / "b.pth")
    assert isinstance(read, dict)
    for name, tensor in tensors.items():
        assert read["model"][name].dtype == tensor.dtype and torch.equal(read["model"][name], tensor), name


def test_an_unknown_byte_order_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="its byte order is neither little nor big$"):
        read_content(archive(tmp_path / "a.pth", pickle.dumps({}, 2), byteorder=b"middle"))


@pytest.mark.parametrize("other", [None, argparse.Namespace(a=1)])
def test_old_files_of_big_endian_machines_are_refused(tmp_path: Path, other: object) -> None:
    content = {"model": {"conv1.weight": torch.ones(2)}, "args": other}
    torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    written = (tmp_path / "a.pth").read_bytes()
    (place,) = [match.end() for match in re.finditer(rb"little_endianq.", written)]
    assert written[place : place + 1] == b"\x88"
    (tmp_path / "a.pth").write_bytes(written[:place] + b"\x89" + written[place + 1 :])
    with pytest.raises(WeightsError, match=r"comes from a big-endian machine .* save it with a newer torch$"):
        read_content(tmp_path / "a.pth")


def wanted_of(path: Path, class_names: list[str] | None) -> dict[str, object]:
    return {
        "path": str(path), "name": path.name, "arch": "resnet18", "stem": "imagenet", "image_size": 64,
        "plugin_file": None, "outputs": 5, "class_names": class_names,
    }  # fmt: skip


HEADS = {
    "huge": torch.zeros(1, dtype=torch.float16).expand(10**7, 10**6),
    "many outputs": torch.zeros(1, dtype=torch.float16).expand(10**10, 512),
    "overlapping": torch.zeros(10**4, dtype=torch.float16).as_strided((9000, 512), (1, 1)),
    "other inputs": torch.zeros(5, 7),
    "scalar": torch.tensor(1.0),
    "sparse": torch.zeros(5, 512).to_sparse(),
    "whole numbers": torch.zeros(5, 512, dtype=torch.int8),
    "without numbers": torch.empty(10**7, 10**6, device="meta"),
}


@pytest.mark.parametrize("head", HEADS)
def test_a_head_of_another_form_is_left(tmp_path: Path, head: str) -> None:
    torch.save({**small_state(), "fc.weight": HEADS[head]}, tmp_path / "a.pth")
    weights = read_weights(str(tmp_path / "a.pth"), arch="resnet18")
    assert weights is not None and weights.fit is not None
    assert "fc.weight" not in weights.fit.state and "left: fc.weight" in weights.fit.left
    assert check(wanted_of(tmp_path / "a.pth", None)) == (None, None)
    problem, _ = check(wanted_of(tmp_path / "a.pth", list("abcde")))
    assert problem is not None and problem.startswith("epochs 0 only evaluates") and "\n" not in problem


def test_a_body_without_numbers_is_refused_in_one_line(tmp_path: Path) -> None:
    state = {name: tensor.to("meta") for name, tensor in small_state().items()}
    torch.save(state, tmp_path / "a.pth")
    problem, _ = check(wanted_of(tmp_path / "a.pth", None))
    assert (
        problem == "a.pth holds tensors that cannot be read into memory: save model.state_dict() from the CPU"
    )
