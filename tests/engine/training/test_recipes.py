"""Each option of a recipe does what it says, and its bits repeat wherever a run is stopped.

RESNET_TUI_RECIPE_EXAMPLES asks for more recipes than the default."""

import itertools
import math
import os
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import class_folders
from safetensors.torch import load_file
from sessions import CPU, Memory
from small import WEIGHTS, outcome, small, small_home, small_session, small_spec
from torch import nn

from engine.datasets.layouts import DataError
from engine.files.paths import Home
from engine.models.weight_files import read_weights_metadata
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import OPTIMIZERS
from engine.recipes.registries import REGISTRIES
from engine.recipes.samplers import SAMPLERS
from engine.recipes.schedules import SCHEDULES
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.training import compilation
from engine.training.checkpoint import load_checkpoint
from engine.training.compilation import make_forward
from engine.training.heads import DROPOUT, DropoutLinear
from engine.training.loss_curve import Diverged
from engine.training.precision import forbid_tf32

RUN_IDS = itertools.count(1)
EXAMPLES = int(os.environ.get("RESNET_TUI_RECIPE_EXAMPLES", "12"))


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


@settings(max_examples=EXAMPLES, deadline=None)
@given(values=RECIPES, stop_at=st.integers(1, 12))
def test_any_recipe_stopped_at_any_step_ends_with_the_same_bits(
    home: Home, values: dict[str, object], stop_at: int
) -> None:
    for setting, registry in REGISTRIES.items():
        if setting not in values:
            continue  # it changes the pixels, not the steps
        values = {**values, **dict.fromkeys(registry[str(values[setting])].excludes, 0.0)}
    spec = small_spec(**values, pretrained=WEIGHTS, lr=0.01)  # at .05 a few recipes diverge
    whole, memory = train(home, spec)
    run_id, resumed, calls = next(RUN_IDS), Memory(), 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls == stop_at

    if not small_session(home, run_id, spec).train(resumed, stop):
        assert small_session(home, run_id, spec).train(resumed, lambda: False)
    assert outcome(home, run_id, spec, resumed) == outcome(home, whole, spec, memory)


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
