"""On a real NVIDIA card: what the other tests show with fakes. Skipped where there is none."""

import copy
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import class_folders
from sessions import CPU, Memory, numbers
from torch.nn import functional
from torchvision.models import resnet18
from waiting import until

from engine.datasets.batches import Batches, make_feed
from engine.datasets.loading.device_feeds import Pinned, Resident
from engine.files.paths import GPU_CACHE_VARIABLE, Home
from engine.hardware import telemetry
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.store import listing, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.tables import Run
from engine.training.compilation import make_forward
from engine.training.out_of_memory import OutOfMemory
from engine.training.session import Session
from engine.training.torch_setup import set_up_process

os.environ.setdefault(
    "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
)  # before the first matrix product, as a run's process does
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA card")
CARD = torch.device("cuda:0")
MARGIN_GB = 0.02
"""What the driver's count of a card's memory may move by when nothing of ours is on it."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("home")
    class_folders(root / "data", classes=3, each=24)
    return Home.find(root, cache=root / "cache")


def spec(**values: object) -> RunSpec:
    small = {"data": "data", "image_size": 32, "batch_size": 8, "epochs": 3, "lr": 0.02, "threads": 1}
    return make_spec(small | values)


def train(
    home: Home, run_id: int, wanted: RunSpec, precision: str = "bf16", said: list[str] | None = None
) -> Memory:
    memory, log = Memory(), said.append if said is not None else lambda _text: None
    session = Session(wanted, home, run_id, device=CARD, precision=precision, log=log)
    assert session.train(memory, lambda: False)
    return memory


def bits(home: Home, run_id: int) -> dict[str, str]:
    state = torch.load(home.run(run_id).last, map_location="cpu", weights_only=True)
    return {
        name: hashlib.sha256(value.numpy().tobytes()).hexdigest() for name, value in state["model"].items()
    }


@pytest.mark.parametrize("augment", ["none", "flip", "flip4", "flip+rotate+crop"])
def test_each_feed_gives_the_card_the_bits_that_the_cpu_gets(augment: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 24, 24, 3), dtype=np.uint8)
    labels, rows = np.arange(60, dtype=np.int64) % 5, np.arange(3, 58)

    def made(device: torch.device, cache: int) -> Batches:
        size_px = 20 if "crop" in augment else 24
        return Batches(
            images, labels, device=device, batch_size=8, seed=1, augment=augment, size_px=size_px,
            gpu_cache_bytes=cache,
        )  # fmt: skip

    assert isinstance(make_feed(images, CARD, 2**30), Resident) and isinstance(
        make_feed(images, CARD, 0), Pinned
    )
    wanted = list(made(CPU, 0).train(rows, epoch=2))
    for cache in (0, 2**30):
        found = list(made(CARD, cache).train(rows, epoch=2))
        assert len(found) == len(wanted)
        for one, other in zip(wanted, found, strict=True):
            assert other.images.device == CARD and other.images.is_contiguous(
                memory_format=torch.channels_last
            )
            assert torch.equal(one.labels, other.labels.cpu()) and np.array_equal(one.rows, other.rows)
            if "rotate" in augment:  # sines and interpolation round otherwise there
                assert torch.allclose(one.images, other.images.cpu(), atol=2e-2)
            else:
                assert torch.equal(one.images, other.images.cpu())


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_it_learns_in_each_precision(home: Home, precision: str) -> None:
    memory = train(
        home,
        {"fp32": 1, "bf16": 2, "fp16": 3}[precision],
        spec(epochs=6, lr=0.002, augment="none"),
        precision,
    )
    before, last = memory.measured[1], memory.measured[-1]
    assert (last.number("train_loss") or 9) < (before.number("train_loss") or 0)


def test_evaluation_on_the_card_says_what_the_cpu_says(home: Home) -> None:
    train(home, 5, spec(), "fp32")
    wanted = spec(epochs=0, pretrained="run:5", allow_leak=True)
    one, other = Memory(), Memory()
    for device, run_id, memory in ((CARD, 6, one), (CPU, 7, other)):
        made = Session(wanted, home, run_id, device=device, precision="fp32", log=lambda _text: None)
        assert made.train(memory, lambda: False)
    found, expected = one.measured[0].evaluation, other.measured[0].evaluation
    assert np.array_equal(found.predictions, expected.predictions)
    assert np.allclose(found.scores, expected.scores, atol=1e-4)


def test_compiled_a_step_has_the_loss_the_gradients_and_the_statistics_of_an_exact_one() -> None:
    """One step alone: the next ones of so small a batch would carry any rounding to another run's numbers."""
    set_up_process(spec(), {"threads": 1, "precision": "fp32"}, CARD)
    torch.manual_seed(0)
    exact = resnet18(num_classes=3).double().to(CARD).train()
    model = copy.deepcopy(exact).float().to(memory_format=torch.channels_last)
    images = torch.randn(8, 3, 32, 32, device=CARD, dtype=torch.float64)
    labels = torch.arange(8, device=CARD) % 3
    said: list[str] = []
    forward = make_forward(model, spec(compile=True), CARD, said.append)
    found = [
        functional.cross_entropy(passed(taken), labels)
        for passed, taken in ((exact, images), (forward, images.float()))
    ]
    for loss in found:
        loss.backward()
    assert not said and float(found[1]) == pytest.approx(float(found[0]), rel=1e-4)
    wanted, got = (
        torch.cat([each.grad.double().flatten() for each in net.parameters() if each.grad is not None])
        for net in (exact, model)
    )
    assert len(wanted) == len(got)
    # An activation that rounding moves over ReLU's kink changes more than rounding does: percents, not halves.
    assert float((got - wanted).norm() / wanted.norm()) < 0.05
    for kept, other in zip(exact.buffers(), model.buffers(), strict=True):
        assert torch.allclose(kept, other.to(kept.dtype), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("arch", ["resnet18", "resnet50"])
def test_replayed_as_a_graph_it_has_the_same_bits(home: Home, arch: str) -> None:
    first = {"resnet18": 50, "resnet50": 52}[arch]
    wanted = spec(arch=arch, deterministic=True)
    set_up_process(wanted, {"threads": 1, "precision": "bf16"}, CARD)
    try:
        said: list[str] = []
        plain = train(home, first, wanted.model_copy(update={"cuda_graphs": "off"}), "bf16", said=said)
        replayed = train(home, first + 1, wanted, "bf16", said=said)
    finally:
        torch.use_deterministic_algorithms(False)
    assert not [line for line in said if "not replayed" in line]
    assert numbers(plain) == numbers(replayed) and bits(home, first) == bits(home, first + 1)


def test_a_step_that_does_not_fit_is_told_with_the_batch_that_would(home: Home) -> None:
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(CARD).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_allocated() + 1.6 * 2**30) / total)
    try:
        large = spec(arch="resnet50", image_size=224, batch_size=32, epochs=1)
        with pytest.raises(OutOfMemory) as caught:
            train(home, 20, large, "fp32")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert caught.value.images == 32 and caught.value.fits in (2, 4, 8, 16)
    print(caught.value)


def worker(home: Home, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "engine.worker", "--home", str(home.root), "--cache", str(home.cache)]
    command += ["--others", "1000", *options]  # this process is on the card too
    return subprocess.Popen(command)


def stored(store: Store, run_id: int) -> Run:
    with store.read() as session:
        return listing.get_run(session, run_id)


def own_home(tmp_path: Path, each: int = 40) -> tuple[Home, Store]:
    class_folders(tmp_path / "data", classes=3, each=each)
    home = Home.find(tmp_path, cache=tmp_path / "cache")
    return home, open_store(home.database)


def used_gb() -> float:
    return max(card.used_gb or 0.0 for card in telemetry.nvidia().cards)


def test_an_idle_worker_holds_nothing_of_the_card(tmp_path: Path) -> None:
    home, store = own_home(tmp_path)
    before = used_gb()
    one = worker(home)
    try:
        until(lambda: idle_workers(store), what="an idle worker")
        while_idle = used_gb()
        (run_id,) = add_runs(store, [spec(epochs=2)]).ids
        until(lambda: stored(store, run_id).status == "done", what="a run's end")
        until(lambda: idle_workers(store), what="an idle worker again")
        until(lambda: used_gb() - before < MARGIN_GB, what="the card's memory being free again", timeout_s=30)
        assert while_idle - before < MARGIN_GB
        print(
            f"GiB in use: {before:.3f} before, {while_idle:.3f} with an idle worker, {used_gb():.3f} after a run"
        )
    finally:
        one.send_signal(signal.SIGTERM)
        assert one.wait(60) in (0, 130, -signal.SIGTERM)


def idle_workers(store: Store) -> bool:
    with store.read() as session:
        return any(
            each.state == "idle" and each.device.startswith("cuda") for each in workers.present(session)
        )


@pytest.mark.parametrize(
    "options", [{}, {"arch": "resnet50"}, {"head": "dropout", "augment": "flip+rotate+crop"}]
)
def test_deterministic_runs_have_the_same_bits_also_when_stopped_between(
    tmp_path: Path, options: dict[str, object]
) -> None:
    home, store = own_home(tmp_path, each=160)  # long enough to be stopped twice
    wanted = spec(deterministic=True, epochs=8, batch_size=4, **options)
    whole, again, parted = add_runs(store, [wanted] * 3).ids
    one = worker(home, "--max-runs", "2")
    assert one.wait(300) == 0
    assert {stored(store, each).status for each in (whole, again)} == {"done"}
    for stops in range(3):
        other = worker(home, "--max-runs", "1")
        if stops < 2:
            before = stored(store, parted).step
            until(lambda: stored(store, parted).step > before + 20 or stored(store, parted).status == "done")  # noqa: B023
            other.send_signal(signal.SIGTERM)
        other.wait(120)
    run = stored(store, parted)
    assert run.status == "done" and run.attempt == 3, (run.status, run.error, run.attempt)
    assert bits(home, whole) == bits(home, again) == bits(home, parted)


def test_others_that_fill_the_card_end_a_run_with_its_cause_and_shrink_goes_on(tmp_path: Path) -> None:
    home, store = own_home(tmp_path)
    free, _total = torch.cuda.mem_get_info(CARD)
    torch.cuda.empty_cache()
    filler = torch.empty(max(0, free - int(3.2 * 2**30)), dtype=torch.uint8, device=CARD)
    large = {"arch": "resnet50", "image_size": 224, "batch_size": 64, "epochs": 1, "precision": "fp32"}
    failing, shrinking = add_runs(store, [spec(**large), spec(**large, on_oom="shrink")]).ids
    try:
        assert worker(home, "--drain", "--device", "cuda:0").wait(300) == 0
    finally:
        del filler
        torch.cuda.empty_cache()
    failed, done = stored(store, failing), stored(store, shrinking)
    print(failed.error, "|", failed.suggestion, "|", done.environment.get("micro_batch"))
    assert (failed.status, failed.cause) == ("failed", "out_of_memory")
    assert "would fit (measured)" in (failed.error or "")
    assert done.status == "done" and done.environment["micro_batch"] < 64


def test_no_card_is_visible_where_the_user_hides_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.hardware.device_choice"]
    hidden = subprocess.run(
        command, env=os.environ | {"CUDA_VISIBLE_DEVICES": ""}, capture_output=True, text=True
    )
    shown = subprocess.run(command, capture_output=True, text=True)
    assert hidden.stdout.startswith("cpu: ") and shown.stdout.startswith("cuda:0: ")


def test_doctor_names_driver_capability_and_kernels(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tui.cli import main; main()", "doctor", "--home", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    name = torch.cuda.get_device_name(CARD)
    major, minor = torch.cuda.get_device_capability(CARD)
    driver = telemetry.nvidia().driver
    assert name in done.stdout and f"{major}.{minor}" in done.stdout and str(driver) in done.stdout


def test_packed_images_beyond_the_cache_train_through_pinned_buffers_to_the_same_bits(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = spec(deterministic=True)
    set_up_process(wanted, {"threads": 1, "precision": "fp32"}, CARD)
    try:
        found = []
        for run_id, cache in ((40, "0"), (41, "1")):
            monkeypatch.setenv(GPU_CACHE_VARIABLE, cache)
            found.append(numbers(train(home, run_id, wanted, "fp32")))
        assert found[0] == found[1] and bits(home, 40) == bits(home, 41)
    finally:
        torch.use_deterministic_algorithms(False)
