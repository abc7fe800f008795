"""Real workers and trainings on a stand-in for a card: they share it as far as its memory goes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lab import Lab
from shared_cards import teach
from sqlmodel import select
from stored_runs import get
from waiting import LIMIT_S

from engine.store import history
from engine.store.tables import Worker
from tests.support import stand_in_card
from tests.support.stand_in_card import FOLDER, MET, PLACE, REFUSED

ROOT = Path(__file__).parents[3]


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    monkeypatch.setenv(FOLDER, str(folder))
    return folder


def start_worker(lab: Lab, *flags: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", stand_in_card.MODULE, "worker", "--home", str(lab.home.root)]
    worker = subprocess.Popen(
        [*command, "--of-slots", "2", "--drain", *flags],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    lab.workers.append(worker)
    return worker


def test_runs_share_a_card_and_one_that_is_too_large_for_it_waits_to_be_alone(lab: Lab, card: Path) -> None:
    small = {"epochs": 3, "batch_size": 8}
    first = lab.add(**small)
    # Nobody knows that this one takes more than it is said to.
    large = lab.add(epochs=1, batch_size=6)
    others = [lab.add(**small, seed=seed) for seed in (1, 2)]
    settings = {
        "data": "data",
        "image_size": 16,
        "batch_size": 6,
        "epochs": 2,
        "threads": 1,
        "precision": "fp32",
    }
    teach(lab.store, 1.0, PLACE, **settings)
    workers = [start_worker(lab) for _ in range(2)]
    for worker in workers:
        _, said = worker.communicate(timeout=LIMIT_S)
        assert worker.returncode == 0, said
    assert [get(lab.store, each).status for each in (first, large, *others)] == ["done"] * 4
    assert (card / MET).exists() and (card / REFUSED).exists()
    run = get(lab.store, large)
    assert (run.attempt, run.failures, run.trains_alone) == (2, 0, True)
    assert f"out of memory beside run {first}: queued again, to train alone on the card" in lab.log(large)
    assert "trains alone on cuda:0: it ran out of memory beside other runs" in lab.log(large)
    assert "shares cuda:0 with up to 1 other runs" in lab.log(first)
    with lab.store.read() as session:
        at_once = {
            each: [epoch.runs_at_once for epoch in history.epochs_of(session, each)]
            for each in (large, *others)
        }
        listed = session.exec(select(Worker).where(Worker.device == "cuda:0")).all()
    assert at_once[large][1] == 1 and 2 in at_once[others[0]] + at_once[others[1]]
    assert [(each.slots, each.state, each.memory_place) for each in listed] == [(2, "gone", PLACE)] * 2
