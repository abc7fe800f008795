"""The app's start: a process that looks while the app loads, and what the app makes of it."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest
from pilots import app, opened, shown, table, until

from engine.paths import Home
from engine.store.database import Store
from engine.store.edits.remove import remove
from tui.feeds.absence import look_back
from tui.feeds.feed import Feed
from tui.feeds.first_look import FirstLook, Looking
from tui.start import only_flags

CALL = """
import json, sys
from pathlib import Path
from engine.paths import Home
from tui.feeds import first_look
looking = first_look.begin(Home.find(Path(sys.argv[1])), create=sys.argv[2] == "create")
assert not any(name.startswith(("sqlalchemy", "pydantic", "textual")) for name in sys.modules)
has_opened = looking.has_opened()
look = looking.look()
detail = look.snapshot.detail if look else None
print(json.dumps([has_opened, sorted(look.snapshot.rows) if look else None, detail.title if detail else None]))
"""


def begin(home: Home, how: str = "look") -> "subprocess.CompletedProcess[str]":
    """In a process of its own, for this one has threads. Gives whether the store was opened, the runs and a title."""
    return subprocess.run(
        [sys.executable, "-c", CALL, str(home.root), how], capture_output=True, text=True, timeout=60
    )


def look_at(home: Home) -> FirstLook:
    with contextlib.closing(Feed(home.database)) as feed:
        snapshot = feed.poll(None)
    assert snapshot is not None
    return FirstLook(snapshot, look_back(home))


class Seen(Looking):
    """A look that is there already."""

    def __init__(self, look: FirstLook | None) -> None:
        self._look = look

    def has_opened(self) -> bool:
        return True

    def look(self) -> FirstLook | None:
        return self._look


def test_it_sees_what_the_feed_sees_and_loads_nothing_of_it_here(home: Home, study: Store) -> None:
    done = begin(home)
    detail = look_at(home).snapshot.detail
    assert detail is not None and not done.stderr
    assert json.loads(done.stdout) == [True, [1, 2, 3, 4, 5, 6, 7, 8], detail.title]


def test_where_there_is_no_table_it_makes_one_or_says_nothing(home: Home) -> None:
    assert json.loads(begin(home).stdout) == [False, None, None] and not begin(home).stderr
    assert json.loads(begin(home, "create").stdout) == [True, [], None]


def test_a_looker_that_is_killed_has_seen_nothing() -> None:
    reading, writing = os.pipe()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    os.write(writing, b"o\x80\x05cut")
    os.close(writing)
    looking = Looking(child.pid, os.fdopen(reading, "rb"))
    assert looking.has_opened()
    child.send_signal(signal.SIGKILL)
    assert looking.look() is None


async def test_the_app_shows_it_and_goes_on_from_there(home: Home, study: Store) -> None:
    look = look_at(home)
    async with app(home, looking=Seen(look)).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert table(pilot).row_count == 8
        remove(study, home, [8])
        await until(pilot, lambda: table(pilot).row_count == 7)


async def test_where_nothing_was_seen_the_app_looks_itself(home: Home, study: Store) -> None:
    async with app(home, looking=Seen(None)).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert table(pilot).row_count == 8


async def test_what_happened_meanwhile_is_said_from_the_look(home: Home, study: Store) -> None:
    from tui.feeds.absence import Absence

    look = FirstLook(look_at(home).snapshot, Absence("since Monday: 3 ended", ("#1 done",)))
    async with app(home, looking=Seen(look)).run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "since Monday: 3 ended" in shown(pilot, "#news"))


def test_a_feed_goes_on_from_what_is_known(home: Home, study: Store) -> None:
    known = look_at(home).snapshot
    with contextlib.closing(Feed(home.database, known=known)) as feed:
        again = feed.poll(known.detail.run_id if known.detail else None)
        assert again is None or all(again.rows[each] is known.rows[each] for each in known.rows)
    remove(study, home, [8])
    with contextlib.closing(Feed(home.database, known=known)) as feed:
        later = feed.poll(None)
        assert later is not None and later.rows.keys() == known.rows.keys() - {8}


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
    ],
)
def test_only_the_apps_own_flags_open_it_at_once(arguments: list[str], flags: dict[str, str] | None) -> None:
    assert only_flags(arguments) == flags
