"""The app's start in a terminal."""

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Server
from slow_link import slow_link
from terminal import Terminal
from waiting import LIMIT_S
from waiting import until as in_time

from engine.files.paths import Home
from engine.store.database import Store
from tui.start import only_flags

# The start, in a terminal

START = "\nfrom tui.start import main\nmain()"
DEAF_APP = """
import tui.feeds.home_feed
tui.feeds.home_feed.HomeFeed._read = lambda self, *wanted: None  # what is seen is what the other process saw
"""
KILLED = """
import os, signal
from tui.feeds import prefetch
prefetch._report = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
"""
NO_CHILDREN = """
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
"""
SLOW = """
import time
from tui.feeds import prefetch
prefetch.first_look = lambda *_: time.sleep(600)
"""
INTERRUPTED = """
import os
from tui.feeds import prefetch
def interrupted(self):
    print("looker", self._pid, flush=True)
    raise KeyboardInterrupt
prefetch.Prefetch.has_opened = interrupted
"""


@pytest.fixture
def terminals(home: Home) -> Iterator[list[Terminal]]:
    found: list[Terminal] = []
    yield found
    for terminal in found:
        terminal.end()


def start(terminals: list[Terminal], home: Home, before: str = "") -> Terminal:
    command = [sys.executable, "-c", before + START, "--home", str(home.root)]
    terminals.append(Terminal(command, columns=100, lines=30, cwd=home.root))
    return terminals[-1]


@pytest.mark.parametrize("before", [DEAF_APP, KILLED, NO_CHILDREN], ids=["seen", "killed", "no-children"])
def test_the_runs_are_shown_at_the_start(
    home: Home, study: Store, terminals: list[Terminal], before: str
) -> None:
    terminal = start(terminals, home, before)
    terminal.until_shows("#5 resnet50")
    terminal.send("q")
    assert terminal.process.wait(timeout=LIMIT_S) == 0


def test_a_table_that_cannot_be_opened_is_one_line(home: Home, terminals: list[Terminal]) -> None:
    (home.root / "runs.db").write_text("not a database " * 100)
    terminal = start(terminals, home)
    assert terminal.process.wait(timeout=LIMIT_S) == 2
    in_time(lambda: "isnotaresnet-tuidatabase" in "".join(terminal.text.split()))  # it wraps anywhere
    assert len([line for line in terminal.text.splitlines() if line.startswith("resnet-tui: ")]) == 1
    assert "Traceback" not in terminal.text


def test_a_slow_look_shows_an_empty_frame_and_is_ended_with_the_app(
    home: Home, study: Store, terminals: list[Terminal]
) -> None:
    terminal = start(terminals, home, SLOW)
    terminal.until_shows("reading the run table …")
    terminal.send("q")
    assert terminal.process.wait(timeout=LIMIT_S) == 0


def test_a_server_that_is_silent_is_waited_for_and_said(
    home: Home, terminals: list[Terminal], postgres_server: Server
) -> None:
    with slow_link(postgres_server.empty_runs()) as link:
        link.fall_silent()
        far = Home.find(home.root, link.url)
        command = [sys.executable, "-c", START, "--home", str(far.root), "--db", far.database]
        terminals.append(Terminal(command, columns=100, lines=30, cwd=home.root))
        terminals[-1].until_shows("server has not answered yet")
        link.heal()
        terminals[-1].until_shows("No runs yet")


def test_a_table_that_another_process_holds_is_waited_for_and_said(
    home: Home, study: Store, terminals: list[Terminal]
) -> None:
    with contextlib.closing(sqlite3.connect(home.root / "runs.db", isolation_level=None)) as other:
        study.close()
        other.execute("PRAGMA journal_mode=DELETE").fetchall()
        other.execute("BEGIN EXCLUSIVE")
        terminal = start(terminals, home)
        terminal.until_shows("the run table is slow to open")
        other.execute("ROLLBACK")
        terminal.until_shows("#5 resnet50")


def test_who_interrupts_the_start_leaves_nothing_behind(home: Home, terminals: list[Terminal]) -> None:
    terminal = start(terminals, home, INTERRUPTED)
    assert terminal.process.wait(timeout=LIMIT_S) == 130
    terminal.until_shows("looker")
    assert "Traceback" not in terminal.text
    looker = int(terminal.line_with("looker").split()[1])
    assert not Path(f"/proc/{looker}").exists() or "Z" in Path(f"/proc/{looker}/stat").read_text()


# Its flags


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ([], {}),
        (["--home", "x", "--readonly"], {"home": "x", "readonly": "readonly"}),
        (["--db=sqlite:///a=b.db", "--ascii"], {"db": "sqlite:///a=b.db", "ascii": "ascii"}),
        (["--home", "--readonly"], {"home": "--readonly"}),
        (["--home"], None),
        (["--readonly=yes"], None),
        (["-home", "x"], None),
        (["home", "x"], None),
        (["x--home", "y"], None),
        (["--"], None),
        (["--help"], None),
        (["--home", "x", "ls"], None),
        (["--home", "x", "--home", "y"], None),
    ],
)
def test_only_the_apps_own_flags_open_it_at_once(arguments: list[str], flags: dict[str, str] | None) -> None:
    assert only_flags(arguments) == flags
