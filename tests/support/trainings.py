"""Sessions of a real network on a small data set, without a database."""

import torch
from safetensors.torch import load_file
from sessions import CPU, Memory

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.training.checkpoint import load_checkpoint
from engine.training.context import RunContext
from engine.training.session import Session


def spec(**values: object) -> RunSpec:
    small = {"data": "data", "image_size": 16, "batch_size": 8, "epochs": 2, "lr": 0.02, "threads": 1}
    return make_spec(small | values)


def session(home: Home, run_id: int, wanted: RunSpec) -> Session:
    torch.set_num_threads(1)
    return Session(RunContext(wanted, home, run_id, device=CPU, precision="fp32", log=lambda _text: None))


def train(home: Home, run_id: int, wanted: RunSpec) -> Memory:
    memory = Memory()
    assert session(home, run_id, wanted).train(memory, lambda: False)
    return memory


def weights(home: Home, run_id: int, wanted: RunSpec) -> dict[str, torch.Tensor]:
    state = load_checkpoint(home.run(run_id), wanted.training_digest())
    assert state is not None
    tensors: dict[str, torch.Tensor] = state["model"]
    return tensors


def assert_same_bits(home: Home, one: int, other: int, wanted: RunSpec | None = None) -> None:
    first, second = (weights(home, run, wanted or spec()) for run in (one, other))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    best_one, best_other = (load_file(home.run(run).best) for run in (one, other))
    assert all(torch.equal(best_one[name], best_other[name]) for name in best_one)
