"""Warnings of runs that will not fit a card."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from engine.hardware.telemetry import HostCard, NvidiaState
from engine.models.resnet import resnet
from engine.preflight import gpu_memory
from engine.preflight.gpu_memory import (
    Need,
    least_need,
    need,
    too_large,
)
from engine.spec.archs import ARCH_INFOS
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.spec.stems import STEMS, Stem
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.tables import Run

SPEC = make_spec({"data": "photos", "arch": "resnet50", "batch_size": 256, "precision": "fp32"})


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("arch", ARCH_INFOS)
def test_the_figures_are_what_autograd_keeps(arch: str, stem: Stem) -> None:
    info, cost = ARCH_INFOS[arch], ARCH_INFOS[arch].cost(stem)
    with torch.device("meta"):
        model = resnet(arch, 1000, "3x3", zero_init_residual=False, stem=stem)
        images = torch.empty(4, 3, cost.size_px, cost.size_px)
        labels = torch.empty(4, dtype=torch.long)
    own = {tensor.untyped_storage()._cdata for tensor in [*model.parameters(), *model.buffers()]}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        functional.cross_entropy(model(images), labels)
    counted_mib = sum(storage.nbytes() for storage in kept.values()) / 4 / 2**20
    assert counted_mib == pytest.approx(cost.activations_mib, rel=0.01)
    state = model.state_dict()
    weights_mib = sum(tensor.nbytes for name, tensor in state.items() if not name.startswith("fc.")) / 2**20
    assert weights_mib == pytest.approx(info.weights_mib, rel=0.01)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(images)
    assert counter.get_total_flops() // 2 // 4 == cost.multiply_adds


def gigabytes(spec: RunSpec) -> float:
    found = least_need(spec)
    assert found is not None
    return found.gb


def test_the_cifar_stem_takes_more_and_of_a_plugin_nothing_is_known() -> None:
    small = {"data": "photos", "image_size": 64, "batch_size": 256, "precision": "fp32"}
    usual, cifar = (gigabytes(make_spec({**small, "stem": stem})) for stem in STEMS)
    assert cifar > 4 * usual
    plugin = make_spec({**small, "arch": "model.py:make"})
    assert least_need(plugin) is None and too_large([(plugin, None)], {"T4": 15.0}) == []
    assert need(plugin, {plugin.memory_digest(): (4, 31.0)}) == Need(31.5, "as run 4 did")


def test_a_learnt_peak_goes_before_the_estimate() -> None:
    assert 20 < gigabytes(SPEC) < 23 and gigabytes(SPEC.model_copy(update={"image_size": 112})) < 7
    other = SPEC.model_copy(update={"batch_size": 8})
    assert need(SPEC, {other.memory_digest(): (3, 2.0), SPEC.memory_digest(): (4, 31.0)}) == Need(
        31.5, "as run 4 did"
    )
    assert need(SPEC, {other.memory_digest(): (3, 2.0)}) == least_need(SPEC)


def test_the_optimizers_state_takes_its_copies_of_the_weights() -> None:
    changes = ({"momentum": 0.0}, {}, {"optimizer": "adamw"})
    plain, momentum, adamw = (least_need(SPEC.model_copy(update=change)).gb for change in changes)
    copy_gb = ARCH_INFOS["resnet50"].weights_mib / 1024
    assert (momentum - plain, adamw - momentum) == pytest.approx((copy_gb, copy_gb))


def test_one_line_for_each_kind_that_fits_no_card() -> None:
    needs = [(SPEC.model_copy(update={"seed": seed}), least_need(SPEC)) for seed in range(3)]
    (problem,) = too_large(needs, {"T4": 15.0, "P4": 8.0})
    assert "resnet50 at 224 px, batch 256" in problem.what
    assert problem.text.endswith("T4 has 15.0: try a smaller micro_batch, or try a smaller image_size")
    assert too_large(needs, {"T4": 15.0, "H100": 80.0}) == [] and too_large(needs, {}) == []


def test_the_largest_need_of_runs_that_are_named_alike_counts() -> None:
    halved = SPEC.model_copy(update={"precision": "bf16"})
    for specs in ((SPEC, halved), (halved, SPEC)):
        (problem,) = too_large([(spec, least_need(spec)) for spec in specs], {"P4": 8.0})
        assert f"takes {gigabytes(SPEC):.1f} GiB or more" in problem.what


def test_the_cards_of_this_host_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    assert gpu_memory.warnings_for(store, [SPEC]) == []
    small = NvidiaState((HostCard("T4", "GPU-0", 15.0, 0.0),), "580.65.06", 13000, None)
    monkeypatch.setattr(gpu_memory.telemetry, "nvidia", lambda: small)
    assert len(gpu_memory.warnings_for(store, [SPEC])) == 1


def test_a_run_on_the_cpu_teaches_nothing_of_cards(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    on_cpu, on_card = add_runs(store, [SPEC, SPEC]).ids
    with store.write() as session:
        for run_id, place in ((on_cpu, ""), (on_card, "H100, 4 GiB of images")):
            run = session.get(Run, run_id)
            assert run is not None
            run.peak_memory_gb, run.memory_place = 3.0, place
    with store.read() as session:
        assert listing.memory_peaks(session) == [(on_card, SPEC.memory_digest(), 3.0)]
    store.close()
