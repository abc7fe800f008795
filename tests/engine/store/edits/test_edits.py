"""Each verb that edits the queue: what it does, what it refuses, and what undo gives back."""

from pathlib import Path

import pytest
from sqlalchemy import text
from studies import train

from engine.files.paths import Home
from engine.queries import waiting
from engine.spec.grid import SpecError, load_spec, make_spec
from engine.store import edit_journal, history, listing, queue, workers
from engine.store.add import Batch, add_batches, add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits import notes_and_tags, order, pausing
from engine.store.edits.remove import remove
from engine.store.edits.retry import Retried, retry
from engine.store.edits.settings import edit_settings
from engine.store.edits.undo import undo
from engine.store.errors import QueueError
from engine.store.extend import extend_run
from engine.store.status import Cause, Status
from engine.store.tables import POSITION_GAP, Run

SPEC = make_spec({"data": "digits"})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find(tmp_path)


@pytest.fixture
def worker(store: Store) -> int:
    return workers.register(store, pid=1, device="cpu", device_name="test")


def get(store: Store, run_id: int) -> Run:
    with store.read() as session:
        return listing.get_run(session, run_id)


def rows(store: Store) -> list[dict[str, object]]:
    """Everything about every run but its change number."""
    with store.read() as session:
        return [run.model_dump(exclude={"changed"}) for run in listing.list_runs(session)]


def in_order(store: Store) -> list[int]:
    with store.read() as session:
        return listing.queue_order(session)


def add(store: Store, count: int = 1, **values: object) -> None:
    add_runs(store, [make_spec({"data": "digits", "seed": seed, **values}) for seed in range(count)])


def claimed(store: Store, worker: int) -> Claim:
    held = queue.claim(store, worker)
    assert held is not None
    return held


def ended(
    store: Store, worker: int, status: Status = "done", cause: Cause | None = None, *, epochs: int = 2
) -> int:
    """Train the first queued run for some epochs and end it."""
    held = claimed(store, worker)
    train(store, held, epochs, skill=0.5)
    queue.end(store, held, status, cause=cause, error="why" if cause else None)
    return held.run_id


# Order


def test_a_move_swaps_with_the_neighbour_of_its_priority(store: Store) -> None:
    add(store, 4)
    order.move(store, [3], "up")
    assert in_order(store) == [1, 3, 2, 4]
    order.move(store, [1], "down")
    assert in_order(store) == [3, 1, 2, 4]
    order.move(store, [2, 4], "up")
    assert in_order(store) == [3, 2, 4, 1]
    order.move(store, [3, 2], "bottom")
    assert in_order(store) == [4, 1, 3, 2]
    order.move(store, [3, 2], "top")
    assert in_order(store) == [3, 2, 4, 1]
    order.set_priority(store, [1], 5)
    assert in_order(store) == [1, 3, 2, 4]
    before = rows(store)
    with pytest.raises(
        QueueError, match="run 3 is the first of priority 0: resnet-tui priority 3 N gives it a higher"
    ):
        order.move(store, [2, 3], "up")
    with pytest.raises(QueueError, match="run 4 is the last of priority 0"):
        order.move(store, [4], "down")
    assert rows(store) == before


def test_a_paused_run_keeps_its_place_and_can_be_moved(store: Store) -> None:
    add(store, 3)
    queue.ask(store, [2], "pause")
    order.move(store, [3], "up")
    pausing.resume(store, [2])
    assert in_order(store) == [3, 2, 1]
    queue.ask(store, [1], "pause")
    order.move(store, [1], "top")
    pausing.resume(store, [1])
    assert in_order(store) == [1, 3, 2]


def test_a_gap_that_is_used_up_is_made_again(store: Store) -> None:
    add(store, 4)
    with store.write() as session:
        session.execute(text("UPDATE run SET position = 7 WHERE id > 1"))
    order.move(store, [4], "up")
    assert in_order(store) == [2, 4, 3, 1]
    places = [get(store, run_id).position for run_id in (2, 4, 3, 1)]
    assert [b - a for a, b in zip(places, places[1:], strict=False)] == [POSITION_GAP] * 3
    undone = undo(store)
    assert undone is not None and sorted(undone.restored) == [1, 3, 4]
    assert [get(store, run_id).position for run_id in (2, 3, 4)] == [7, 7, 7]


def test_only_waiting_runs_have_a_place(store: Store, worker: int) -> None:
    add(store, 2)
    claimed(store, worker)
    with pytest.raises(QueueError, match="run 1 is running: only a waiting run can be moved"):
        order.move(store, [1], "up")
    queue.ask(store, [2], "cancel")
    with pytest.raises(QueueError, match="run 2 is cancelled: it waits for nothing"):
        order.set_priority(store, [1, 2], 3)
    assert get(store, 1).priority == 0
    with pytest.raises(QueueError, match="out of range"):
        order.set_priority(store, [1], 10**9)


# Pausing


def test_a_paused_queue_gives_no_claim_and_running_runs_go_on(store: Store, worker: int) -> None:
    add(store, 2)
    held = claimed(store, worker)
    assert pausing.pause_queue(store) and not pausing.pause_queue(store)
    assert queue.claim(store, worker) is None
    assert queue.renew(store, held) is None
    with store.read() as session:
        assert waiting.reasons(session) == {2: "queue paused"}
        assert listing.pending(session) == [1, 2]
    queue.end(store, held, "done")
    assert pausing.resume_queue(store) and not pausing.resume_queue(store)
    assert claimed(store, worker) == Claim(2, 1)


def test_resume_queues_paused_runs_and_takes_a_request_back(store: Store, worker: int) -> None:
    add(store, 3)
    held = claimed(store, worker)
    queue.ask(store, [1, 2], "pause")
    assert get(store, 2).status == "paused" and queue.renew(store, held) == "pause"
    with pytest.raises(QueueError, match="run 3 is queued, not paused"):
        pausing.resume(store, [1, 2, 3])
    assert pausing.resume(store, [1, 2]) == {1: "running", 2: "paused"}
    assert queue.renew(store, held) is None and get(store, 2).status == "queued"
    queue.ask(store, [1], "cancel")
    with pytest.raises(QueueError, match="run 1 is running, not paused"):
        pausing.resume(store, [1])
    queue.end(store, held, "failed", cause="code")
    with pytest.raises(QueueError, match="run 1 is failed, not paused: retry queues it again"):
        pausing.resume(store, [1])


def test_a_request_to_cancel_is_never_made_one_to_pause(store: Store, worker: int) -> None:
    add(store, 2)
    held = claimed(store, worker)
    queue.ask(store, [1], "pause")
    queue.ask(store, [1], "cancel")
    with pytest.raises(QueueError, match="run 1 was asked to cancel: take that back first"):
        queue.ask(store, [2, 1], "pause")
    assert queue.renew(store, held) == "cancel" and get(store, 2).status == "queued"


# Retry


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
    assert (
        undone is not None and undone.restored == [] and undone.left == {1: "what it had trained is deleted"}
    )


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
    with pytest.raises(QueueError, match="run 1 cannot begin again: run 2 is just starting from its weights"):
        retry(store, home, [1], fresh=True)
    assert home.run(1).best.exists() and get(store, 1).status == "done"
    train(store, held, 1, skill=0.5)
    assert retry(store, home, [1], fresh=True).from_start == (1,)


# Settings


def test_edit_changes_the_spec_and_what_mirrors_it(store: Store, home: Home) -> None:
    add(store, 2)
    repeats = edit_settings(store, home, [2], {"lr": "0.5", "precision": "fp16", "image_size": 64, "seed": 7})
    spec = make_spec({"data": "digits", "seed": 7, "lr": 0.5, "precision": "fp16", "image_size": 64})
    run = get(store, 2)
    assert load_spec(run.spec) == spec and run.spec_hash == spec.digest() and repeats == {}
    assert (run.lr, run.precision, run.image_size, run.seed, run.needs_card) == (0.5, "fp16", 64, 7, True)
    assert edit_settings(store, home, [1], {"lr": 0.01}) == {}
    add(store, 1, lr=0.3)
    assert edit_settings(store, home, [1], {"lr": 0.3}) == {1: 3}
    with pytest.raises(SpecError, match="lr: -1 is out of range"):
        edit_settings(store, home, [1, 2], {"lr": -1})


def test_edit_refuses_what_has_begun(store: Store, worker: int, home: Home) -> None:
    add(store, 2, schedule="constant")
    held = claimed(store, worker)
    with pytest.raises(QueueError, match="run 1 is running: pause it first"):
        edit_settings(store, home, [2, 1], {"lr": 0.5})
    train(store, held, 3, skill=0.5)
    queue.put_back(store, held)
    with pytest.raises(QueueError, match="run 1 has trained 3 epochs with its settings: clone it"):
        edit_settings(store, home, [1], {"lr": 0.5})
    with pytest.raises(QueueError, match="run 1 has trained 3 epochs already"):
        edit_settings(store, home, [1], {"epochs": 2})
    edit_settings(store, home, [1], {"epochs": 20, "allow_leak": True})
    assert (get(store, 1).epochs, get(store, 1).epoch, get(store, 1).baseline is None) == (20, 3, False)
    assert get(store, 2).lr == 0.01
    queue.ask(store, [2], "cancel")
    with pytest.raises(QueueError, match="run 2 is cancelled: clone it"):
        edit_settings(store, home, [2], {"lr": 0.5})


def test_another_recipe_forgets_what_an_attempt_without_an_epoch_noted(
    store: Store, worker: int, home: Home
) -> None:
    add(store)
    held = claimed(store, worker)
    train(store, held, 0, skill=0.5)
    queue.put_back(store, held)
    assert get(store, 1).environment
    edit_settings(store, home, [1], {"precision": "bf16"})
    run = get(store, 1)
    assert (run.environment, run.steps_per_epoch, run.baseline, run.class_names) == ({}, 0, None, [])


def test_edit_discards_the_checkpoint_of_a_first_epoch_where_it_would_not_fit(
    store: Store, worker: int, home: Home
) -> None:
    add(store, schedule="constant")
    train(store, claimed(store, worker), 0, skill=0.5)
    queue.put_back(store, Claim(1, 1))
    paths = home.run(1)
    paths.pending.folder.mkdir(parents=True)
    for path in (paths.last, paths.last_before, paths.pending.best, paths.log):
        path.write_bytes(b"old")
    edit_settings(store, home, [1], {"epochs": 20})
    assert paths.last.exists() and get(store, 1).environment
    with pytest.raises(SpecError):
        edit_settings(store, home, [1], {"lr": -1})
    with pytest.raises(QueueError, match="run 1 would wait for itself"):
        edit_settings(store, home, [1], {"lr": 0.5, "pretrained": "run:1"})
    assert paths.last.read_bytes() == paths.pending.best.read_bytes() == b"old"
    assert len(list(paths.folder.iterdir())) == 4
    edit_settings(store, home, [1], {"lr": 0.5})
    assert [path.name for path in paths.folder.iterdir()] == ["log.txt"]
    undone = undo(store)
    assert undone is not None and undone.restored == [1]
    assert (
        get(store, 1).lr == 0.01 and get(store, 1).environment == {}
    )  # as its folder has it: nothing trained


def test_edit_waits_for_the_run_that_it_starts_from_now(store: Store, worker: int, home: Home) -> None:
    add(store, 3)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})], after=[2])
    edit_settings(store, home, [4], {"pretrained": "run:3"})
    with store.read() as session:
        assert listing.unmet(session) == {4: {2: "queued", 3: "queued"}}
    edit_settings(store, home, [4], {"pretrained": "none"})
    with store.read() as session:
        assert listing.unmet(session) == {4: {2: "queued"}}
    assert get(store, 4).blocked == 1
    with pytest.raises(QueueError, match="run 2 would wait for itself"):
        edit_settings(store, home, [2], {"pretrained": "run:4"})
    with pytest.raises(QueueError, match="there is no run 9"):
        edit_settings(store, home, [4], {"pretrained": "run:9"})
    with pytest.raises(QueueError, match="run 1 is a resnet18: its weights do not fit a resnet34"):
        edit_settings(store, home, [4], {"pretrained": "run:1", "arch": "resnet34"})
    for _ in range(2):
        undone = undo(store)
        assert undone is not None and undone.restored == [4]
    with store.read() as session:
        assert listing.unmet(session) == {4: {1: "queued", 2: "queued"}}
    assert get(store, 4).blocked == 2


def test_edit_keeps_the_arch_that_others_start_from(store: Store, worker: int, home: Home) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1", "seed": seed}) for seed in (1, 2)])
    with pytest.raises(
        QueueError, match="runs 2-3 start from run 1 and could not from a resnet50: edit them in"
    ):
        edit_settings(store, home, [1], {"arch": "resnet50"})
    with pytest.raises(QueueError, match="run 3 starts from run 1 and could not from a resnet50"):
        edit_settings(store, home, [1, 2], {"arch": "resnet50"})
    edit_settings(store, home, [3, 1, 2], {"arch": "resnet50"})
    assert [get(store, run_id).arch for run_id in (1, 2, 3)] == ["resnet50"] * 3
    assert undo(store) is not None
    assert [get(store, run_id).arch for run_id in (1, 2, 3)] == ["resnet18"] * 3
    queue.ask(store, [2, 3], "cancel")
    edit_settings(store, home, [1], {"arch": "resnet50"})
    with pytest.raises(QueueError, match="run 1 is a resnet50: its weights do not fit a resnet18"):
        retry(store, home, [2])


def test_undo_gives_back_no_spec_or_status_that_does_not_fit_the_runs_around(
    store: Store, home: Home
) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    queue.ask(store, [2], "cancel")
    edit_settings(store, home, [1], {"arch": "resnet50"})
    add_runs(store, [make_spec({"data": "digits", "arch": "resnet50", "pretrained": "run:1"})])
    with store.write() as session:  # as if it had been claimed and put back
        session.execute(text("UPDATE run SET attempt = 1 WHERE id = 3"))
    assert undo(store) is not None
    left = [undone.left for undone in (undo(store), undo(store)) if undone is not None]
    assert left == [
        {1: "run 3 starts from run 1 and could not from a resnet18"},
        {2: "run 1 has another network now: its weights do not fit a resnet18"},
    ]
    assert (get(store, 1).arch, get(store, 2).status) == ("resnet50", "cancelled")


# Dependencies


def test_any_is_met_by_every_ending(store: Store, worker: int, home: Home) -> None:
    add(store, 2)
    add_runs(store, [SPEC], after_any=[1])
    add_runs(store, [SPEC], after=[1])
    add_runs(store, [SPEC], after_any=[3])
    order.move(store, [2], "bottom")
    held = claimed(store, worker)
    queue.put_back(store, held)
    assert get(store, 3).blocked == 1
    ended(store, worker, "failed", "disk")
    assert [get(store, run_id).blocked for run_id in (3, 4, 5)] == [0, 1, 1]
    with store.read() as session:
        assert waiting.reasons(session)[4] == "waits for #1, which failed"
        assert listing.stuck(listing.unmet(session)) == {4: (1, "failed")}
    queue.ask(store, [3], "cancel")
    assert get(store, 5).blocked == 0
    retry(store, home, [1, 3])
    assert [get(store, run_id).blocked for run_id in (3, 4, 5)] == [1, 1, 1]


def test_an_attempt_that_fails_for_good_in_the_queue_frees_those_that_wait_for_any_end(
    store: Store, worker: int
) -> None:
    add_runs(store, [SPEC], max_attempts=1)
    add_runs(store, [SPEC], after_any=[1])
    queue.put_back(store, claimed(store, worker), bad_end=("signal", "killed"))
    assert get(store, 1).status == "failed" and claimed(store, worker).run_id == 2


def test_a_run_that_needs_a_card_is_left_to_a_worker_with_one(store: Store, worker: int) -> None:
    add(store, 1, precision="fp16")
    add_runs(store, [SPEC], after=[1])
    assert queue.claim(store, worker) is None
    card = workers.register(store, pid=2, device="cuda:0", device_name="test card")
    assert claimed(store, card) == Claim(1, 1)


# Remove


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


# Labels


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
        with pytest.raises(QueueError, match="is no tag"):
            notes_and_tags.tag(store, [1], add=[bad])
    with pytest.raises(QueueError, match="is no text in UTF-8"):
        notes_and_tags.tag(store, [1], add=["\udce9"])
    with pytest.raises(QueueError, match="at most 10000 characters"):
        notes_and_tags.set_note(store, [1], "x" * 10_001)


# Undo


def test_undo_gives_the_rows_back_and_then_the_edit_before(store: Store, worker: int, home: Home) -> None:
    add(store, 4, schedule="constant")
    ended(store, worker, "failed", "disk")
    ended(store, worker, epochs=10)
    states = [rows(store)]
    edits = [
        lambda: order.set_priority(store, [3, 4], 2),
        lambda: order.move(store, [4], "up"),
        lambda: order.move(store, [3], "top"),
        lambda: queue.ask(store, [3, 4], "pause"),
        lambda: pausing.resume(store, [3]),
        lambda: queue.ask(store, [3, 4], "cancel"),
        lambda: retry(store, home, [1, 3]),
        lambda: edit_settings(store, home, [3], {"lr": 0.3, "pretrained": "run:2"}),
        lambda: notes_and_tags.set_note(store, [1, 2], "n"),
        lambda: notes_and_tags.tag(store, [1, 2], add=["t"]),
        lambda: extend_run(store, 2, 20),
        lambda: add(store, 2),
    ]
    for each in edits:
        each()
        states.append(rows(store))
    assert all(a != b for a, b in zip(states, states[1:], strict=False))
    for before in reversed(states[:-1]):
        undone = undo(store)
        assert undone is not None and undone.restored and not undone.left
        assert rows(store) == before
    assert undo(store) is not None and rows(store)[2:] == []  # the very first add; the trained ones stay
    assert undo(store) is None


def test_undo_restores_only_what_has_not_changed_since(store: Store, worker: int) -> None:
    add(store, 3)
    queue.ask(store, [2, 3], "pause")
    pausing.resume(store, [2, 3])
    held = claimed(store, worker)
    queue.end(store, held, "done")
    claimed(store, worker)
    undone = undo(store)
    assert undone is not None and undone.text == "resume runs 2-3"
    assert undone.restored == [3] and undone.left == {2: "it has changed since"}
    assert (get(store, 2).status, get(store, 3).status) == ("running", "paused")


def test_undo_of_an_add_removes_what_nobody_claimed_or_needs(store: Store, worker: int) -> None:
    add_batches(store, [Batch([SPEC]), Batch([SPEC]), Batch([SPEC]), Batch([SPEC])])
    queue.put_back(store, claimed(store, worker))
    queue.ask(store, [3], "pause")
    add_runs(store, [SPEC], after=[4])
    with store.write() as session:  # as if the journal had lost the newer edits
        session.execute(text("DELETE FROM edit WHERE verb != 'add' OR id > 2"))
    undone = undo(store)
    assert undone is not None and undone.restored == [2]
    assert undone.left == {1: "it was claimed", 3: "it is paused", 4: "run 5 waits for it"}
    with store.read() as session:
        assert listing.run_ids(session) == {1, 3, 4, 5}


def test_undo_of_a_label_holds_though_the_run_has_trained(store: Store, worker: int) -> None:
    add(store)
    notes_and_tags.set_note(store, [1], "before")
    ended(store, worker)
    undone = undo(store)
    assert undone is not None and undone.restored == [1]
    assert (get(store, 1).note, get(store, 1).status) == ("", "done")


def test_undo_takes_a_request_back_and_says_that_it_may_be_late(store: Store, worker: int) -> None:
    add(store)
    held = claimed(store, worker)
    queue.ask(store, [1], "cancel")
    undone = undo(store)
    assert undone is not None and undone.withdrawn == [1] and queue.renew(store, held) is None
    queue.ask(store, [1], "cancel")
    queue.end(store, held, "cancelled")
    undone = undo(store)
    assert (
        undone is not None
        and undone.left == {1: "it has changed since"}
        and get(store, 1).status == "cancelled"
    )


def test_a_request_that_was_taken_back_does_not_return_to_a_run_that_has_ended(
    store: Store, worker: int
) -> None:
    add(store)
    held = claimed(store, worker)
    queue.ask(store, [1], "pause")
    pausing.resume(store, [1])
    queue.end(store, held, "done")
    undone = undo(store)
    assert undone is not None and undone.left == {1: "it has changed since"}
    assert (get(store, 1).status, get(store, 1).request) == ("done", None)


def test_undo_of_a_paused_queue(store: Store, worker: int) -> None:
    add(store)
    pausing.pause_queue(store)
    undone = undo(store)
    assert undone is not None and undone.restored == [edit_journal.QUEUE]
    assert claimed(store, worker) == Claim(1, 1)


def test_undo_says_where_a_run_that_was_waited_for_is_gone(store: Store, home: Home) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    edit_settings(store, home, [2], {"pretrained": "none"})
    remove(store, home, [1])
    assert undo(store) is not None
    undone = undo(store)
    assert undone is not None and undone.left == {2: "run 1, which it waited for, is gone"}
    assert get(store, 2).pretrained == "none"


def test_the_journal_keeps_the_newest_hundred(store: Store) -> None:
    add(store)
    for number in range(edit_journal.KEPT + 5):
        notes_and_tags.set_note(store, [1], str(number))
    for number in reversed(range(4, edit_journal.KEPT + 4)):
        assert undo(store) is not None
        assert get(store, 1).note == str(number)
    assert undo(store) is None


def test_an_edit_that_changes_nothing_is_not_noted(store: Store) -> None:
    add(store)
    order.set_priority(store, [1], 3)
    order.set_priority(store, [1], 3)
    undone = undo(store)
    assert undone is not None and get(store, 1).priority == 0


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
