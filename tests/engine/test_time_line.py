"""Time line: each moment belongs to one phase, and attempts add up."""

import threading
import time

import pytest

from engine.time_line import STAGES, WORDS, Phase, PhaseClock, time_line_of


def test_every_moment_counts_for_the_innermost_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = PhaseClock(began_s=97.0)
    clock.enter(Phase.REST)
    now += 1
    with clock.phase(Phase.TRAINING):
        now += 10
        with clock.phase(Phase.CHECKPOINTS):
            now += 2
        now += 20
        with pytest.raises(ValueError, match="inside"), clock.phase(Phase.TABLE):
            now += 4
            raise ValueError("inside")
        assert clock.seconds()["training"] == 30
    now += 0.5
    assert clock.seconds() == {"process": 3, "rest": 1.5, "training": 30, "checkpoints": 2, "table": 4}
    assert sum(clock.seconds().values()) == now - 97


def test_a_thread_beside_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = PhaseClock()

    def write() -> None:
        nonlocal now
        with clock.beside(), clock.phase(Phase.CHECKPOINTS):
            now += 5

    with clock.phase(Phase.TRAINING):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    with clock.phase(Phase.CHECKPOINTS):
        now += 2
    assert clock.seconds() == {"process": 0, "training": 5, "checkpoints": 2}


def test_a_claim_that_seems_to_lie_ahead_counts_from_now() -> None:
    assert 0 <= PhaseClock(began_s=time.monotonic() + 1e6).seconds()["process"] < 1e5


def test_the_seconds_of_all_attempts_add_up_to_the_wall_time() -> None:
    line = time_line_of(
        [{"training": 6.0, "list": 1.0}, {"training": 2.0, "rest": 1.0, "of a newer version": 2}]
    )
    assert line is not None and (line.attempts, line.wall_s) == (2, 12)
    assert [(each.phase, each.seconds) for each in line.phases] == [
        (Phase.LIST, 1), (Phase.TRAINING, 8), (Phase.REST, 3)
    ]  # fmt: skip
    assert line.share("training") == pytest.approx(8 / 12) and line.share("packing") == 0
    document = line.document()
    assert sum(each["share"] for each in document["phases"]) == pytest.approx(1, abs=1e-3)
    assert document["phases"][1]["phase"] == "training"


def test_a_run_without_times_has_no_time_line() -> None:
    assert time_line_of([]) is None and time_line_of([{}]) is None


def test_every_phase_has_words_and_one_stage() -> None:
    assert set(WORDS) == set(Phase)
    assert sorted(phase for stage in STAGES.values() for phase in stage) == sorted(Phase)
