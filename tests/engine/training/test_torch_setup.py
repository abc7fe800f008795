"""Settings of a training process for its libraries, and its display before the first step."""

import sys
from pathlib import Path

import pytest
import torch
from sessions import CPU
from small import small_spec

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store
from engine.training import torch_setup
from engine.training.attempt import Attempt
from engine.training.control_channel import ControlChannel
from engine.training.precision import MachineError, resolve_precision, run_precision
from engine.training.torch_setup import resolve_threads
from tests.support.forking import run_forked


def faults(*arguments: str) -> int:
    done = run_forked([sys.executable, "-m", "tests.support.page_faults", *arguments], capture_output=True)
    if "not glibc" in done.stderr:
        pytest.skip("the C library is not glibc")
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_freed_memory_is_used_again() -> None:
    assert faults() > 40, "four blocks of 40 MiB, faulted in anew by pages of 4 KiB or 2 MiB"
    assert faults("keep") < 10


def test_lines_of_the_preparation_are_logged_and_shown_in_the_run_table(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_runs(store, [make_spec({"data": "digits"})])
    held = queue.claim(store, workers.register(store, pid=1, device="cpu", device_name="test"))
    assert held is not None
    attempt = Attempt(store, Home.find(tmp_path), held, CPU, ControlChannel())
    attempt._show("read 3 of 9 images  12 s left in im\udce9\x1b[2J")
    assert capsys.readouterr().out.endswith("  read 3 of 9 images  12 s left in im\\udce9\\x1b[2J\n")
    with store.read() as session:
        assert (
            listing.get_run(session, held.run_id).doing
            == "preparing: read 3 of 9 images 12 s left in im\\udce9\\x1b[2J"
        )


def test_precision_resolves_by_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_precision("bf16", CPU) == "bf16"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert resolve_precision("auto", CPU) == "bf16"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    assert resolve_precision("auto", CPU) == "fp32"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: (7, 5))
    assert resolve_precision("auto", torch.device("cuda:0")) == "fp16"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: (6, 1))
    assert resolve_precision("auto", torch.device("cuda:0")) == "fp32"
    with pytest.raises(MachineError, match="fp16 needs an NVIDIA card"):
        resolve_precision("fp16", CPU)


def test_no_bf16_on_a_cpu_where_its_gradients_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert run_precision(small_spec(image_size=16, precision="auto"), CPU) == "fp32"
    assert run_precision(small_spec(image_size=17, precision="auto"), CPU) == "bf16"
    assert run_precision(small_spec(image_size=16, precision="auto", stem="cifar"), CPU) == "bf16"
    with pytest.raises(MachineError, match="choose precision auto or fp32, or an image_size of 17 or more"):
        run_precision(small_spec(image_size=16, precision="bf16"), CPU)
    assert run_precision(small_spec(image_size=17, precision="bf16"), CPU) == "bf16"


@pytest.mark.parametrize(("told", "found"), [("1", 1), ("12", 12), ("", 8), ("0", 8), ("4,2", 8)])
def test_threads_are_as_asked_else_as_the_environment_says_else_the_cores(
    monkeypatch: pytest.MonkeyPatch, told: str, found: int
) -> None:
    monkeypatch.setattr(torch_setup, "usable_cores", lambda: 64)
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert (resolve_threads(3), resolve_threads(0)) == (3, found)
    assert resolve_threads(0, free_cores=5) == (5 if found == 8 else found)
    assert resolve_threads(0, free_cores=48) == found
