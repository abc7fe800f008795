"""Retrying runs: from the checkpoint, from the start, and what stays in both cases."""

from pathlib import Path

import pytest
from stored_runs import add, claimed, ended, get, rows
from studies import train

from engine.files.paths import Home
from engine.queries import waiting
from engine.spec.grid import make_spec
from engine.store import history, queue
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.retry import Retried, retry
from engine.store.edits.undo import undo
from engine.store.errors import QueueError
from engine.store.status import Cause


def test_retry_goes_on_from_the_checkpoint(store: Store, worker: int, home: Home) -> None:
    add(store)
    ended(store, worker, "failed", "disk")
    home.run(1).folder.mkdir(parents=True)
    home.run(1).last.write_bytes(b"bits")
    assert retry(store, home, [1]).going_on == (1,)
    run = get(store, 1)
    assert (run.status, run.cause, run.error, run.ended_at, run.epoch) == ("queued", None, None, None, 2)
    assert home.run(1).last.read_bytes() == b"bits"
    assert claimed(store, worker) == Claim(1, 2)


@pytest.mark.parametrize(
    ("cause", "fresh"), [("code", False), ("diverged", False), ("signal", True), ("data", True)]
)
def test_retry_from_the_start_deletes_what_was_trained(
    store: Store, worker: int, home: Home, cause: Cause, fresh: bool
) -> None:
    add(store, 2)
    ended(store, worker, "failed", cause)
    paths = home.run(1)
    (paths.folder / "more").mkdir(parents=True)
    for path in (
        paths.last,
        paths.last_before,
        paths.best,
        paths.answers,
        paths.log,
        paths.folder / "more" / "x",
    ):
        path.write_bytes(b"old")
    assert retry(store, home, [1], fresh=fresh).from_start == (1,)
    assert [path.name for path in paths.folder.iterdir()] == ["log.txt"]
    with store.read() as session:
        assert history.epochs_of(session, 1) == [] and history.losses_of(session, 1) == []
        assert history.confusions_of(session, 1) == {}
    run, untouched = get(store, 1), get(store, 2)
    alike = {"id", "changed", "spec", "spec_hash", "seed", "position", "attempt", "created_at"}
    assert run.model_dump(exclude=alike) == untouched.model_dump(exclude=alike)
    assert run.attempt == 1
    undone = undo(store)
    assert undone is not None and undone.restored == [] and undone.left == {1: "its training was deleted"}


def test_retry_refuses_what_has_not_ended_and_what_is_done(store: Store, worker: int, home: Home) -> None:
    add(store, 3)
    ended(store, worker)
    claimed(store, worker)
    with pytest.raises(QueueError, match="run 1 is done: retry it from the start .fresh., or extend it"):
        retry(store, home, [1])
    for run_id, status in ((2, "running"), (3, "queued")):
        with pytest.raises(
            QueueError, match=f"run {run_id} is {status}: only a run that has ended can be retried"
        ):
            retry(store, home, [1, run_id], fresh=True)
    assert get(store, 1).status == "done"
    assert retry(store, home, [1], fresh=True).from_start == (1,)


def test_retry_keeps_the_others_waiting(store: Store, worker: int, home: Home) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    ended(store, worker, "failed", "disk")
    with store.read() as session:
        assert waiting.reasons(session) == {2: "waits for #1, which failed"}
    retry(store, home, [1])
    with store.read() as session:
        assert waiting.reasons(session)[2] == "waits for #1"
    ended(store, worker)
    assert get(store, 2).blocked == 0
    retry(store, home, [1], fresh=True)
    assert get(store, 2).blocked == 1 and claimed(store, worker).run_id == 1


def test_a_run_that_begins_again_waits_again_for_its_own_targets(
    store: Store, worker: int, home: Home
) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    ended(store, worker)
    ended(store, worker)
    retry(store, home, [1], fresh=True)
    queue.ask(store, [1], "pause")
    retry(store, home, [2], fresh=True)
    assert get(store, 2).blocked == 1 and queue.claim(store, worker) is None


def test_an_attempt_that_is_back_at_epoch_0_waits_again_for_its_targets(
    store: Store, worker: int, home: Home
) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    ended(store, worker)
    held = claimed(store, worker)
    train(store, held, 2, skill=0.5)
    retry(store, home, [1], fresh=True)
    assert get(store, 2).blocked == 0
    history.begin_attempt(store, held, history.Start(-1, 0, None, 20, 0.5, [], {}))
    queue.put_back(store, held)
    assert get(store, 2).blocked == 1 and claimed(store, worker).run_id == 1


def test_where_one_runs_files_cannot_go_no_run_loses_any(
    store: Store, worker: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, 2)
    for run_id in (1, 2):
        ended(store, worker, "failed", "code")
        home.run(run_id).pending.folder.mkdir(parents=True)
        for path in (home.run(run_id).last, home.run(run_id).pending.best, home.run(run_id).log):
            path.write_bytes(b"old")
    before, files = rows(store), sorted(home.root.rglob("*"))
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path == home.run(2).last:
            raise PermissionError(13, "Permission denied", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(QueueError, match=r"runs/2/last.pt cannot be deleted: Permission denied"):
        retry(store, home, [1, 2])
    assert (rows(store), sorted(home.root.rglob("*"))) == (before, files)
    with store.read() as session:
        assert len(history.epochs_of(session, 1)) == 3
    monkeypatch.undo()
    assert retry(store, home, [1, 2]) == Retried((), (1, 2), {})
    assert [path.name for path in home.root.rglob("*") if path.is_file()].count("log.txt") == 2
    assert not list(home.root.rglob("*.pt")) and not list(home.root.rglob(".discarded*"))


def test_what_will_not_go_after_all_is_named(
    store: Store, worker: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store)
    ended(store, worker, "failed", "code")
    home.run(1).folder.mkdir(parents=True)
    home.run(1).last.write_bytes(b"old")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path / "last.pt"))

    monkeypatch.setattr("engine.store.edits.discard.shutil.rmtree", refuse)
    [left] = retry(store, home, [1]).left.items()
    assert left[0] == 1 and left[1].endswith("/last.pt: Permission denied")
    assert get(store, 1).status == "queued" and not home.run(1).last.exists()


def test_weights_that_a_run_is_about_to_read_stay(store: Store, worker: int, home: Home) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    ended(store, worker)
    held = claimed(store, worker)
    home.run(1).folder.mkdir(parents=True)
    home.run(1).best.write_bytes(b"weights")
    with pytest.raises(QueueError, match="run 1 cannot restart: run 2 is loading its weights"):
        retry(store, home, [1], fresh=True)
    assert home.run(1).best.exists() and get(store, 1).status == "done"
    train(store, held, 1, skill=0.5)
    assert retry(store, home, [1], fresh=True).from_start == (1,)
