"""Each option of a recipe does what it says, and its bits repeat wherever a run is stopped."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import class_folders
from safetensors.torch import load_file
from sessions import CPU, Memory
from small import WEIGHTS, Small, outcome, small_home, small_session, small_spec
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from engine.datasets.batches import Batch
from engine.datasets.layouts import DataError
from engine.files.paths import Home
from engine.models.layers import Layers
from engine.models.weight_files import read_weights_metadata
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import OPTIMIZERS, make_optimizer
from engine.recipes.registries import REGISTRIES
from engine.recipes.samplers import SAMPLERS
from engine.recipes.schedules import SCHEDULES, make_schedule
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.training import compilation
from engine.training.checkpoint import load_checkpoint
from engine.training.compilation import make_forward
from engine.training.heads import DROPOUT, DropoutLinear, add_dropout, set_training
from engine.training.loss_curve import Diverged
from engine.training.objective import Classification, Ordinal
from engine.training.precision import autocast, forbid_tf32, make_scaler
from engine.training.step import Network, accumulate, take_step

RUN_IDS = itertools.count(1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as patch:
        yield small_home(tmp_path_factory.mktemp("home"), patch)


def train(home: Home, spec: RunSpec, said: list[str] | None = None) -> tuple[int, Memory]:
    run_id, memory = next(RUN_IDS), Memory()
    assert small_session(home, run_id, spec, said).train(memory, lambda: False)
    return run_id, memory


RECIPES = st.fixed_dictionaries(
    {
        "schedule": st.sampled_from(sorted(SCHEDULES)),
        "optimizer": st.sampled_from(sorted(OPTIMIZERS)),
        "sampler": st.sampled_from(sorted(SAMPLERS)),
        "micro_batch": st.sampled_from([0, 2, 3]),
        "head": st.sampled_from(["linear", "dropout"]),
        "loss": st.sampled_from(sorted(LOSSES)),
        "freeze_epochs": st.sampled_from([0, 1]),
        "warmup_epochs": st.sampled_from([0.0, 1.3]),
        "clip_norm": st.sampled_from([0.0, 0.3]),
        "augment": st.sampled_from(["none", "flip"]),
        "patience": st.sampled_from([0, 1]),
    }
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(values=RECIPES, stop_at=st.integers(1, 12))
def test_any_recipe_stopped_at_any_step_ends_with_the_same_bits(
    home: Home, values: dict[str, object], stop_at: int
) -> None:
    for setting, registry in REGISTRIES.items():
        values = {**values, **dict.fromkeys(registry[str(values[setting])].excludes, 0.0)}
    spec = small_spec(**values, pretrained=WEIGHTS)
    whole, memory = train(home, spec)
    run_id, resumed, calls = next(RUN_IDS), Memory(), 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls == stop_at

    if not small_session(home, run_id, spec).train(resumed, stop):
        assert small_session(home, run_id, spec).train(resumed, lambda: False)
    assert outcome(home, run_id, spec, resumed) == outcome(home, whole, spec, memory)


LAYERS = Layers("fc", "conv1")


def network(model: nn.Module, loss_of: nn.Module | None = None, **values: object) -> Network:
    spec = make_spec({"data": "d", "lr": 0.1, "schedule": "constant", "epochs": 1, **values})
    optimizer = make_optimizer(model, spec, CPU)
    return Network(
        model=model,
        forward=model,
        optimizer=optimizer,
        schedule=make_schedule(optimizer, spec, 10),
        loss_of=loss_of or Classification(),  # type: ignore[arg-type]
        autocast=lambda: autocast("fp32", CPU),
        scaler=make_scaler("fp32", CPU),
        micro_batch=spec.images_at_once,
        layers=LAYERS,
        clip_norm=spec.clip_norm,
    )


def batch_of(count: int, classes: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(count)
    images = torch.randn(count, 3, 16, 16, generator=generator)
    labels = torch.randint(0, classes, (count,), generator=generator)
    return Batch(np.arange(count), images, labels, seed=7)


def small(outputs: int = 3, **values: bool) -> Small:
    torch.manual_seed(0)
    return Small(outputs, **values)


def gradients(model: nn.Module) -> list[torch.Tensor]:
    return [parameter.grad for parameter in model.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("count", [1, 7, 8, 9])
@pytest.mark.parametrize(
    "loss_of",
    [Classification(label_smoothing=0.1), Classification(weights=torch.tensor([0.2, 1.0, 9.0])), Ordinal(3)],
)
def test_micro_batches_add_up_to_the_whole_batchs_mean(loss_of: nn.Module, count: int) -> None:
    """Without BatchNorm, which sees the parts; with images of very different weights, and any rest."""
    outputs, batch = 1 if isinstance(loss_of, Ordinal) else 3, batch_of(count)
    parts = network(small(outputs, norm=False), loss_of, micro_batch=4)
    loss, right = accumulate(parts, batch)
    model = small(outputs, norm=False)
    expected = loss_of(model(batch.images), batch.labels)
    expected.backward()
    assert float(loss) == pytest.approx(expected.item(), rel=1e-5)
    assert int(right) == int((loss_of.predictions(model(batch.images)) == batch.labels).sum())  # type: ignore[operator]
    for ours, whole in zip(gradients(parts.model), gradients(model), strict=True):
        assert torch.allclose(ours, whole, rtol=1e-4, atol=1e-6)


def test_clipping_shortens_long_gradients_alone_and_the_norms_are_those_before() -> None:
    batch = batch_of(8)
    free, clipped, generous = (network(small(), clip_norm=limit) for limit in (0, 0.01, 1e6))
    norms = [take_step(net, batch).norms for net in (free, clipped, generous)]
    assert norms[0] == norms[1] == norms[2]
    length = torch.cat([gradient.flatten() for gradient in gradients(clipped.model)]).norm()
    assert float(length) == pytest.approx(0.01, rel=1e-3)
    assert all(map(torch.equal, gradients(free.model), gradients(generous.model)))


class Fetches(TorchDispatchMode):
    """Collects the operations that fetch a number from the device, for which the program would have to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if any(
            part in str(func) for part in ("_local_scalar_dense", "nonzero", "is_nonzero", "equal.default")
        ):
            self.found.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_no_step_waits_for_a_number(optimizer: str) -> None:
    model = small()
    add_dropout(model, "fc")
    weighted = Classification(torch.ones(3), torch.zeros(3))
    net = network(model, weighted, optimizer=optimizer, micro_batch=3, clip_norm=0.1)
    with Fetches() as fetches:
        step = take_step(net, batch_of(8))
        assert fetches.found == []
        float(step.loss)
    assert fetches.found == ["aten._local_scalar_dense.default"]


def test_a_head_trained_alone_leaves_the_trunk_as_it_is(home: Home) -> None:
    spec = small_spec(freeze_epochs=2, pretrained=WEIGHTS, schedule="constant")
    made, memory = small_session(home, next(RUN_IDS), spec), Memory()
    start = {name: tensor.clone() for name, tensor in made.net.model.state_dict().items()}
    frozen: dict[int, bool] = {}

    def look() -> bool:
        state = made.net.model.state_dict()
        same = [torch.equal(state[name], start[name]) for name in start if not name.startswith("fc.")]
        frozen[made.done_epochs] = all(same)
        assert not torch.equal(state["fc.weight"], start["fc.weight"]) or made.step == 0
        return False

    assert made.train(memory, look)
    assert frozen == {-1: True, 0: True, 1: True, 2: False}
    assert [each.number("grad_norm_first") is None for each in memory.measured] == [True, True, True, False]
    assert all(each.number("grad_norm") for each in memory.measured[1:])
    trunk = [made.net.optimizer.state[p] for n, p in made.net.model.named_parameters() if n == "conv1.weight"]
    assert trunk[0]["momentum_buffer"].abs().sum() > 0


def test_no_gradient_runs_through_a_frozen_trunk() -> None:
    model = small()
    set_training(model, LAYERS, head_alone=True)
    reached: list[str] = []
    model.layer2.register_full_backward_hook(lambda *_: reached.append("layer2"))
    take_step(network(model), batch_of(8))
    assert reached == [] and model.conv1.weight.grad is None and model.fc.weight.grad is not None
    set_training(model, LAYERS, head_alone=False)
    take_step(network(model), batch_of(8))
    assert reached == ["layer2"] and model.bn1.training


def test_dropout_zeroes_half_of_the_heads_inputs_by_its_seed() -> None:
    linear = nn.Linear(2000, 4)
    head = DropoutLinear(linear)
    assert list(head.state_dict()) == ["weight", "bias"] and head.weight is linear.weight
    seen = []
    for seed in (1, 1, 2):
        head.reseed(seed)
        seen.append(head(torch.ones(3, 2000)))
    assert torch.equal(seen[0], seen[1]) and not torch.equal(seen[0], seen[2])
    head.weight = nn.Parameter(torch.ones(4, 2000))
    assert head(torch.ones(50, 2000)).mean().item() == pytest.approx(2000, rel=0.02)
    assert head(torch.ones(1, 2000)).mean().item() != 2000 and DROPOUT == 0.5
    head.eval()
    assert torch.equal(head(torch.ones(3, 2000)), linear(torch.ones(3, 2000)) * 0 + 2000 + head.bias)


def test_patience_ends_a_run_early_as_done(home: Home) -> None:
    """At an lr that changes nothing no epoch is better than the first."""
    said: list[str] = []
    spec = small_spec(epochs=9, lr=1e-12, patience=2, schedule="constant", eval_train=True)
    run_id, memory = train(home, spec, said)
    assert [each.epoch for each in memory.measured] == [0, 1, 2, 3] and memory.best is not None
    assert memory.best.epoch == 1 and memory.measured[-1].number("eval_train_acc") is not None
    assert said[-1] == "stopped early after epoch 3: no test_acc better since epoch 1"
    assert home.run(run_id).predictions(last=True).exists() and not home.run(run_id).last_before.exists()
    again = Memory()
    assert small_session(home, run_id, spec).train(again, lambda: False) and again.measured == []


def test_an_ordinal_run_has_one_output_grades_as_scores_and_no_likelihood(home: Home) -> None:
    run_id, memory = train(home, small_spec(loss="mse-ordinal", lr=0.01))
    last = memory.measured[-1].evaluation
    assert last.nll is None and last.loss is not None and last.scores.shape == (5, 1)
    assert memory.measured[-1].number("ece") is None
    assert memory.measured[-1].number("auc_referable") is not None
    paths = home.run(run_id)
    about = read_weights_metadata(paths.best)
    assert about["thresholds"] == [0.5, 1.5] and about["loss"] == "mse-ordinal"
    assert load_file(paths.best)["fc.weight"].shape == (1, 8)
    rows = paths.predictions(last=True).read_text().splitlines()[1:]
    assert [float(row.split(",")[-1]) for row in rows] == pytest.approx(last.scores[:, 0].tolist(), abs=1e-5)
    assert np.load(paths.scores(last=True)).shape == (5, 1)


def test_classes_without_an_order_have_no_grade(home: Home) -> None:
    class_folders(home.root / "folders", classes=2, each=5)
    with pytest.raises(DataError, match="mse-ordinal needs ordered classes"):
        small_session(home, next(RUN_IDS), small_spec(data="folders", loss="mse-ordinal"))


def test_a_balanced_epoch_is_as_long_and_shows_rare_classes_more(home: Home) -> None:
    made = small_session(home, next(RUN_IDS), small_spec(sampler="balanced"))
    labels = torch.cat([batch.labels for epoch in range(60) for batch in made.data.batches.train(
        made.data.train_rows, epoch=epoch)])  # fmt: skip
    assert len(labels) == 60 * 21
    assert (torch.bincount(labels) / len(labels)).tolist() == pytest.approx([1 / 3] * 3, abs=0.05)


def test_weights_that_are_no_numbers_are_neither_measured_nor_saved(home: Home) -> None:
    """A step whose loss is finite and whose gradient is not, at the end of an epoch and within one."""
    for broken_step, epochs in ((5, [0]), (7, [0, 1])):
        spec, run_id, memory = small_spec(seed=broken_step), next(RUN_IDS), Memory()
        made, steps = small_session(home, run_id, spec), itertools.count(1)
        weight = made.net.model.conv1.weight
        weight.register_hook(lambda g, n=steps, at=broken_step: g * math.inf if next(n) == at else g)
        with pytest.raises(Diverged, match=f"not finite at step {broken_step}|step {broken_step + 1}"):
            made.train(memory, lambda: False)
        assert [each.epoch for each in memory.measured] == epochs
        state = load_checkpoint(home.run(run_id), spec.training_digest())
        assert state is not None and all(tensor.isfinite().all() for tensor in state["model"].values())


def test_float16_skips_a_step_that_overflowed_and_its_schedule_ends_as_planned() -> None:
    """The scaler on the CPU: float16's range is the same there."""
    model = small()
    spec = make_spec({"data": "d", "lr": 0.1, "schedule": "cosine", "epochs": 1})
    optimizer = make_optimizer(model, spec, CPU)
    schedule = make_schedule(optimizer, spec, 10)
    scaler = make_scaler("fp16", CPU)
    net = Network(
        model,
        model,
        optimizer,
        schedule,
        Classification(),
        lambda: autocast("fp16", CPU),
        scaler,
        8,
        LAYERS,
        1.0,
    )
    batch = batch_of(8)
    scaler.scale(torch.ones(1))  # makes the scale
    scaler.update(new_scale=2.0**127)
    before = {name: tensor.clone() for name, tensor in model.named_parameters()}
    step = take_step(net, batch)
    assert math.isfinite(float(step.loss)) and not math.isfinite(float(step.norms[0] or 0))
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.named_parameters())
    assert scaler.get_scale() == 2.0**126 and schedule.last_epoch == 1
    momenta = [optimizer.state[each]["momentum_buffer"] for each in model.parameters()]
    assert all(torch.equal(each, torch.zeros_like(each)) for each in momenta)
    scaler.update(new_scale=2.0**8)
    step = take_step(net, batch)
    assert math.isfinite(float(step.norms[0] or math.inf))
    assert any(not torch.equal(tensor, before[name]) for name, tensor in model.named_parameters())
    for _ in range(8):
        take_step(net, batch)
    assert schedule.get_last_lr()[0] == pytest.approx(0, abs=1e-12)
    assert make_scaler("bf16", CPU).state_dict() == {}


def test_float32_is_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    forbid_tf32()
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32


def test_without_a_compiler_a_run_goes_on_uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_model: nn.Module, **_options: object) -> nn.Module:
        raise RuntimeError("no g++\nat all")

    model, said = small(), list[str]()
    plain, fast = make_spec({"data": "digits"}), make_spec({"data": "digits", "compile": True})
    monkeypatch.setattr(compilation.torch, "compile", broken)
    assert make_forward(model, plain, CPU, said.append) is model and said == []
    assert make_forward(model, fast, CPU, said.append) is model
    assert said == ["not compiled, for torch.compile does not work here: no g++"]
    taken: list[object] = []
    monkeypatch.setattr(compilation.torch, "compile", lambda each, **options: taken.append(options) or each)
    assert make_forward(model, fast, CPU, said.append) is model and taken == [{}, {"dynamic": False}]
