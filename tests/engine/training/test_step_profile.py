"""Profile of a few steps: a Chrome trace, lines in the log, the same bits."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sessions import Memory, context
from trainings import assert_same_bits, spec

from engine.files.paths import Home
from engine.time_line import Phase
from engine.training import step_profile
from engine.training.session import Session
from engine.training.step_profile import PROFILED


def profiled(home: Home, run_id: int) -> list[str]:
    said: list[str] = []
    asked = replace(context(spec(), home, run_id, said.append), profiles=True)
    assert Session(asked).train(Memory(), lambda: False)
    assert asked.clock.seconds()[Phase.PROFILE.value] > 0
    return said


def steps_in(trace: Path) -> int:
    events = json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"]
    return sum(each.get("name") == "Optimizer.step#SGD.step" and each["ph"] == "X" for each in events)


def test_a_trace_of_the_first_epoch_and_the_same_bits(home: Home, trained: Memory) -> None:
    said = profiled(home, 60)
    assert steps_in(home.run(60).profile) == PROFILED, "an epoch of four steps: those after the first"
    assert_same_bits(home, 1, 60)
    (line,) = (place for place, each in enumerate(said) if each.startswith(f"profile of {PROFILED} steps"))
    assert "profile.json.gz" in said[line] and any("convolution_backward" in each for each in said[line:])
    assert not home.run(1).profile.exists(), "nothing unasked"


def test_a_trace_that_cannot_be_written_ends_no_training(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step_profile.profile, "export_chrome_trace", full)
    assert "the profile cannot be written: No space left on device" in profiled(home, 61)
    assert not home.run(61).profile.exists()


def test_a_run_that_is_stopped_meanwhile_leaves_no_trace(home: Home) -> None:
    asked, stops = replace(context(spec(), home, 62), profiles=True), iter((False, False, False, True))
    assert not Session(asked).train(Memory(), lambda: next(stops))
    assert not home.run(62).profile.exists()
