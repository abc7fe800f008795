"""A spare process that dies again and again, and workers of `--device all` that leave by a signal."""

import errno
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.files.paths import GPU_CACHE_VARIABLE, Home
from engine.worker import all_devices
from engine.worker.__main__ import main
from engine.worker.all_devices import PASSED_ON, _code_of
from engine.worker.find_device import WorkerError
from engine.worker.warm_process import DEATHS, WarmProcesses


def test_a_spare_that_always_dies_is_not_started_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def dies(*_: object) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE))
        started[-1].communicate()
        return started[-1]

    spares = WarmProcesses(Home.find(tmp_path), "cpu")
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


def test_workers_stop_where_the_host_starts_no_more_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def popen(*_: object, preexec_fn: Any, **__: object) -> subprocess.Popen[bytes]:
        if started:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        started.append(start(["sleep", "60"], preexec_fn=preexec_fn))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, *PASSED_ON)}
    try:
        with pytest.raises(WorkerError, match=r"\(Resource temporarily unavailable\), so none runs now"):
            all_devices.lead(["cuda:0", "cuda:1", "cuda:2"], [])
        assert [process.returncode for process in started] == [-signal.SIGTERM]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for process in started:
            process.kill()


def test_a_size_of_the_cards_cache_that_is_none_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(GPU_CACHE_VARIABLE, "much")
    assert main(["--home", "/nowhere/at/all"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"{GPU_CACHE_VARIABLE}: 'much' is no size of the card's cache" in said
