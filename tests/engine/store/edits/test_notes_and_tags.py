"""Notes and tags."""

import pytest
from stored_runs import add, claimed, get

from engine.store.database import Store
from engine.store.edits import notes_and_tags
from engine.store.errors import QueueError


def test_notes_and_tags(store: Store, worker: int) -> None:
    add(store, 2)
    claimed(store, worker)
    notes_and_tags.set_note(store, [1, 2], "looks odd")
    notes_and_tags.tag(store, [1, 2], add=["b", "a", "b"])
    notes_and_tags.tag(store, [1], add=["c"], remove=["b", "never there"])
    assert (get(store, 1).note, get(store, 1).tags, get(store, 2).tags) == (
        "looks odd",
        ["a", "c"],
        ["b", "a"],
    )
    notes_and_tags.set_note(store, [1], "")
    assert get(store, 1).note == ""
    for bad in ("", "  ", "-x", "t" * 101):
        with pytest.raises(QueueError, match="invalid tag .*: give 1 to 100 characters, not starting"):
            notes_and_tags.tag(store, [1], add=[bad])
    with pytest.raises(QueueError, match="is not valid UTF-8"):
        notes_and_tags.tag(store, [1], add=["\udce9"])
    with pytest.raises(QueueError, match="at most 10000 characters"):
        notes_and_tags.set_note(store, [1], "x" * 10_001)
