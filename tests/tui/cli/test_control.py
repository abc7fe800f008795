"""Waiting for runs."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from shell import Shell

from engine.files.paths import Home
from engine.store import listing, queue
from engine.store.database import Store, open_store
from engine.store.edits.remove import remove


def test_wait_for_a_sweep(shell: Shell, study: Store) -> None:
    assert shell("cancel", "5", "7") == 0
    queue.put_back(study, queue.Claim(5, 1))
    assert shell("wait", "--sweep", "demo") == 1
    assert "run 6 failed: the loss is not finite" in shell.err and "run 5 cancelled" in shell.err
    assert shell("wait", "1-2") == 0


def test_wait_and_drain_leave_behind_a_paused_run(shell: Shell) -> None:
    assert shell("add", "--data", "digits") == 0
    assert shell("add", "--data", "digits", "--after", "1") == 0
    assert shell("add", "--data", "digits", "--after", "any:2") == 0
    assert shell("pause", "1") == 0
    assert shell("wait", "1-3") == 1
    assert shell.err == (
        "run 1 paused\nrun 2 waits for run 1, which is paused\nrun 3 waits for run 1, which is paused\n"
    )
    store = open_store(f"sqlite:///{shell.home}/runs.db")
    with store.read() as session:
        assert listing.pending(session) == []
    assert shell("resume", "1") == 0
    with store.read() as session:
        assert listing.pending(session) == [1, 2, 3]
    store.close()


def while_it_waits(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
    """Let others act while `wait` sleeps, a step each time."""
    ahead = iter(steps)
    monkeypatch.setattr("tui.cli.control.time", SimpleNamespace(sleep=lambda _: next(ahead)()))


def test_wait_goes_on_for_the_others_when_a_run_is_removed(
    shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "there is no run 99" in shell.refuses("wait", "1", "99")
    home = Home.find(shell.home)
    while_it_waits(
        monkeypatch,
        lambda: remove(study, home, [8]),
        lambda: queue.end(study, queue.Claim(5, 1), "done"),
    )
    assert shell("wait", "1", "5", "8") == 1
    assert shell.err == "run 8 was removed\n"


def test_wait_says_that_no_worker_has_a_card(
    shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell("add", "--data", "digits", "--precision", "fp16") == 0
    assert shell("add", "--data", "digits", "--after", "9") == 0
    while_it_waits(monkeypatch, lambda: None, lambda: queue.ask(study, [9], "cancel"))
    assert shell("wait", "10") == 1
    assert shell.err == (
        "no worker for cuda is running: start one with resnet-tui workers start --device cuda:0\n"
        "run 10 waits for run 9, which was cancelled\n"
    )
