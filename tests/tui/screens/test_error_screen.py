"""An error of the program's own, in a real terminal: a screen with its text, and ways out."""

import sys
from pathlib import Path

import pytest
from terminal import Terminal
from waiting import LIMIT_S

from engine.store.database import open_store
from tui.screens.error_screen import FILE

BREAKS = {
    "in a key's action": "def boom(self): raise ValueError('of a \\x1b[31mtest')\nH.HomeScreen._open_data = boom",
    "again and again": (
        "def boom(self): self.set_interval(0.05, self.bad)\n"
        "def bad(self): raise ValueError('of a \\x1b[31mtest')\n"
        "H.HomeScreen._open_data = boom\nH.HomeScreen.bad = bad"
    ),
    "in a screen's message": (
        "from textual import events\n"
        "def boom(self): self.post_message(Bad())\n"
        "from textual.message import Message\n"
        "class Bad(Message): pass\n"
        "def on_bad(self, event): raise ValueError('of a \\x1b[31mtest')\n"
        "H.HomeScreen._open_data = boom\n"
        "H.HomeScreen.on_bad = on_bad"
    ),
}


@pytest.mark.parametrize("how", BREAKS)
def test_it_is_shown_written_down_and_left(tmp_path: Path, how: str) -> None:
    open_store(f"sqlite:///{tmp_path}/runs.db").close()
    code = f"import tui.screens.home as H\n{BREAKS[how]}\nfrom tui.start import main\nmain()"
    terminal = Terminal([sys.executable, "-c", code], columns=80, lines=24, cwd=tmp_path)
    try:
        terminal.until_shows("no runs yet")
        terminal.send("d")
        terminal.until_shows("resnet-tui has an error of its own. Training goes on.")
        terminal.until_shows("ValueError: of a \\x1b[31mtest")
        written = (tmp_path / "runs" / FILE).read_text()
        assert "Traceback" in written and "of a \x1b[31mtest" in written and written.startswith("resnet-tui ")
        terminal.send("kj")
        terminal.send("y")
        terminal.until_shows("copied: paste it")
        terminal.send("r")
        terminal.until_shows("no runs yet")
        terminal.send("d")
        terminal.until_shows("has an error of its own")
        terminal.send("q")
        assert terminal.process.wait(timeout=LIMIT_S) == 1
    finally:
        terminal.end()
