"""On a real NVIDIA card: what the other tests show with fakes. Skipped where there is none."""

import copy
import os

import numpy as np
import pytest
import torch
from cuda_runs import CARD, bits, spec
from pictures import class_folders
from sessions import CPU, Memory, numbers
from torch.nn import functional
from torchvision.models import resnet18

from engine.datasets.batches import Batches, make_feed
from engine.datasets.loading.device_feeds import Pinned, Resident
from engine.files.paths import GPU_CACHE_VARIABLE, Home
from engine.spec.run_spec import RunSpec
from engine.training import epoch_writer
from engine.training.compilation import make_forward
from engine.training.context import RunContext
from engine.training.out_of_memory import OutOfMemory
from engine.training.session import Session
from engine.training.torch_setup import set_up_process

os.environ.setdefault(
    "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
)  # before the first matrix product, as a run's process does
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA card")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("home")
    class_folders(root / "data", classes=3, each=24)
    return Home.find(root, cache=root / "cache")


def train(
    home: Home, run_id: int, wanted: RunSpec, precision: str = "bf16", said: list[str] | None = None
) -> Memory:
    memory, log = Memory(), said.append if said is not None else lambda _text: None
    session = Session(RunContext(wanted, home, run_id, device=CARD, precision=precision, log=log))
    assert session.train(memory, lambda: False)
    return memory


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
        made = Session(
            RunContext(wanted, home, run_id, device=device, precision="fp32", log=lambda _text: None)
        )
        assert made.train(memory, lambda: False)
    found, expected = one.measured[0].evaluation, other.measured[0].evaluation
    assert np.array_equal(found.predictions, expected.predictions)
    assert np.allclose(found.scores, expected.scores, atol=1e-4)


def test_written_beside_the_training_a_run_has_the_same_bits(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = spec(deterministic=True)
    beside = train(home, 8, wanted)
    monkeypatch.setattr(epoch_writer, "BESIDE", ())
    alone = train(home, 9, wanted)
    assert numbers(beside) == numbers(alone) and bits(home, 8) == bits(home, 9)


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
