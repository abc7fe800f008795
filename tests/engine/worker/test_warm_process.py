"""A spare process that dies again and again, and workers of `--device all` that leave by a signal."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.files.paths import Home
from engine.worker.all_devices import _code_of
from engine.worker.warm_process import DEATHS, Spares


def test_a_spare_that_always_dies_is_not_started_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def dies(*_: object) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE))
        started[-1].communicate()
        return started[-1]

    spares = Spares(Home.find(tmp_path), "cpu")
    monkeypatch.setattr(spares, "_start", dies)
    for _ in range(DEATHS + 3):
        spares.keep()
    assert len(started) == DEATHS


@pytest.mark.parametrize(
    ("code", "told", "found"),
    [(-15, [signal.SIGTERM], 0), (-15, [], 143), (-9, [signal.SIGTERM], 137), (2, [], 2), (0, [], 0)],
)
def test_a_worker_that_was_told_to_leave_before_it_listened_has_left_as_told(
    code: int, told: list[int], found: int
) -> None:
    assert _code_of(code, told) == found
