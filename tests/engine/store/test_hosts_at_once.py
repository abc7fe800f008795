"""Hosts that take a run table in a network folder at the same moment: one has it, whatever the order of their steps."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hosts import silent

from engine.hardware import processes
from engine.store import network_lock
from engine.store.network_lock import EXPIRES_S, HeldElsewhere, Holder


def answers(host: str, database: Path) -> Holder:
    """A holder on that host; `keep` asks for the name there."""
    holder = Holder(database, "nfs4")
    keep = holder.keep

    def on_its_host() -> None:
        before, processes.host_name = processes.host_name, lambda: host
        try:
            keep()
        finally:
            processes.host_name = before

    holder.keep = on_its_host  # type: ignore[method-assign]
    return holder


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Hosts that are played by one process wait for nobody."""
    if "many_hosts" not in request.node.name:
        monkeypatch.setattr(network_lock, "ASK_EVERY_S", 0.0)


@pytest.mark.parametrize("state", ["absent", "expired"])
@pytest.mark.parametrize("function", ["read", "open", "mkstemp", "rename"])
def test_of_two_hosts_that_take_the_name_at_once_one_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, function: str
) -> None:
    """The second host comes in between, at each of the first one's steps."""
    owner = {"read": network_lock, "open": os, "mkstemp": tempfile, "rename": os}[function]
    function = {"read": "_read"}.get(function, function)
    for step in range(6):
        database = tmp_path / str(step) / "runs.db"
        database.parent.mkdir()
        if state == "expired":
            answers("old", database).keep()
            silent(database, EXPIRES_S + 1)
        one, two, won = answers("one", database), answers("two", database), []
        with monkeypatch.context() as patch:
            patch.setattr(owner, function, Interrupted(getattr(owner, function), step, two, won))
            ask(one, "one", won)
        ask(one, "one", []), ask(two, "two", [])
        name = (database.parent / "runs.db.host").read_text().strip()
        assert won == [name], step
        assert os.listdir(database.parent) == ["runs.db.host"]


def ask(holder: Holder, host: str, won: list[str]) -> None:
    """Add the host to `won` if it may go on."""
    try:
        holder.keep()
        won.append(host)
    except HeldElsewhere as error:
        assert "is held by host" in str(error) or "several hosts ask for" in str(error)


class Interrupted:
    """A function before whose call number `step` host two asks for the name."""

    def __init__(self, function: Callable[..., Any], step: int, two: Holder, won: list[str]) -> None:
        self._function, self._left, self._two, self._won = function, step, two, won

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        self._left -= 1
        if self._left == -1:
            ask(self._two, "two", self._won)
        return self._function(*arguments, **more)


def test_the_turn_of_a_host_that_died_in_it_ends(tmp_path: Path) -> None:
    turn = tmp_path / "runs.db.host.turn"
    turn.touch()
    with pytest.raises(HeldElsewhere, match="several hosts ask for"):
        answers("one", tmp_path / "runs.db").keep()
    os.utime(turn, (0, 0))
    answers("one", tmp_path / "runs.db").keep()
    assert os.listdir(tmp_path) == ["runs.db.host"]


def test_a_sign_of_life_at_the_last_moment_keeps_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "runs.db"
    first, second = answers("one", database), answers("two", database)
    first.keep()
    silent(database, EXPIRES_S + 1)
    first._next = 0.0
    rename = os.rename

    def late(*arguments: Any) -> None:
        if first._next == 0.0:
            first.keep()
        rename(*arguments)

    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(HeldElsewhere, match="held by host one"):
        second.keep()
    assert (tmp_path / "runs.db.host").read_text() == "one\n" and len(os.listdir(tmp_path)) == 1


def keep_as(host: str, database: Path, start: Any, kept: Any) -> None:
    holder = answers(host, database)
    start.wait()
    try:
        holder.keep()
    except HeldElsewhere:
        return
    kept.put(host)


@pytest.mark.parametrize("state", ["absent", "expired"])
def test_of_many_hosts_that_start_at_once_one_goes_on(tmp_path: Path, state: str) -> None:
    context = multiprocessing.get_context("fork")
    for number in range(5):
        database = tmp_path / str(number) / "runs.db"
        database.parent.mkdir()
        if state == "expired":
            answers("old", database).keep()
            silent(database, EXPIRES_S + 1)
        start, kept = context.Barrier(8), context.Queue()
        hosts = [
            context.Process(target=keep_as, args=(f"host{each}", database, start, kept)) for each in range(8)
        ]
        for host in hosts:
            host.start()
        for host in hosts:
            host.join()
        assert kept.get() == (database.parent / "runs.db.host").read_text().strip()
        assert kept.empty() and len(os.listdir(database.parent)) == 1
