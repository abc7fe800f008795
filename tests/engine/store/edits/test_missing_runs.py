"""Every verb on a run that is not there."""

import pytest
from stored_runs import add, rows

from engine.files.paths import Home
from engine.store import queue
from engine.store.database import Store
from engine.store.edits import notes_and_tags, order, pausing
from engine.store.edits.remove import remove
from engine.store.edits.retry import retry
from engine.store.edits.settings import edit_settings
from engine.store.errors import QueueError


@pytest.mark.parametrize(
    "verb", ["priority", "move", "pause", "resume", "retry", "edit", "remove", "note", "tag"]
)
def test_a_run_that_is_not_there_changes_nothing(store: Store, home: Home, verb: str) -> None:
    add(store, 2)
    queue.ask(store, [2], "cancel")
    calls = {
        "priority": lambda ids: order.set_priority(store, ids, 1),
        "move": lambda ids: order.move(store, ids, "top"),
        "pause": lambda ids: queue.ask(store, ids, "pause"),
        "resume": lambda ids: pausing.resume(store, ids),
        "retry": lambda ids: retry(store, home, ids),
        "edit": lambda ids: edit_settings(store, home, ids, {"lr": 0.5}),
        "remove": lambda ids: remove(store, home, ids),
        "note": lambda ids: notes_and_tags.set_note(store, ids, "n"),
        "tag": lambda ids: notes_and_tags.tag(store, ids, add=["t"]),
    }
    before = rows(store)
    with pytest.raises(QueueError, match="there is no run 9: resnet-tui ls shows them all"):
        calls[verb]([2 if verb == "retry" else 1, 9])
    assert rows(store) == before
