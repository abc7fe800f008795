"""Training processes and workers are killed at random moments: no run is lost, none is harmed."""

from pathlib import Path

import pytest

from benchmarks.kill_loop import TARGETS, KillLoop
from tests.support.forking import Forked

KILLS, RUNS, EPOCHS = 3, 1, 4


@pytest.mark.timeout(900)
def test_three_kills_lose_nothing(tmp_path: Path) -> None:
    loop = KillLoop(tmp_path, kills=KILLS, runs=RUNS, epochs=EPOCHS, start=Forked)
    loop.run()
    assert len(loop.landed) == KILLS and {kill.target for kill in loop.landed} == set(TARGETS)
    assert loop.problems() == []
    runs = [loop.row(run_id) for run_id in loop.victims]
    assert sum(run.attempt for run in runs) >= KILLS + RUNS and {run.failures for run in runs} == {0}
    assert any("going on from epoch" in loop.home.run(run_id).log.read_text() for run_id in loop.victims)
    loop.store.close()
