"""Signals, the shell's keys and lost terminals: in each case the terminal is given back."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pilots import statuses
from terminal import Terminal
from waiting import LIMIT_S, until

from engine.files.paths import Home
from engine.store.database import Store
from tui import leaving

START = "\nfrom tui.start import main\nmain()"
WITHOUT_APP = {7, 25}
"""Modes of a terminal that nobody draws on: lines wrap, and the cursor is seen."""
WITH_APP = {1000, 1003, 1006, 1049, 2004}
MARK = 9999
"""Mode that no terminal knows: a sign from the app."""
AT_ITS_START = """
import os, signal, tui.app
tui.app.ResnetTui.on_mount = lambda self: os.kill(os.getpid(), signal.SIGTERM)
"""
BEFORE_THE_APP = """
import os, signal
from tui.feeds.prefetch import Prefetch
Prefetch.has_opened = lambda self: os.kill(os.getpid(), signal.SIGTERM)
"""
HANGS = """
import time, tui.app, tui.leaving
tui.leaving.GRACE_S = {}
def hang(self):
    self.write_to_terminal("\\x1b[?9999h")
    while True:
        time.sleep(1)
tui.app.ResnetTui.next_theme = hang
"""
SLOW_EDIT = """
import time, tui.verbs
turn = tui.verbs.turn_queue
def late(store):
    open("begun", "w").close()
    time.sleep(0.3)
    return turn(store)
tui.verbs.turn_queue = late
"""
DEAF_TO_THE_HANGUP = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
"""


@pytest.fixture
def terminals(home: Home) -> Iterator[list[Terminal]]:
    found: list[Terminal] = []
    yield found
    for terminal in found:
        terminal.end()


def command(home: Home, before: str = "") -> list[str]:
    return [sys.executable, "-c", before + START, "--home", str(home.root)]


def start(terminals: list[Terminal], home: Home, before: str = "") -> Terminal:
    terminals.append(Terminal(command(home, before), columns=80, lines=24, cwd=home.root))
    return terminals[-1]


def started(terminals: list[Terminal], home: Home, before: str = "") -> Terminal:
    terminal = start(terminals, home, before)
    terminal.until_shows("#5 resnet50")
    assert terminal.modes >= WITH_APP and not terminal.echoes
    return terminal


def ends_by(terminal: Terminal, number: signal.Signals) -> None:
    assert terminal.process.wait(timeout=LIMIT_S) == -number
    assert "Traceback" not in terminal.text


def is_given_back(terminal: Terminal) -> None:
    terminal.until(lambda: terminal.modes - {MARK} <= WITHOUT_APP, what="the modes of a plain terminal")
    terminal.until(lambda: terminal.echoes, what="what is typed to be seen again")


# Signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_app_and_the_terminal_is_as_before(
    home: Home, study: Store, terminals: list[Terminal], number: signal.Signals
) -> None:
    before = statuses(study)
    terminal = started(terminals, home)
    terminal.process.send_signal(number)
    ends_by(terminal, number)
    is_given_back(terminal)
    assert terminal.modes == WITHOUT_APP and statuses(study) == before


def test_an_edit_under_way_is_written_before_the_end(
    home: Home, study: Store, terminals: list[Terminal]
) -> None:
    terminal = started(terminals, home, SLOW_EDIT)
    terminal.send("P")
    until((home.root / "begun").exists)
    terminal.process.send_signal(signal.SIGTERM)
    ends_by(terminal, signal.SIGTERM)
    terminal = started(terminals, home)
    terminal.until_shows("queue paused")


@pytest.mark.parametrize("before", [AT_ITS_START, BEFORE_THE_APP], ids=["at its start", "before the app"])
def test_a_signal_while_it_starts(home: Home, study: Store, terminals: list[Terminal], before: str) -> None:
    terminal = start(terminals, home, before)
    ends_by(terminal, signal.SIGTERM)
    is_given_back(terminal)


def test_an_app_that_hangs_is_ended_after_a_while(
    home: Home, study: Store, terminals: list[Terminal]
) -> None:
    terminal = started(terminals, home, HANGS.format(0.1))
    terminal.send("T")
    terminal.until(lambda: MARK in terminal.modes, what="the app to hang")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(timeout=LIMIT_S) == 128 + signal.SIGTERM
    is_given_back(terminal)


def test_a_second_signal_ends_it_at_once(home: Home, study: Store, terminals: list[Terminal]) -> None:
    terminal = started(terminals, home, HANGS.format(LIMIT_S))
    terminal.send("T")
    terminal.until(lambda: MARK in terminal.modes, what="the app to hang")

    def is_ended() -> bool:
        terminal.process.send_signal(signal.SIGTERM)
        return terminal.process.poll() is not None

    until(is_ended)
    ends_by(terminal, signal.SIGTERM)
    is_given_back(terminal)


@pytest.mark.parametrize("before", ["", DEAF_TO_THE_HANGUP], ids=["told", "not told"])
def test_an_app_whose_terminal_is_gone_ends(
    home: Home, study: Store, terminals: list[Terminal], before: str
) -> None:
    terminal = started(terminals, home, before)
    terminal.break_off()
    assert terminal.process.returncode == -signal.SIGHUP


def test_handlers_are_as_before_where_nothing_was_asked() -> None:
    class Idle:
        has_terminal = False

        def leave(self) -> None: ...
        def give_terminal_back(self) -> None: ...
        def has_written(self, patience_s: float | None = None) -> bool:
            return True

    before = [signal.getsignal(number) for number in leaving.ENDING]
    with leaving.Leaving(Idle()):
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(number) for number in leaving.ENDING] == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_verb_that_waits_ends_without_a_word(home: Home, study: Store, number: signal.Signals) -> None:
    log = home.run(5).log
    log.parent.mkdir(parents=True)
    log.write_text("epoch 1\n")
    follow = [sys.executable, "-c", START, "log", "5", "--follow"]
    inherited = signal.signal(number, signal.SIG_DFL)  # nohup would have it ignored, by the verb too
    try:
        _ends_by(follow, home, number)
    finally:
        signal.signal(number, inherited)


def _ends_by(follow: list[str], home: Home, number: signal.Signals) -> None:
    with subprocess.Popen(follow, cwd=home.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as verb:
        assert verb.stdout is not None and verb.stdout.readline() == b"epoch 1\n"
        verb.send_signal(number)
        assert verb.communicate(timeout=LIMIT_S) == (b"", b"") and verb.returncode == -number


# The shell's keys


@pytest.fixture
def shell(home: Home, study: Store, terminals: list[Terminal]) -> Terminal:
    """A shell with job control, and the app started from it."""
    (home.root / "app").write_text(f"exec {sys.executable} -c '{START}' --home {home.root}\n")
    terminal = Terminal(
        ["sh", "-i"], columns=80, lines=24, cwd=home.root, environment={"PS1": "ready> ", "ENV": None}
    )
    terminals.append(terminal)
    terminal.until_shows("ready>")
    terminal.send("sh app\n")
    terminal.until_shows("#5 resnet50")
    return terminal


def test_the_shell_gets_the_terminal_and_gives_it_back(shell: Terminal, study: Store) -> None:
    before = statuses(study)
    shell.send("\x1ax")  # in one burst: the x was meant for the shell
    shell.until_shows("Stopped")
    is_given_back(shell)
    shell.send("\x15echo si''gn\n")
    shell.until_shows("sign")
    shell.resize(120, 40)
    shell.send("fg\nx")
    shell.until(lambda: shell.modes >= WITH_APP, what="the app again")
    shell.until(lambda: "quit" in shell.text.splitlines()[39], what="the footer in the last line of 40")
    assert "#5 resnet50" in shell.text
    shell.send("n")
    shell.until_shows("New experiment")
    shell.send("\x1a")  # from within a field too
    is_given_back(shell)
    shell.send("kill -TERM %1; fg\n")
    shell.until_shows("Terminated")
    assert statuses(study) == before and "Traceback" not in shell.text


def test_an_app_that_was_stopped_from_outside_draws_again(
    home: Home, study: Store, terminals: list[Terminal]
) -> None:
    terminal = started(terminals, home)
    terminal.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED)
    terminal.resize(100, 30)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.until(lambda: "quit" in terminal.text.splitlines()[29], what="the footer in the last line of 30")
    terminal.send("?")
    terminal.until_shows("On marked runs")


def test_without_a_shell_it_says_so(home: Home, study: Store, terminals: list[Terminal]) -> None:
    terminal = started(terminals, home)
    terminal.process.send_signal(signal.SIGTSTP)  # as the kernel does not stop such a program either
    terminal.send("\x1a")
    terminal.until_shows("no shell waits")
    terminal.send("q")
    assert terminal.process.wait(timeout=LIMIT_S) == 0
    is_given_back(terminal)


def test_errors_on_a_file_leave_the_app_on_the_terminal(
    home: Home, study: Store, terminals: list[Terminal]
) -> None:
    for aside in ("2>errors", "2>&-"):
        run = ["sh", "-c", f'exec "$@" {aside}', "sh", *command(home)]
        terminals.append(Terminal(run, columns=80, lines=24, cwd=home.root))
        terminals[-1].until_shows("#5 resnet50")
        terminals[-1].send("q")
        assert terminals[-1].process.wait(timeout=LIMIT_S) == 0
    assert Path(home.root / "errors").read_text() == ""
