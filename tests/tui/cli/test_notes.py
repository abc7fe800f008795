"""Notes and tags on the command line."""

import json

from hostile import EVIL, SHOWN
from shell import Shell

from engine.store.database import Store


def test_notes_and_tags_are_shown_as_text(shell: Shell, study: Store) -> None:
    assert shell("note", "1", EVIL) == 0
    assert shell("tag", "1", EVIL) == 0 and shell.err == f"run 1: tagged {SHOWN}\n"
    assert shell("undo") == 0 and shell.err == f"undone: tag run 1 {SHOWN}\n"
    assert shell("tag", "1", EVIL) == 0
    assert shell("show", "1") == 0
    lines = shell.out.splitlines()
    assert any(line.split() == ["note", *SHOWN.split()] for line in lines)
    assert any(line.split() == ["tags", *SHOWN.split()] for line in lines)
    assert shell("ls") == 0 and "\x1b" not in shell.out
    assert shell("show", "1", "--json") == 0
    shown = json.loads(shell.out)
    assert shown["note"] == EVIL and shown["tags"] == [EVIL]
