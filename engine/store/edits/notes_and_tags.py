"""Note and tags of a run."""

from collections.abc import Collection, Sequence

from engine.store.database import Store
from engine.store.edit_journal import editing
from engine.store.errors import QueueError
from engine.store.run_numbers import numbered

MAX_NOTE, MAX_TAG = 10_000, 100
"""Characters."""


def set_note(store: Store, run_ids: Collection[int], text: str) -> None:
    """Set the note of the runs; an empty text removes it. Raises QueueError."""
    if len(text) > MAX_NOTE:
        raise QueueError(
            f"a note has at most {MAX_NOTE} characters, this one {len(text)}: put it into a file"
        )
    _check_text("the note", text)
    with editing(store, "note", run_ids, ("note",)) as edit:
        edit.write(edit.was, note=text)
        edit.text = f"note on {numbered(edit.was)}"


def tag(
    store: Store, run_ids: Collection[int], *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> None:
    """Add and remove tags; one that is there already, or was never there, changes nothing. Raises QueueError."""
    for each in add:
        if not each.strip() or len(each) > MAX_TAG or each.startswith("-"):
            raise QueueError(f"invalid tag {each!r}: give 1 to {MAX_TAG} characters, not starting with -")
    for each in (*add, *remove):
        _check_text("the tag", each)
    with editing(store, "tag", run_ids, ("tags",)) as edit:
        for run_id, row in edit.before.items():
            kept = [each for each in row["tags"] if each not in remove]
            edit.write([run_id], tags=list(dict.fromkeys([*kept, *add])))
        words = [*add, *(f"-{each}" for each in remove)]
        edit.text = f"tag {numbered(edit.was)} {' '.join(words)}"


def _check_text(what: str, text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise QueueError(f"{what} {text!r} is not valid UTF-8: check the terminal's encoding")
