"""Weights files that would run code where they are loaded without care, and damaged ones."""

import argparse
import functools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.models.found_states import find_states
from engine.models.weight_files import WeightsError, read_content


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
