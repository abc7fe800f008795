"""Leaving of a worker by signals and the clock."""

import signal
import time
from datetime import datetime

import pytest

from engine.worker.arguments import parse
from engine.worker.shutdown import STOP_NOW, STOP_SOON, Shutdown, Urgency, next_time

NOON = datetime(2026, 5, 4, 12, 0, 30)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12:01", datetime(2026, 5, 4, 12, 1)),
        ("12:00", datetime(2026, 5, 5, 12, 0)),
        ("08:00", datetime(2026, 5, 5, 8, 0)),
        ("8:05", datetime(2026, 5, 5, 8, 5)),
    ],
)
def test_the_next_such_time(text: str, found: datetime) -> None:
    assert next_time(text, NOON) == found


@pytest.mark.parametrize("text", ["24:00", "8", "8:", ":30", "08:60", "morning", "-1:30", "8:00:00", "٣:٠٠"])
def test_what_is_no_time_is_one_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse([f"--until={text}"])
    error = capsys.readouterr().err
    assert left.value.code == 2 and error.count("\n") == 1 and "write it like 08:00" in error


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--max-runs", "0"], "must be a whole number"),
        (["--lease", "0"], "must be seconds"),
        (["--others", "-1"], "'-1' is no amount of memory: give GiB"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_a_wrong_call_is_one_line(flags: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(flags)
    error = capsys.readouterr().err
    assert left.value.code == 2 and error.count("\n") == 1 and says in error


def test_each_signal_overrules_the_milder_ones() -> None:
    leaving, seen = Shutdown(), []
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGUSR1):
        leaving._on_signal(number)
        seen.append(leaving.urgency)
    assert seen == [Urgency.UNHURRIED, Urgency.SOON, Urgency.SOON, Urgency.NOW, Urgency.NOW]


def test_what_a_parent_passes_on_is_no_second_signal() -> None:
    """A cluster that stops a job tells the parent of several workers, and each of them."""
    numbers = (
        signal.SIGTERM,
        signal.SIGINT,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGHUP,
        STOP_SOON,
        STOP_NOW,
    )
    before = {number: signal.getsignal(number) for number in numbers}
    leaving, seen = Shutdown(), []
    try:
        leaving.listen()
        for number in (STOP_SOON, signal.SIGTERM, STOP_SOON, STOP_NOW, STOP_SOON):
            signal.raise_signal(number)
            seen.append(leaving.urgency)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert seen == [Urgency.SOON] * 3 + [Urgency.NOW] * 2


def test_the_clock_asks_without_hurry() -> None:
    assert Shutdown(time.time() + 3600).urgency is Urgency.NONE
    passed = Shutdown(time.time() - 1)
    assert passed.urgency is Urgency.UNHURRIED
    passed._on_signal(signal.SIGTERM)
    assert passed.urgency is Urgency.SOON


def test_the_run_table_is_told_that_a_worker_was_asked_to_leave() -> None:
    shutdown = Shutdown()
    assert shutdown.told("running") == "running"
    shutdown.ask(after_this_run=True)
    assert shutdown.told("running") == "draining"
    shutdown._on_signal(signal.SIGUSR1)
    assert shutdown.told("running") == "draining", "as `stopping` it would be told to hurry"
    shutdown.ask(after_this_run=False)
    assert shutdown.told("running") == "stopping" and shutdown.urgency is Urgency.SOON
