"""Removal by `prune`: no more than it has shown, without holding the run table, and beside others who are packing."""

import fcntl
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pictures import class_folders
from pruned import KEY, ended, names, packed_files, prune, set_run

from engine.datasets import packed
from engine.datasets.packed import pack
from engine.datasets.pixels import locks
from engine.datasets.pixels.decode import Look
from engine.datasets.source import index_data
from engine.disk.pruning import Plan, PruneOptions, plan
from engine.disk.removal import prune as remove
from engine.disk.usage import usage_of_cache, usage_of_runs
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from tui.cli import run


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home.find(tmp_path / "home")


def plan_of(store: Store, home: Home) -> Plan:
    with store.read() as session:
        runs = listing.list_runs(session)
    cache = usage_of_cache(home.cache)
    return plan(home, runs, usage_of_runs(home), cache, PruneOptions(), now=datetime.now(UTC))


def test_only_what_was_shown_goes_and_only_if_it_may_still_go(home: Home) -> None:
    store, _ = ended(home, "done")
    ended(home, "done")
    _, late = ended(home, "running")
    packed_files(home.cache, KEY)
    shown = plan_of(store, home)
    set_run(store, 1, status="queued")
    set_run(store, late, status="done")
    packed_files(home.cache, "b" * 24)
    (home.cache / f"{KEY}.u8").write_bytes(b"packed anew")
    assert remove(store, home, PruneOptions(), shown).size == 200
    assert home.run(1).last.exists() and not home.run(2).last.exists() and home.run(late).last.exists()
    assert {name[0] for name in names(home.cache)} == {"a", "b"}


def test_others_write_to_the_run_table_while_files_are_deleted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = ended(home, "done")
    packed_files(home.cache, KEY)
    unlink, deleted = Path.unlink, []

    def slow(path: Path, missing_ok: bool = False) -> None:
        other = sqlite3.connect(home.root / "runs.db", timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.close()
        deleted.append(path.name)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", slow)
    assert prune(home) == 0
    assert len(deleted) == 5 and not home.run(1).last.exists()


def test_what_a_killed_prune_leaves_is_counted_and_the_next_deletes_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, _ = ended(home, "done")
    packed_files(home.cache, KEY)

    def killed(path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        assert prune(home) == 130
    assert ".last.pt.pruned" in names(home.run(1).folder) and not home.run(1).last.exists()
    set_run(store, 1, status="queued", ended_at=None)
    add_runs(store, [make_spec({"data": "digits", "image_size": 32})])
    capsys.readouterr()
    assert run(["du", "--home", str(home.root), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"][0]["all_bytes"] == 500
    assert [(each["what"], each["used"]) for each in found["cache"]] == [
        ("what an interrupted prune left", False)
    ]
    assert prune(home, "--older-than", "30d") == 0
    assert names(home.run(1).folder) == {"best.safetensors", "predictions.csv", "log.txt"}
    assert names(home.cache) == set()


@pytest.mark.parametrize("state", ["being packed", "packed, about to be opened"])
def test_what_another_home_is_packing_into_a_shared_cache_stays(
    tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    shared, suffixes = tmp_path / "shared", {"partial", "note", "lock"}
    if state == "being packed":
        shared.mkdir()
        for suffix in suffixes:
            (shared / f"{KEY}.{suffix}").write_text("{}")
    else:
        packed_files(shared, KEY)
    before = names(shared)
    open_store(home.database).close()
    with locks.locked(shared / f"{KEY}.lock", should_stop=lambda: True, waiting=pytest.fail):
        assert prune(Home.find(home.root, cache=shared)) == 0
        assert names(shared) == before
    assert "kept, because it is being packed" in capsys.readouterr().err
    assert prune(Home.find(home.root, cache=shared)) == 0
    assert names(shared) == set()


def test_a_lock_whose_file_was_removed_is_taken_on_the_file_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flock, calls = tmp_path / "lock", fcntl.flock, []

    def removed_before(handle: int, how: int) -> None:
        if not calls:
            path.unlink()
        calls.append(how)
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", removed_before)
    with (
        locks.locked(path, should_stop=lambda: True, waiting=pytest.fail),
        path.open("a") as other,
        pytest.raises(BlockingIOError),
    ):
        flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_packed_images_are_open_before_others_may_take_them(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_folders(home.root / "data", classes=2, each=3)
    index = index_data(home, make_spec({"data": "data", "image_size": 16}))
    open_store(home.database).close()

    def then_prune(*arguments: object) -> object:
        assert prune(home) == 0
        return opened(*arguments)  # type: ignore[arg-type]

    opened = packed.open_map
    monkeypatch.setattr(packed, "open_map", then_prune)
    assert len(pack(index, home.cache, Look(16, "crop", "none")).images) == 6
