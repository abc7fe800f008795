"""A run table moves to another kind of database and back with every row."""

import gc
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from postgres import Server
from shell import Shell
from sqlalchemy import Table, text
from studies import open_study
from told import KeptMessages, dispatcher, tell, turn

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import copying, history, listing, overview, queue, workers
from engine.store.add import add_runs
from engine.store.backends import sqlite
from engine.store.claims import Claim
from engine.store.copying import copy_runs
from engine.store.database import Store, open_store
from engine.store.edits.remove import remove
from engine.store.edits.undo import undo
from engine.store.errors import StoreError

SPEC = make_spec({"data": "digits"})


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """The study, with nobody at work; the number of a removed run is taken."""
    store = open_study(tmp_path / "from.db")
    queue.put_back(store, Claim(5, 1))
    with store.read() as session:
        present = [row.id for row in workers.present(session)]
    for worker_id in present:
        workers.leave(store, worker_id or 0)
    removed = add_runs(store, [SPEC]).ids
    remove(store, Home.find(tmp_path), removed)
    queue.ask(store, [7], "pause")
    yield store
    store.close()


def document(store: Store) -> list[object]:
    """The run table as people see it."""
    with store.read() as session:
        runs = sorted(overview.changed_runs(session, -1), key=lambda run: run.id)
        epochs = [history.epochs_of(session, run.id) for run in runs]
        matrices = [history.confusions_of(session, run.id) for run in runs]
        return [
            runs,
            [[each.model_dump() for each in some] for some in epochs],
            matrices,
            listing.queue_paused(session),
        ]


def test_to_postgresql_and_back(source: Store, postgres_server: Server, tmp_path: Path) -> None:
    there = open_store(postgres_server.empty_runs())
    back = open_store(f"sqlite:///{tmp_path / 'back.db'}")
    first, second = copy_runs(source, there), copy_runs(there, back)
    assert first == second and first.counts["run"] == 8 and first.counts["epoch_metrics"] > 20
    assert document(source) == document(there) == document(back)
    for store in (there, back):
        undone = undo(store)
        assert undone is not None and undone.restored == [7]
        assert add_runs(store, [SPEC]).ids == (10,), "the number of the removed run 9 is not given again"
        assert workers.register(store, pid=1, device="cpu", device_name="test") > 1
        store.close()


def test_addresses_of_alerts_go_along_with_what_they_were_told(
    source: Store, postgres_server: Server, shell: Shell
) -> None:
    tell(source)
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    with source.write() as session:  # an end that no worker has told of yet
        failed = (
            "UPDATE run SET status = 'failed', cause = 'disk', error = 'full', ended_at = :now WHERE id = 5"
        )
        session.execute(text(failed), {"now": now})
    first, second = KeptMessages(), KeptMessages()
    url = postgres_server.empty_runs()
    assert shell("db", "copy", "from.db", url, "--keep") == 0
    assert "whoever can read the new run table can read them" in shell.out and "s3cr3t" not in shell.out
    there = open_store(url)
    for sender in (first, second):
        turn(dispatcher(there, 1, sender))
    there.close()
    assert [title.partition(" · ")[2] for title in first.titles] == [
        "demo · #5 resnet50 none lr 1e-3: failed, disk: full"
    ]
    assert second.sent == []


def test_a_row_that_comes_out_otherwise_undoes_the_copy(
    source: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = open_store(f"sqlite:///{tmp_path / 'to.db'}")
    insert = copying._copy

    def spoilt(*arguments: object) -> int:
        count: int = insert(*arguments)  # type: ignore[arg-type]
        arguments[2].execute(text("UPDATE run SET lr = lr * 1.0000001 WHERE id = 3"))  # type: ignore[attr-defined]
        return count

    monkeypatch.setattr(copying, "_copy", spoilt)
    with pytest.raises(StoreError, match="gives other rows back .* nothing was copied"):
        copy_runs(source, target)
    with target.read() as session:
        assert listing.run_ids(session) == set()
    target.close()


def test_a_table_at_work_or_a_full_one_is_refused(source: Store, tmp_path: Path) -> None:
    target = open_store(f"sqlite:///{tmp_path / 'to.db'}")
    add_runs(target, [SPEC])
    with pytest.raises(StoreError, match=r"to.db is not empty \(it has 1 run\): give an empty database"):
        copy_runs(source, target)
    worker = workers.register(source, pid=1, device="cpu", device_name="test")
    with pytest.raises(
        StoreError, match=r"worker \d+ \(process 1 on .*\) of .* is running: stop it, then copy"
    ):
        copy_runs(source, target)
    held = queue.claim(source, worker)
    assert held is not None
    with pytest.raises(
        StoreError, match=f"run {held.run_id} of .* is in training: wait, pause or stop the workers"
    ):
        copy_runs(source, target)
    target.close()


def test_the_verb(source: Store, tmp_path: Path, shell: Shell) -> None:
    assert shell("db", "copy", "from.db", "to.db", "--json") == 0
    found = json.loads(shell.out)
    assert found["rows"]["run"] == 8 and len(found["sha256"]) == 64
    assert shell("ls", "--db", f"sqlite:///{tmp_path / 'to.db'}", "--json") == 0
    assert len(json.loads(shell.out)["runs"]) == 8


def test_a_moved_table_is_closed_until_it_is_reopened(source: Store, tmp_path: Path, shell: Shell) -> None:
    """Two tables of one home would give new runs the same folders."""
    source.close()
    there, there_url = tmp_path / "there.db", f"sqlite:///{tmp_path / 'there.db'}"
    assert shell("db", "copy", "from.db", "backup.db", "--keep") == 0 and "closed" not in shell.out
    assert shell("db", "copy", "from.db", there_url) == 0
    assert "copied and compared: 8 runs with " in shell.out
    assert f"from.db is closed: go on with RESNET_TUI_DB or --db set to {there}" in shell.out
    for verb in (("ls",), ("add", "--data", "digits"), ("rm", "1")):
        said = shell.refuses(*verb, "--db", "from.db")
        assert f"from.db were moved to {there}: name that one with RESNET_TUI_DB or --db" in said
    assert "from.db were moved to" in shell.refuses("db", "copy", "from.db", "other.db")

    assert shell("add", "--data", "digits", "--db", there_url) == 0
    gc.collect()  # closes the tables that verbs have opened in this process
    assert shell("db", "copy", there_url, "from.db") == 0
    assert "/from.db, whose runs were moved away, is now" in shell.out and (tmp_path / "from.db.1").exists()
    assert shell("ls", "--json", "--db", "from.db") == 0
    assert len(json.loads(shell.out)["runs"]) == 9
    assert shell("db", "reopen", "there.db") == 0 and shell("ls", "--db", "there.db") == 0
    assert shell("db", "copy", "from.db", "runs.db") == 0
    assert "go on in this folder without --db and RESNET_TUI_DB" in shell.out, (
        "a shell may still name the server"
    )
    assert shell("ls") == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_who_has_a_table_open_notices_that_it_was_moved(
    kind: str, postgres_server: Server, tmp_path: Path
) -> None:
    url = postgres_server.new_database() if kind == "postgresql" else f"sqlite:///{tmp_path / 'opened.db'}"
    target = open_store(f"sqlite:///{tmp_path / 'to.db'}")
    with closing(open_store(url)) as opened, closing(open_store(url, may_have_moved=True)) as other:
        add_runs(opened, [SPEC])
        copy_runs(other, target, "elsewhere")
        with pytest.raises(StoreError, match="were moved to elsewhere: name that one"):
            add_runs(opened, [SPEC])
        with opened.read() as session:
            assert listing.run_ids(session) == {1}
        copying.reopen(other)
        add_runs(opened, [SPEC])
    target.close()


@pytest.mark.parametrize(
    ("places", "says"),
    [
        (("from.db", "./from.db"), "both databases are the same: give another one to copy to"),
        (("nowhere.db", "to.db"), "no run table at nowhere.db"),
        (("from.db", "nowhere/to.db"), "the folder nowhere does not exist: make it with mkdir"),
        (("from.db", "mysql://host/db"), "'mysql://host/db' is not a database URL for runs"),
        (("from.db", "text.txt"), "is not a resnet-tui database"),
    ],
)
@pytest.mark.usefixtures("source")
def test_places_that_cannot_be_copied(
    tmp_path: Path, shell: Shell, places: tuple[str, str], says: str
) -> None:
    (tmp_path / "text.txt").write_text("no database, but a text that is long enough to be read as one" * 9)
    assert says in shell.refuses("db", "copy", *places)


def test_a_way_back_that_fails_leaves_the_closed_table_closed(
    source: Store, tmp_path: Path, shell: Shell
) -> None:
    source.close()
    assert shell("db", "copy", "from.db", "there.db") == 0
    there = open_store(f"sqlite:///{tmp_path / 'there.db'}")
    workers.register(there, pid=1, device="cpu", device_name="test")
    there.close()
    before = (tmp_path / "from.db").read_bytes()
    assert "is running: stop it, then copy" in shell.refuses("db", "copy", "there.db", "from.db")
    assert (tmp_path / "from.db").read_bytes() == before and not (tmp_path / "from.db.1").exists()
    assert "were moved to" in shell.refuses("ls", "--db", "from.db")
    assert shell("ls", "--db", "there.db") == 0, "it was not closed"


def test_nobody_writes_to_a_table_that_is_moved(source: Store, tmp_path: Path) -> None:
    """Neither table in use would have what was written meanwhile."""
    target, seen = open_store(f"sqlite:///{tmp_path / 'to.db'}"), list[Table]()
    copied = copying._copy

    def copy_and_try(table: Table, *of: Any) -> int:
        if not seen:
            with pytest.raises(StoreError, match="is held by another program"):
                add_runs(impatient, [SPEC])
            seen.append(table)
        return copied(table, *of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.01)
        impatient = open_store(f"sqlite:///{tmp_path / 'from.db'}")
        patch.setattr(copying, "_copy", copy_and_try)
        copy_runs(source, target, "elsewhere")
        impatient.close()
    assert seen
    target.close()


def test_a_worker_that_was_cut_off_meanwhile_takes_no_run_of_the_old_table(
    source: Store, tmp_path: Path
) -> None:
    """It looks gone, comes back, and would train what the workers of the new table train."""
    worker = workers.register(source, pid=1, device="cpu", device_name="test")
    with source.write() as session:
        session.execute(text("UPDATE worker SET seen_s = seen_s - 60"))
    with source.read() as session:
        assert queue.has_claimable(session, worker)
    with closing(open_store(f"sqlite:///{tmp_path / 'to.db'}")) as target:
        copy_runs(source, target, "elsewhere")
        assert queue.claim(source, worker) is None
        with source.read() as session:
            assert not queue.has_claimable(session, worker)
        with pytest.raises(StoreError, match="were moved to elsewhere"):
            workers.beat(source, worker, state="idle", telemetry={})
        assert queue.claim(target, worker) is not None


def test_a_full_target_named_by_the_verb(source: Store, shell: Shell) -> None:
    assert shell("db", "copy", "from.db", "to.db", "--keep") == 0
    assert "is not empty (it has 8 runs): give an empty database" in shell.refuses(
        "db", "copy", "from.db", "to.db"
    )
