"""Duties of every entry of every registry, and all that an entry that is added brings with it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from pictures import class_folders
from sessions import CPU, Memory, context
from small import small_home, small_session, small_spec
from studies import train
from torch import Tensor
from torch.optim import Optimizer, Rprop
from torch.optim.lr_scheduler import LambdaLR
from typer.testing import CliRunner

from engine.analysis.majority_class import majority_class_loss
from engine.analysis.report.contents import report_contents
from engine.analysis.report.facts import Facts
from engine.analysis.report.markdown_page import markdown_page
from engine.files.paths import Home
from engine.models.summary import summarise
from engine.queries.read_study import collect
from engine.recipes.augmentations import AUGMENTATIONS
from engine.recipes.entry import by_name
from engine.recipes.loss_info import LossInfo
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import OPTIMIZERS, OptimizerInfo, make_optimizer
from engine.recipes.registries import REGISTRIES
from engine.recipes.schedules import SCHEDULES, ScheduleInfo
from engine.spec.archs import ARCH_INFOS
from engine.spec.grid import SpecError, load_spec, make_spec
from engine.spec.run_spec import FIELDS, RunSpec, choices_of
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.training.session import Session
from tui.cli.options import takes_spec
from tui.forms.choices import completions

if TYPE_CHECKING:
    from torch import nn

DOCUMENTED = (Path(__file__).parents[3] / "docs/recipes.md").read_text()


def brier(outputs: Tensor, labels: Tensor, weights: Tensor | None, label_smoothing: float) -> Tensor:
    p = outputs.softmax(1)
    return (1 - 2 * p.gather(1, labels[:, None]).squeeze(1) + p.square().sum(1)).mean()


def make_rprop(parameters: "list[nn.Parameter]", settings: object, fused: bool) -> Optimizer:
    return Rprop(parameters, lr=settings.lr)  # type: ignore[attr-defined]


TOY_LOSS = LossInfo(
    name="toy-brier",
    description="the Brier score of a toy",
    mean_loss=brier,
    majority_class_loss=lambda masses: 1 - sum(mass**2 for mass in masses),
    excludes={"label_smoothing": "knows no smoothing"},
)
TOY_OPTIMIZER = OptimizerInfo(
    name="toy-rprop",
    description="resilient propagation of a toy",
    default_lr=0.002,
    largest_lr=0.02,
    state_copies=lambda settings: 2,
    make=make_rprop,
)
TOY_SCHEDULE = ScheduleInfo(
    name="toy-halving",
    description="half as much after each step of a toy",
    make=lambda optimizer, lr, steps: LambdaLR(optimizer, lambda step: 0.5**step),
    is_extendable=True,
)
TOY_ARCH = replace(
    ARCH_INFOS["resnet18"], name="toy-resnet10", title="Toy ResNet-10", blocks=(1, 1, 1, 1), stem_channels=8
)
TOYS = {
    "arch": TOY_ARCH.name,
    "loss": TOY_LOSS.name,
    "optimizer": TOY_OPTIMIZER.name,
    "schedule": TOY_SCHEDULE.name,
}


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An architecture, a loss, an optimiser and a schedule that nothing but these tests knows."""
    monkeypatch.setitem(ARCH_INFOS, TOY_ARCH.name, TOY_ARCH)
    monkeypatch.setitem(LOSSES, TOY_LOSS.name, TOY_LOSS)
    monkeypatch.setitem(OPTIMIZERS, TOY_OPTIMIZER.name, TOY_OPTIMIZER)
    monkeypatch.setitem(SCHEDULES, TOY_SCHEDULE.name, TOY_SCHEDULE)
    yield


def add_help() -> str:
    """The help of a verb that takes the settings of a run as `add` does."""
    app = typer.Typer()

    def verb(settings: dict[str, object]) -> int:
        return 0

    app.command()(takes_spec(verb))
    return " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "2000"}).output.split())


@pytest.mark.parametrize("setting", REGISTRIES)
def test_every_entry_is_a_value_of_its_setting_and_is_documented(setting: str) -> None:
    assert setting in FIELDS
    assert choices_of(setting) == tuple(REGISTRIES[setting])
    for name, entry in REGISTRIES[setting].items():
        assert name == entry.name and entry.description and not entry.description.endswith(".")
        assert set(entry.excludes) <= set(FIELDS)
        assert getattr(make_spec({"data": "d", setting: name}), setting) == name
        assert f"`{name}`" in DOCUMENTED or f"`{setting} {name}`" in DOCUMENTED, name


def test_every_augmentation_is_documented_and_excludes_others_alone() -> None:
    for name, info in AUGMENTATIONS.items():
        assert set(info.excludes) <= set(AUGMENTATIONS) and f"`{name}`" in DOCUMENTED
        assert name in (RunSpec.model_fields["augment"].description or "")


@pytest.mark.parametrize("setting", REGISTRIES)
def test_an_unknown_value_is_refused_with_the_known_ones(setting: str) -> None:
    for value in ("none-such", 5, ["ce"]):
        with pytest.raises(SpecError) as caught:
            make_spec({"data": "d", setting: value})
        expected = f"{value!r} is unknown: choose from {', '.join(REGISTRIES[setting])}"
        assert caught.value.problems == {setting: expected}


def test_two_entries_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="same name"):
        by_name(TOY_LOSS, TOY_LOSS)


def test_a_new_entry_is_offered_wherever_settings_are_given(toys: None) -> None:
    spec = make_spec({"data": "d", **TOYS})
    assert spec.lr == 0.002 and spec.is_extendable and load_spec(spec.to_json()) == spec
    said = add_help()
    for setting, name in TOYS.items():
        assert name in said
        typed, whole = ("toy", name) if setting == "arch" else (f"{setting}=toy", f"{setting}={name}")
        assert completions("arch" if setting == "arch" else "more", typed, lambda _: ()) == whole
    with pytest.raises(SpecError, match="loss toy-brier knows no smoothing: choose label_smoothing 0"):
        make_spec({"data": "d", **TOYS, "label_smoothing": 0.1})
    with pytest.raises(SpecError, match="nesterov: needs optimizer sgd with a momentum above 0"):
        make_spec({"data": "d", **TOYS, "nesterov": True})


def test_a_new_entry_trains(toys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, memory = small_home(tmp_path, monkeypatch), Memory()
    made = small_session(home, 1, small_spec(**TOYS, epochs=2))
    assert isinstance(made.net.optimizer, Rprop)
    assert made.train(memory, lambda: False)
    last = memory.measured[-1]
    assert last.number("lr") == pytest.approx(0.05 * 0.5**9) and 0 < (last.number("train_loss") or 0) < 2
    assert majority_class_loss(TOY_LOSS.name, [1, 1]) == 0.5
    optimizer = make_optimizer(made.net.model, small_spec(**TOYS), CPU)
    assert isinstance(optimizer, Rprop)


def test_a_new_architecture_trains_and_is_summarised(toys: None, tmp_path: Path) -> None:
    class_folders(tmp_path / "data", classes=2, each=6)
    small = {"data": "data", "image_size": 16, "batch_size": 4, "epochs": 1, "threads": 1}
    spec, memory = make_spec({**small, "arch": TOY_ARCH.name}), Memory()
    made = Session(context(spec, Home.find(tmp_path, cache=tmp_path / "cache")))
    assert made.net.model.fc.in_features == 64
    assert made.train(memory, lambda: False) and memory.measured[-1].number("train_loss")
    summary = summarise(TOY_ARCH.name, num_classes=2, image_size_px=16)
    assert "[3×3,8; 3×3,8]×1" in str(summary.layers)
    assert summary.parameters == sum(each.numel() for each in made.net.model.parameters())


def test_a_new_entry_is_explained_in_the_report(toys: None, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    worker = workers.register(store, pid=1, device="cpu", device_name="test")
    for loss in ("ce", TOY_LOSS.name):
        add_runs(store, [make_spec({"data": "digits", "epochs": 1, **TOYS, "loss": loss})], sweep="toys")
        held = queue.claim(store, worker)
        assert held is not None
        train(store, held, 1, skill=0.5)
        queue.end(store, held, "done")
    text = markdown_page(report_contents(collect(store, run_ids=None, sweep="toys"), Facts()), {})
    store.close()
    assert (
        f"| digits | toy-resnet10 | scratch; loss {TOY_LOSS.name} |" in text
        and "| `loss` | ce | toy-brier |" in text
    )
    assert "| `optimizer` | toy-rprop | optimiser: resilient propagation of a toy |" in text
    assert "- `loss` ce: cross-entropy; toy-brier: the Brier score of a toy." in text
