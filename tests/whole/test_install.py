"""`.ci/install` with a stand-in for Python: which packages it would ask pip for, and when."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from waiting import LIMIT_S

ROOT = Path(__file__).parents[2]
# Stands for python3 and for .venv/bin/python: makes a venv of itself, notes every pip call.
STAND_IN = """#!/bin/sh
here={here}
case "$*" in
  "-m venv .venv") [ -e $here/no-venv ] && exit 1; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  "-m pip --version") exit 0 ;;
  "-m pip "*) echo "$*" >> $here/pip-calls ;;
  "--version") echo Python 3.9.9 ;;
  "-c "*) [ ! -e $here/old ] ;;
esac
"""


class Checkout:
    """The files that the script reads, in a folder of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".ci").mkdir()
        for name in (".ci/install", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, root / name)
        self.python = root / "python"
        self.python.write_text(STAND_IN.format(here=root))
        self.python.chmod(0o755)

    def install(self, **variables: str) -> subprocess.CompletedProcess[str]:
        (self.root / "pip-calls").unlink(missing_ok=True)
        environment = {**os.environ, "PYTHON": str(self.python), **variables}
        return subprocess.run(
            [self.root / ".ci" / "install"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    @property
    def pip_calls(self) -> list[str]:
        path = self.root / "pip-calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def constraints(self) -> str:
        return (self.root / ".venv" / "constraints.txt").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_everything_at_the_pins_once(checkout: Checkout) -> None:
    assert checkout.install().returncode == 0
    assert len(checkout.pip_calls) == 1 and checkout.pip_calls[0].endswith(
        "-c .venv/constraints.txt -e .[dev]"
    )
    assert "torch==2.14.1\n" in checkout.constraints and "torchvision==0.29.1\n" in checkout.constraints
    assert checkout.install().returncode == 0 and checkout.pip_calls == []
    with (checkout.root / "constraints.txt").open("a") as file:
        file.write("# a newer pin\n")
    assert checkout.install().returncode == 0 and len(checkout.pip_calls) == 1


def test_another_torch_replaces_the_pin_and_is_remembered(checkout: Checkout) -> None:
    assert checkout.install(TORCH_VERSION="2.7.1", TORCH_INDEX="file:///wheels/cu118").returncode == 0
    torch, rest = checkout.pip_calls
    assert torch.endswith("torch==2.7.1 torchvision --index-url file:///wheels/cu118")
    assert rest.endswith("-e .[dev]")
    assert "torch==" not in checkout.constraints and "torchvision==" not in checkout.constraints
    assert "textual==" in checkout.constraints and "nvidia-ml-py==" in checkout.constraints
    assert checkout.install().returncode == 0 and checkout.pip_calls == []


def test_what_is_missing_is_said_in_one_line(checkout: Checkout) -> None:
    (checkout.root / "old").touch()
    done = checkout.install()
    assert done.returncode == 2 and "Python 3.9.9 is too old: install Python 3.11" in done.stderr
    (checkout.root / "old").unlink()
    (checkout.root / "no-venv").touch()
    done = checkout.install()
    assert done.returncode == 2 and "apt install python3-venv" in done.stderr
    assert not (checkout.root / ".venv").exists()
    done = checkout.install(PYTHON="/nowhere/python3")
    assert done.returncode == 2 and "no /nowhere/python3 found" in done.stderr
