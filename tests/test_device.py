"""Choosing a device from what driver and torch say: machines that this one is not."""

import json
import subprocess
import sys

import pytest

from engine import worker
from engine.device import Device, DeviceError, TorchFacts, choose, has_kernels
from engine.telemetry import CpuTelemetry, NvidiaState

KERNELS = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")
NO_CARD = NvidiaState((), None, None, None)
H100 = NvidiaState(("NVIDIA H100",), "580.65.06", 13000, None)


def facts(
    *cards: tuple[str, tuple[int, int]], cuda: str | None = "13.0", problem: str | None = None
) -> TorchFacts:
    return TorchFacts("2.14.1", cuda, KERNELS, cards, problem)


def refusal(wanted: str, host: NvidiaState, torch: TorchFacts) -> str:
    with pytest.raises(DeviceError) as caught:
        choose(wanted, host, torch)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_auto_takes_the_card_where_it_works_and_the_cpu_where_there_is_none() -> None:
    assert choose("auto", H100, facts(("NVIDIA H100", (9, 0)))) == Device("cuda:0", "NVIDIA H100")
    assert choose("auto", NO_CARD, facts()).device == "cpu"
    assert choose("cpu", H100, facts(("NVIDIA H100", (9, 0)))).device == "cpu"
    assert choose("auto", H100, facts(), hidden=True).device == "cpu"


def test_auto_never_falls_back_to_the_cpu_in_silence() -> None:
    old_driver = NvidiaState(("NVIDIA A100",), "535.183.01", 12020, None)
    text = refusal("auto", old_driver, facts(problem="driver too old"))
    assert "driver 535.183.01" in text and "needs driver 580" in text
    assert "make install TORCH_VERSION=2.9.1" in text and "cu126" in text and "--device cpu" in text
    pascal = NvidiaState(("NVIDIA GTX 1080",), "580.65.06", 13000, None)
    text = refusal("auto", pascal, facts(("NVIDIA GTX 1080", (6, 1))))
    assert "compute capability 6.1" in text and "no kernels" in text and "cu126" in text
    ancient = NvidiaState(("Tesla K80",), "470.57.02", 11040, None)
    assert "cu118" in refusal("auto", ancient, facts(problem="driver too old"))
    assert "built for the CPU alone" in refusal("auto", H100, facts(cuda=None))
    assert "load its driver" in refusal(
        "auto", NvidiaState((), None, None, "the driver does not answer"), facts()
    )
    assert "no reason given" in refusal("auto", H100, facts())


def test_named_devices_that_are_not_there() -> None:
    assert "there is no NVIDIA card here" in refusal("cuda:0", NO_CARD, facts())
    assert "cards 0 to 0 are visible" in refusal("cuda:3", H100, facts(("NVIDIA H100", (9, 0))))
    assert "is not a device" in refusal("tpu", H100, facts(("NVIDIA H100", (9, 0))))


def test_kernels_serve_their_major_version_and_ptx_later_ones() -> None:
    assert has_kernels(("sm_80",), (8, 6)) and not has_kernels(("sm_86",), (8, 0))
    assert not has_kernels(("sm_80",), (9, 0)) and has_kernels(("compute_80",), (9, 0))
    assert has_kernels(("sm_90a",), (9, 0)) and not has_kernels((), (9, 0))


def test_the_worker_asks_torch_only_where_there_may_be_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.telemetry, "nvidia", lambda: NO_CARD)
    monkeypatch.setattr(worker.subprocess, "run", lambda *_args, **_kw: pytest.fail("torch was started"))
    assert worker.find_device("auto")[0] == "cpu"


def test_the_worker_passes_the_problem_on(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"device": None, "name": None, "problem": "the driver is too old: make install …"})
    done = subprocess.CompletedProcess([], 2, stdout=answer, stderr="")
    monkeypatch.setattr(worker.telemetry, "nvidia", lambda: H100)
    monkeypatch.setattr(worker.subprocess, "run", lambda *_args, **_kw: done)
    with pytest.raises(worker.WorkerError, match="driver is too old"):
        worker.find_device("auto")


def test_the_cpu_is_read() -> None:
    found = CpuTelemetry().read()
    assert 0 <= found["cpu_percent"] <= 100 and 0 < found["memory_gb"] < found["memory_total_gb"]


def test_the_module_prints_its_choice() -> None:
    command = [sys.executable, "-m", "engine.device", "--device", "cpu", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)
    assert found["device"] == "cpu" and found["problem"] is None and found["torch"]["version"]
