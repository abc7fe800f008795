"""Arrays that take seconds to make, made by one of the processes that test side by side."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[], dict[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Return the arrays of `make`: the first process to ask calls it, the others wait and read its file."""
    own = tmp_path_factory.getbasetemp()
    path = shared_folder(own) / f"{name}.npz"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            np.savez(path.with_suffix(".new.npz"), **make())  # type: ignore[arg-type]
            path.with_suffix(".new.npz").rename(path)
    with np.load(path) as made:
        return dict(made)


def shared_folder(own: Path) -> Path:
    """The folder of a whole test run: pytest-xdist gives each process one within it."""
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
