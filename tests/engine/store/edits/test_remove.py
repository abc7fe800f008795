"""Removing runs with all that they left."""

from pathlib import Path

import pytest
from sqlalchemy import text
from stored_runs import SPEC, add, claimed, ended, get

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing, queue
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.remove import remove
from engine.store.edits.retry import retry
from engine.store.edits.undo import undo
from engine.store.errors import QueueError


def test_remove_takes_a_run_with_all_that_it_measured(store: Store, worker: int, home: Home) -> None:
    add(store, 2)
    ended(store, worker)
    home.run(1).folder.mkdir(parents=True)
    home.run(1).best.write_bytes(b"weights")
    removed = remove(store, home, [1])
    assert (removed.ids, removed.dependents, removed.left) == ((1,), {}, {})
    assert not home.run(1).folder.exists()
    with store.read() as session:
        assert listing.run_ids(session) == {2}
        left = [session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
                for name in ("epoch_metrics", "epoch_confusion", "loss_point")]  # fmt: skip
    assert left == [0, 0, 0]
    undone = undo(store)
    assert undone is not None and undone.restored == [] and undone.left == {1: "it is deleted"}
    add(store)
    with store.read() as session:
        assert listing.run_ids(session) == {2, 3}


def test_remove_leaves_what_others_need(store: Store, worker: int, home: Home) -> None:
    add(store, 2)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    add_runs(store, [SPEC], after_any=[2, 3])
    claimed(store, worker)
    for run_id, says in (
        (1, "run 1 is running: cancel it first"),
        (2, "run 2 cannot be removed: run 4 waits for it"),
        (3, "run 3 cannot be removed: run 4 waits for it"),
    ):
        with pytest.raises(QueueError, match=says):
            remove(store, home, [run_id])
    queue.end(store, Claim(1, 1), "done")
    with pytest.raises(QueueError, match="run 1 cannot be removed: run 3 starts from it"):
        remove(store, home, [1])
    queue.ask(store, [3], "cancel")
    assert remove(store, home, [1]).dependents == {1: (3,)}
    with pytest.raises(QueueError, match="run 3 starts from run 1, which was removed"):
        retry(store, home, [3])
    assert remove(store, home, [2, 3, 4]).ids == (2, 3, 4)


def test_an_ended_run_that_waited_for_a_removed_one_waits_no_longer(
    store: Store, worker: int, home: Home
) -> None:
    add(store)
    add_runs(store, [SPEC], after=[1])
    queue.ask(store, [1, 2], "cancel")
    remove(store, home, [1])
    retry(store, home, [2])
    assert get(store, 2).blocked == 0 and claimed(store, worker).run_id == 2


def test_a_folder_that_will_not_go_is_named(
    store: Store, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store)

    def refuse(_paths: object) -> None:
        raise PermissionError(13, "Permission denied", "runs/1")

    monkeypatch.setattr("engine.store.edits.remove.remove_folder", refuse)
    assert remove(store, home, [1]).left == {1: "runs/1: Permission denied"}


def test_a_link_in_a_folders_place_is_deleted_and_not_followed(
    store: Store, home: Home, tmp_path: Path
) -> None:
    add(store)
    kept = tmp_path / "elsewhere"
    kept.mkdir()
    (kept / "photo").write_bytes(b"")
    (tmp_path / "runs").mkdir()
    home.run(1).folder.symlink_to(kept)
    remove(store, home, [1])
    assert not home.run(1).folder.is_symlink() and (kept / "photo").exists()
