"""ASCII where the terminal has nothing else: the app turns to it by itself, and so does what is printed."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from terminal import Terminal
from waiting import LIMIT_S

import tui
from engine.files.paths import Home
from engine.store.database import Store
from engine.text import is_hidden
from tui.ascii import to_ascii

C_ALONE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
UNSET: dict[str, str | None] = dict.fromkeys(("LC_ALL", "LC_CTYPE", "LANG"))
START = "from tui.start import main; main()"
LOOK = "from tui import ascii; print(ascii.locale_named(), ascii.terminal_encoding(), ascii.shows_unicode())"


@pytest.mark.parametrize(
    ("environment", "seen"),
    [
        (UNSET, "LANG not set ascii False"),
        (UNSET | C_ALONE, "LC_ALL=C ascii False"),
        (UNSET | {"LC_ALL": "C"}, "LC_ALL=C ascii False"),
        (UNSET | {"LANG": "POSIX"}, "LANG=POSIX ascii False"),
        (UNSET | {"LANG": "xx_XX.ISO-8859-1"}, "LANG=xx_XX.ISO-8859-1 iso8859-1 False"),
        (UNSET | {"LC_ALL": "xx_XX.ISO-8859-15@euro"}, "LC_ALL=xx_XX.ISO-8859-15@euro iso8859-15 False"),
        (UNSET | {"LANG": "xx_XX.of-a-test"}, "LANG=xx_XX.of-a-test ascii False"),
        (UNSET | {"LANG": "C.UTF-8"}, "LANG=C.UTF-8 utf-8 True"),
        (UNSET | {"LANG": "xx_XX.UTF-8"}, "LANG=xx_XX.UTF-8 utf-8 True"),  # the host does not have it
        (UNSET | {"LC_ALL": "C", "PYTHONUTF8": "1"}, "LC_ALL=C utf-8 True"),
    ],
)
def test_the_locale_says_what_the_terminal_shows(environment: dict[str, str | None], seen: str) -> None:
    wanted = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], env=wanted, capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    assert done.stdout.strip() == seen


@pytest.mark.parametrize("environment", [C_ALONE, UNSET | {"LANG": "xx_XX.ISO-8859-1"}], ids=["C", "Latin-1"])
def test_the_app_draws_in_ascii_by_itself_and_says_so(
    home: Home, study: Store, environment: dict[str, str | None]
) -> None:
    command = [sys.executable, "-c", START, "--home", str(home.root)]
    terminal = Terminal(
        command, columns=100, lines=30, cwd=home.root, environment={"LC_ALL": None, **environment}
    )
    try:
        terminal.until_shows("drawn in ASCII")
        terminal.until_shows("#5 resnet50")
        assert terminal.text.isascii()
        terminal.send("N")
        terminal.until_shows("Note on run 5")
        terminal.send(b"caf\xe9")  # a letter of a Latin-1 keyboard
        terminal.until_shows("caf?")
        terminal.send("\x1b")
        terminal.until(lambda: "caf?" not in terminal.text, what="the dialog to close")
        terminal.send("q")
        terminal.until(lambda: terminal.process.poll() is not None, what="the app to leave")
        assert terminal.process.returncode == 0 and "Traceback" not in terminal.text
    finally:
        terminal.end()


@pytest.mark.parametrize(
    "call", [("ls",), ("show", "3"), ("data", "check", "digits"), ("add", "--lr", "x"), ("--help",)]
)
def test_what_is_printed_on_such_a_terminal_is_ascii(home: Home, study: Store, call: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", START, *call]
    terminal = Terminal(command, columns=200, lines=60, cwd=home.root, environment=UNSET)
    try:
        terminal.process.wait(timeout=LIMIT_S)
        terminal.until(lambda: len(terminal.text.split()) > 5, what="its output")
        assert terminal.text.isascii() and "\\u" not in terminal.text and "Traceback" not in terminal.text
    finally:
        terminal.end()


def test_each_sign_of_the_program_has_something_near() -> None:
    """Signs in strings that are shown: a `?` would say nothing."""
    root = Path(tui.__file__).parent
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in (*root.rglob("*.py"), *(root.parent / "engine").rglob("*.py"))
    ]
    docstrings = {id(node.value) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    }
    texts.discard("\ufffd")  # what cannot be read is a question mark
    shown = [text for text in texts if not text.isascii() and not any(map(is_hidden, text))]
    assert len(shown) > 100
    assert [text for text in shown if to_ascii(text).count("?") > text.count("?")] == []
    assert [text for text in shown if cell_len(to_ascii(text)) != cell_len(text)] == []
