"""Keys that were meant for the shell, or typed before anything could be read: nothing is lost by them unasked."""

import sys
from collections.abc import Iterator

import pytest
from pilots import statuses
from terminal import Terminal
from waiting import until

from engine.files.paths import Home
from engine.store import listing
from engine.store.database import Store

START = "from tui.start import main; main()"


@pytest.fixture
def terminal(home: Home, study: Store) -> Iterator[Terminal]:
    command = [sys.executable, "-c", START, "--home", str(home.root)]
    opened = Terminal(command, columns=120, lines=40, cwd=home.root)
    opened.until_shows("#5 resnet50")
    yield opened
    opened.end()


def request(store: Store, run_id: int) -> str | None:
    with store.read() as session:
        return listing.get_run(session, run_id).request


def leave(terminal: Terminal) -> None:
    """Close what is open, and the app, which ends after its edits."""

    def has_ended() -> bool:
        if terminal.process.poll() is None:
            terminal.send("q")
        return terminal.process.poll() is not None

    assert until(has_ended) and terminal.process.returncode == 0


def test_an_answer_that_was_typed_before_the_question_is_none(terminal: Terminal, study: Store) -> None:
    terminal.send("xyyy")
    terminal.until_shows("Cancel #5, now at epoch 3 of 6?")

    def is_answered() -> bool:
        """No counts only once the question has been drawn; one `n` too many opens the form."""
        if "Cancel #5" in terminal.text:
            terminal.send("n")
        return "Cancel #5" not in terminal.text

    terminal.until(is_answered, what="the question to be answered with no")
    assert request(study, 5) is None


def test_an_answer_to_the_question_that_is_seen_counts(terminal: Terminal, study: Store) -> None:
    terminal.send("x")
    terminal.until_shows("Cancel #5, now at epoch 3 of 6?")
    until(lambda: terminal.send("y") or request(study, 5) == "cancel")
    terminal.until_shows("run 5: asked to stop (u undoes it)")


@pytest.mark.parametrize("line", ["exit\n", "rm x\n", "xyz\ry\n", "Dyes\n"])
def test_a_line_for_the_shell_takes_nothing_from_a_running_run(
    terminal: Terminal, study: Store, line: str
) -> None:
    before = statuses(study)
    terminal.send(line)
    leave(terminal)
    assert statuses(study) == before and request(study, 5) is None


def test_a_waiting_run_is_cancelled_at_once_and_the_line_says_how_to_undo_it(
    terminal: Terminal, study: Store
) -> None:
    terminal.send("jjx")
    terminal.until_shows("run 8: cancelled (u undoes it)")
    assert statuses(study)[8] == "cancelled"
    terminal.send("u")
    until(lambda: statuses(study)[8] == "queued")
    leave(terminal)
