"""Captured passes: what stands in for a card's graph runs the same computation into the same tensors each time."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sessions import CPU, Memory
from small import outcome, small_home, small_session, small_spec
from torch import nn

from engine.files.paths import Home
from engine.spec.run_spec import RunSpec
from engine.training.compilation import make_replay
from engine.training.cuda_graph import Capture, LossAndCorrect, Replay


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return small_home(tmp_path, monkeypatch)


class FakeCard:
    """Captures as a card does: a replay overwrites the captured outputs and gradients, and nothing else tells it."""

    def __init__(self) -> None:
        self.replays = 0

    def __call__(
        self, run: Callable[[], LossAndCorrect], model: nn.Module
    ) -> tuple[Callable[[], object], LossAndCorrect]:
        parameters = list(model.parameters())

        def fresh() -> LossAndCorrect:
            for each in parameters:
                each.grad = None
            return run()

        loss, right = fresh()
        gradients = [each.grad for each in parameters]

        def replay() -> None:
            self.replays += 1
            found = fresh()
            loss.copy_(found[0])
            right.copy_(found[1])
            for parameter, static in zip(parameters, gradients, strict=True):
                assert static is not None and parameter.grad is not None
                static.copy_(parameter.grad)
                parameter.grad = static

        return replay, (loss, right)


def train(
    home: Home,
    run_id: int,
    spec: RunSpec,
    card: Capture | None,
    stop_at: int = 0,
    said: list[str] | None = None,
) -> Memory:
    memory, steps, said = Memory(), 0, said if said is not None else []

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps == stop_at

    for last in (False, True) if stop_at else (True,):
        session = small_session(home, run_id, spec, said)
        replay = None if card is None else Replay(session.data.usual_batch, said.append, card)
        session.net = replace(session.net, replay=replay)
        assert session.train(memory, stop if stop_at else lambda: False) == last
    return memory


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"augment": "flip4", "loss": "logit-adjusted", "optimizer": "adamw", "clip_norm": 0.5},
        {"freeze_epochs": 1, "pretrained": "start.safetensors"},
        {"loss": "mse-ordinal", "nesterov": True, "schedule": "onecycle"},
    ],
)
@pytest.mark.parametrize("stop_at", [0, 7])
def test_replayed_batches_have_the_bits_of_computed_ones(
    home: Home, settings: dict[str, object], stop_at: int
) -> None:
    spec, card = small_spec(**settings), FakeCard()
    plain = train(home, 1, spec, None)
    replayed = train(home, 2, spec, card, stop_at)
    assert outcome(home, 1, spec, plain) == outcome(home, 2, spec, replayed)
    usual = {"flip4": 16}.get(str(settings.get("augment")), 4) * 3
    frozen = usual // 3 if "freeze_epochs" in settings else 0
    assert card.replays == usual - frozen


def test_what_the_card_does_not_capture_is_computed_and_said(home: Home) -> None:
    def refusing(
        run: Callable[[], LossAndCorrect], model: nn.Module
    ) -> tuple[Callable[[], object], LossAndCorrect]:
        run()
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    said: list[str] = []
    plain = train(home, 1, small_spec(), None)
    other = train(home, 2, small_spec(), refusing, said=said)
    assert outcome(home, 1, small_spec(), plain) == outcome(home, 2, small_spec(), other)
    assert [line for line in said if "graph" in line] == [
        "not replayed as a CUDA graph: operation not permitted when stream is capturing"
    ]


def test_a_failing_pass_fails_as_without_a_capture() -> None:
    def failing(_images: torch.Tensor, _labels: torch.Tensor) -> LossAndCorrect:
        raise torch.OutOfMemoryError("CUDA out of memory")

    images, labels = torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(torch.OutOfMemoryError):
        Replay(2, print, FakeCard())(nn.Linear(3, 2), failing, images, labels)


def test_only_plain_steps_on_a_card_are_replayed() -> None:
    card, spec = torch.device("cuda"), small_spec()
    assert make_replay(spec, card, "bf16", 5, 5, print) is not None
    assert make_replay(spec, card, "bf16", 4, 4, print) is not None  # no batch is whole
    for device, precision, at_once in (
        (CPU, "bf16", 5),
        (card, "bf16", 2),
        (card, "fp16", 5),
        (card, "fp32", 5),
    ):
        assert make_replay(spec, device, precision, 5, at_once, print) is None
    for settings in ({"cuda_graphs": "off"}, {"compile": True}, {"head": "dropout"}):
        assert make_replay(small_spec(**settings), card, "bf16", 5, 5, print) is None


def test_a_spec_of_before_still_loads() -> None:
    assert small_spec(cuda_graphs=True) == small_spec(cuda_graphs=False) == small_spec()
