"""Choosing a device from what driver and torch say: machines that this one is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from engine.files.paths import GPU_CACHE_VARIABLE, Home, gpu_cache_bytes
from engine.hardware.device_choice import Device, TorchCard, TorchFacts, choose, has_kernels
from engine.hardware.device_names import DeviceError
from engine.hardware.telemetry import CpuTelemetry, HostCard, NvidiaState
from engine.store import workers
from engine.store.database import open_store
from engine.store.schema import worker_table
from engine.worker import find_device, worker
from engine.worker.arguments import parse
from tests.support.forking import run_forked

KERNELS = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")
NO_CARD = NvidiaState((), None, None, None)
H100 = NvidiaState((HostCard("NVIDIA H100", "GPU-0", 80.0, 0.0),), "580.65.06", 13000, None)


def facts(
    *cards: tuple[str, tuple[int, int]], cuda: str | None = "13.0", problem: str | None = None
) -> TorchFacts:
    seen = tuple(TorchCard(name, able, f"GPU-{number}") for number, (name, able) in enumerate(cards))
    return TorchFacts("2.14.1", cuda, KERNELS, seen, problem)


def refusal(wanted: str, host: NvidiaState, torch: TorchFacts) -> str:
    with pytest.raises(DeviceError) as caught:
        choose(wanted, host, torch)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_auto_takes_the_card_where_it_works_and_the_cpu_where_there_is_none() -> None:
    assert choose("auto", H100, facts(("NVIDIA H100", (9, 0)))) == Device("cuda:0", "NVIDIA H100", "GPU-0")
    assert choose("auto", NO_CARD, facts()).device == "cpu"
    assert choose("cpu", H100, facts(("NVIDIA H100", (9, 0)))).device == "cpu"
    assert choose("auto", H100, facts(), hidden=True).device == "cpu"


def test_auto_takes_a_free_card_and_says_who_else_is_on_it() -> None:
    used_gb = (30.0, 0.2, 0.1)
    host = NvidiaState(
        tuple(HostCard("H100", f"GPU-{n}", 80.0, used) for n, used in enumerate(used_gb)),
        "580.65.06",
        13000,
        None,
    )
    cards = facts(*[("H100", (9, 0))] * 3)
    assert choose("auto", host, cards).device == "cuda:2"
    assert choose("auto", host, cards, taken=["GPU-2"]).device == "cuda:1"
    last = choose("auto", host, cards, taken=["GPU-2", "GPU-1"])
    assert last.device == "cuda:0" and "30.0 GiB of cuda:0" in str(last.note)
    with pytest.raises(DeviceError, match="every visible card has a worker"):
        choose("auto", host, cards, taken=["GPU-0", "GPU-1", "GPU-2"])
    # With CUDA_VISIBLE_DEVICES=2 torch calls that card cuda:0.
    only = TorchFacts("2.14.1", "13.0", KERNELS, (TorchCard("H100", (9, 0), "GPU-2"),), None)
    assert choose("auto", host, only).note is None
    with pytest.raises(DeviceError):
        choose("auto", host, only, taken=["GPU-2"])


def test_a_card_takes_one_worker_under_whatever_name(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    me = os.getpid()
    workers.register(store, pid=me, device="cuda:0", device_name="H100", device_uuid="GPU-0")
    workers.register(store, pid=me, device="cuda:0", device_name="H100", device_uuid="GPU-1")
    with pytest.raises(workers.DeviceTaken, match="cuda:1 already has worker 1"):
        workers.register(store, pid=me, device="cuda:1", device_name="H100", device_uuid="GPU-0")
    assert workers.taken_cards(store) == ["GPU-0", "GPU-1"]
    for _ in range(2):
        workers.register(store, pid=me, device="cpu", device_name="EPYC")


def test_a_living_worker_keeps_its_card_however_old_its_heartbeat_is(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    card = {"device": "cuda:0", "device_name": "H100", "device_uuid": "GPU-0"}
    workers.register(store, pid=os.getpid(), **card)
    with store.write() as session:
        session.execute(update(worker_table).values(seen_s=worker_table.c.seen_s - 3600))
    assert workers.taken_cards(store) == ["GPU-0"]
    with pytest.raises(workers.DeviceTaken, match="cuda:0 already has worker 1"):
        workers.register(store, pid=os.getpid(), **card)
    with store.write() as session:
        session.execute(update(worker_table).values(pid_started="another boot"))
    assert workers.taken_cards(store) == []
    workers.register(store, pid=os.getpid(), **card)


def test_auto_looks_again_when_another_worker_was_quicker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    rival = worker.Found("cuda:0", "H100", "GPU-0")
    workers.register(store, pid=os.getpid(), device="cuda:0", device_name="H100", device_uuid="GPU-0")
    looks: list[list[str]] = []

    def find(_wanted: str, taken: list[str]) -> worker.Found:
        looks.append(taken)
        return rival if len(looks) == 1 else worker.Found("cpu", "EPYC")

    monkeypatch.setattr(worker, "find_device", find)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker.signal, "set_wakeup_fd", lambda *_, **_kw: -1)
    assert worker.enlist(store, Home.find(tmp_path), parse([])).device == "cpu"
    assert looks == [["GPU-0"], ["GPU-0"]]
    monkeypatch.setattr(worker, "find_device", lambda *_: rival)
    with pytest.raises(worker.WorkerError, match="already has worker"):
        worker.enlist(store, Home.find(tmp_path), parse(["--device", "cuda:0"]))


def test_auto_never_falls_back_to_the_cpu_in_silence() -> None:
    old_driver = NvidiaState((HostCard("NVIDIA A100", "GPU-0"),), "535.183.01", 12020, None)
    text = refusal("auto", old_driver, facts(problem="driver too old"))
    assert "driver 535.183.01" in text and "needs driver 580" in text
    assert "make install TORCH_VERSION=2.9.1" in text and "cu126" in text and "--device cpu" in text
    pascal = NvidiaState((HostCard("NVIDIA GTX 1080", "GPU-0"),), "580.65.06", 13000, None)
    text = refusal("auto", pascal, facts(("NVIDIA GTX 1080", (6, 1))))
    assert "compute capability 6.1" in text and "no kernels" in text and "cu126" in text
    ancient = NvidiaState((HostCard("Tesla K80", "GPU-0"),), "470.57.02", 11040, None)
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
    assert not has_kernels(("gfx90a",), (9, 0))
    assert has_kernels(("sm_80",), (8, 6)) and not has_kernels(("sm_86",), (8, 0))
    assert not has_kernels(("sm_80",), (9, 0)) and has_kernels(("compute_80",), (9, 0))
    assert has_kernels(("sm_90a",), (9, 0)) and not has_kernels((), (9, 0))


def test_the_worker_asks_torch_only_where_there_may_be_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_device.telemetry, "nvidia", lambda: NO_CARD)
    monkeypatch.setattr(find_device.subprocess, "run", lambda *_args, **_kw: pytest.fail("torch was started"))
    assert find_device.find_device("auto").device == "cpu"
    for word in ("tpu", "cuda:x"):
        with pytest.raises(
            find_device.WorkerError, match=f"^'{word}' is not a device: choose auto, cpu or cuda:0$"
        ):
            find_device.find_device(word)


def test_the_worker_passes_the_problem_on(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"device": None, "name": None, "problem": "the driver is too old: make install …"})
    done = subprocess.CompletedProcess([], 2, stdout=answer, stderr="")
    monkeypatch.setattr(find_device.telemetry, "nvidia", lambda: H100)
    monkeypatch.setattr(find_device.subprocess, "run", lambda *_args, **_kw: done)
    with pytest.raises(worker.WorkerError, match="driver is too old"):
        find_device.find_device("auto")


def test_what_torch_writes_besides_its_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], 0, stdout="warning: \x1b[1mold driver\n", stderr="")
    monkeypatch.setattr(find_device.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(
        find_device.WorkerError, match=r"it wrote 'warning: \\\\x1b\[1mold driver'\): use --device"
    ):
        find_device.find_device("cuda:0")


def test_all_devices_are_the_cards_that_torch_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_device.telemetry, "nvidia", lambda: NO_CARD)
    assert find_device.every_device() == ["cpu"]
    answer = json.dumps({"problem": None, "device": "cuda:0", "torch": {"cards": [{}, {}]}})
    done = subprocess.CompletedProcess([], 0, stdout=answer, stderr="")
    monkeypatch.setattr(find_device.telemetry, "nvidia", lambda: H100)
    monkeypatch.setattr(find_device.subprocess, "run", lambda *_args, **_kw: done)
    assert find_device.every_device() == ["cuda:0", "cuda:1"]


def test_the_cpu_is_read() -> None:
    found = CpuTelemetry().read()
    assert (
        found["load"] >= 0
        and 0 <= found["cpu_percent"] <= 100
        and 0 < found["memory_gb"] < found["memory_total_gb"]
    )


def test_the_module_prints_its_choice() -> None:
    command = [sys.executable, "-m", "engine.hardware.device_choice", "--device", "cpu", "--json"]
    done = run_forked(command, capture_output=True)
    found = json.loads(done.stdout)
    assert found["device"] == "cpu" and found["problem"] is None and found["torch"]["version"]


def test_the_cards_share_for_images_is_a_size_in_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GPU_CACHE_VARIABLE, raising=False)
    assert gpu_cache_bytes() == 4 * 2**30
    monkeypatch.setenv(GPU_CACHE_VARIABLE, "0.5")
    assert gpu_cache_bytes() == 2**29
    assert parse(["--gpu-cache", "12"]).gpu_cache == 12 and parse([]).gpu_cache is None
    for text in ("much", "-1", "nan", "inf"):
        monkeypatch.setenv(GPU_CACHE_VARIABLE, text)
        with pytest.raises(ValueError, match=f"'{text}' is no size of the card's cache: give GiB, such as 4"):
            gpu_cache_bytes()
