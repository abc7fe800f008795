"""Images that fill no whole batches: a network learns from any number, and a run keeps the rule that divides them."""

from pathlib import Path

import pytest
import torch
from pictures import lab_csvs
from sessions import Memory, context, numbers
from trainings import assert_same_bits, session, spec, train

from engine.analysis.evidence import evidence_of
from engine.analysis.findings.judging import judge, make_case
from engine.files.paths import Home
from engine.recipes.batch_parts import LAST_SHORT, SHARED
from engine.training import setup
from engine.training.checkpoint import PARTITION, CheckpointError
from engine.training.session import Session


def home_of(root: Path, train_images: int, test_images: int = 30) -> Home:
    lab_csvs(
        root / "data", *([number % 3 for number in range(count)] for count in (train_images, test_images))
    )
    return Home.find(root, cache=root / "cache")


@pytest.mark.parametrize(
    ("images", "settings"),
    [
        (128, {"batch_size": 32}),
        (129, {"batch_size": 32}),
        (130, {"batch_size": 32}),
        (132, {"batch_size": 33, "micro_batch": 31}),
    ],
)
def test_it_learns_from_any_number_of_images(tmp_path: Path, images: int, settings: dict[str, int]) -> None:
    """Its last feature map is 1×1. Batches or micro-batches of two send some epochs' NLL above 100, or above 10⁸."""
    wanted = spec(epochs=8, **settings)
    found = train(home_of(tmp_path, images), 1, wanted).measured
    assert max(each.number("test_nll") or 0 for each in found) < 50
    assert (found[-1].number("test_acc") or 0) > 0.9
    labels = tuple(found[-1].evaluation.confusion.sum(axis=1).tolist())
    history = [evidence_of(each, baseline=1 / 3, labels=labels) for each in found]
    case = make_case(history, wanted, (images // 3,) * 3)
    assert case is not None
    assert all(each.severity == "note" for each in judge(case))


def stop_after(steps: int, home: Home, run_id: int, **settings: int) -> Memory:
    memory, left = Memory(), iter(range(steps))
    assert not session(home, run_id, spec(**settings)).train(memory, lambda: next(left, None) is None)
    return memory


def without_rule(home: Home, run_id: int) -> None:
    """Make the run's checkpoint one of a version that names no rule."""
    last = home.run(run_id).last
    state = torch.load(last, weights_only=True)
    assert state.pop(PARTITION) == LAST_SHORT.name
    torch.save(state, last)


@pytest.mark.parametrize("settings", [{}, {"micro_batch": 5}])
@pytest.mark.parametrize("steps", [2, 4, 6])
def test_a_checkpoint_without_a_rule_goes_on_with_short_last_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, int], steps: int
) -> None:
    """Of 26 images in batches of 8, a last one of two: stopped before, between and after two of them."""
    home, wanted = home_of(tmp_path, 26, 6), spec(**settings)
    with monkeypatch.context() as patch:
        patch.setattr(setup, "partition_of", lambda _checkpoint: LAST_SHORT)
        undisturbed = train(home, 1, wanted)
        memory = stop_after(steps, home, 2, **settings)
    without_rule(home, 2)
    said: list[str] = []
    resumed = Session(context(wanted, home, 2, said.append))
    assert resumed.data.partition is LAST_SHORT
    assert "begun by an earlier version, whose short last batches it keeps; a clone would have none" in said
    assert resumed.train(memory, lambda: False)
    assert numbers(memory) == numbers(undisturbed)
    assert_same_bits(home, 1, 2, wanted)
    assert session(home, 2, wanted).data.partition is LAST_SHORT, "it keeps the rule to its end"
    assert numbers(train(home, 3, wanted)) != numbers(undisturbed), "a run that begins has another"


def test_a_run_that_begins_names_its_rule_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    home = home_of(tmp_path, 26, 6)
    stop_after(3, home, 1)
    state = torch.load(home.run(1).last, weights_only=True)
    assert state[PARTITION] == SHARED.name and session(home, 1, spec()).data.partition is SHARED
    torch.save({**state, PARTITION: "of a later version"}, home.run(1).last)
    with pytest.raises(CheckpointError, match="by another version: queue a clone"):
        session(home, 1, spec())
