"""Standard streams that are closed, full or without a reader: a line or nothing, and an exit code."""

import subprocess
import sys
from pathlib import Path

import pytest
from waiting import LIMIT_S

from engine.files.paths import Home
from engine.store.database import Store

START = "from tui.start import main; main()"
FIRST_FILE = (
    "from engine.standard_streams import open_closed_streams; open_closed_streams();"
    "file = open('number', 'w'); file.write(str(file.fileno())); print('lost'); import os; os.write(1, b'lost')"
)


def call(home: Home, command: list[str], redirected: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirected}', "sh", sys.executable, *command],
        cwd=home.root,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr and "Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("verb", "redirected"),
    [
        ("ls", ">&-"),
        ("keys", ">&- 2>&-"),
        ("show 3", ">&-"),
        ("du", "2>&-"),
        ("add --data digits", ">&- 2>&-"),
        ("--help", ">&- <&-"),
        ("--version", ">&- 2>&- <&-"),
        ("rm 8", "<&-"),
        ("keys", "| head -0"),
        ("ls", "2>/dev/full"),
    ],
)
def test_a_verb_whose_stream_is_closed_works(home: Home, study: Store, verb: str, redirected: str) -> None:
    code, _, errors = call(home, ["-c", START, *verb.split()], redirected)
    assert code == 0 and (verb.startswith("rm") or errors == "")


@pytest.mark.parametrize("verb", ["ls", "keys", "--help"])
def test_a_full_disk_behind_the_output_is_one_line(home: Home, study: Store, verb: str) -> None:
    code, _, errors = call(home, ["-c", START, verb], ">/dev/full")
    assert code == 1 and errors.count("\n") == 1 and "No space left on device" in errors


@pytest.mark.parametrize("redirected", [">&-", "</dev/null", "<&-", ">&- 2>&-"])
def test_the_app_without_a_terminal_is_one_line(home: Home, study: Store, redirected: str) -> None:
    code, _, errors = call(home, ["-c", START], redirected)
    assert code == 2 and ("2>&-" in redirected or errors.startswith("resnet-tui: the app needs a terminal"))


def test_no_file_gets_the_number_of_a_closed_stream(home: Home) -> None:
    assert call(home, ["-c", FIRST_FILE], ">&- 2>&- <&-")[0] == 0
    assert Path(home.root / "number").read_text() == "3"


def test_a_worker_whose_streams_are_closed_says_its_end_by_its_code(home: Home) -> None:
    missing = ["-m", "engine.worker", "--home", str(home.root / "gone")]
    assert call(home, missing, ">&- 2>&- <&-")[0] == 2
