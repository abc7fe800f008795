"""The opened run is read in few queries, and at a change only what is new of it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, text
from studies import LABELS, add_study, confusion, measured

from engine.files.paths import Home
from engine.store import history, listing
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.class_order import order_classes
from tui.feeds import run_feed
from tui.feeds.run_feed import RunFeed
from tui.views import run_matrices


@contextlib.contextmanager
def queries(store: Store) -> Iterator[list[str]]:
    """The statements that go to the database, by their table."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement.split("FROM ")[-1].split()[0])

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def counted(name: str, read: Callable[..., Any], rows: dict[str, int]) -> Callable[..., Any]:
    """A reader of rows that notes how many it found."""

    def noted(*arguments: Any, **named: Any) -> Any:
        found = read(*arguments, **named)
        rows[name] = rows.get(name, 0) + len(found)
        return found

    return noted


@pytest.fixture
def study(store: Store) -> Store:
    add_study(store)
    return store


def test_a_run_is_opened_with_a_query_a_table_whatever_its_epochs(
    tmp_path_factory: pytest.TempPathFactory, study: Store
) -> None:
    feed = RunFeed(Home.find(tmp_path_factory.mktemp("home")), 4, study)
    with queries(study) as seen:
        view = feed.poll()
    assert view is not None and view.epoch == 6 and view.matrices.keys() == set(range(7))
    assert sorted(seen) == [
        "attempt_times", "epoch_confusion", "epoch_metrics", "loss_point", "run", "run", "run"
    ]  # fmt: skip


def test_at_a_change_only_what_is_new_is_read(
    tmp_path_factory: pytest.TempPathFactory, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home.find(tmp_path_factory.mktemp("home"))
    feed = RunFeed(home, 5, study)
    before = feed.poll()
    assert before is not None and before.epoch == 3
    with study.write() as session:
        session.execute(text("UPDATE run SET note = 'seen', changed = changed + 1000 WHERE id = 5"))
    read: dict[str, int] = {}
    for name in ("epochs_of", "packed_confusions_of", "losses_of"):
        monkeypatch.setattr(history, name, counted(name, getattr(history, name), read))
    assert feed.poll() is not None
    assert read == {
        "epochs_of": 0,
        "packed_confusions_of": 0,
        "losses_of": 1,
    }  # the bucket that may not be full
    held, matrix = Claim(5, 1), confusion(LABELS, 0.5)
    history.record_epoch(study, held, measured(held, 4, matrix), matrix, best=None, judgement=None)
    after = feed.poll()
    assert after is not None and after == RunFeed(home, 5, study).poll()
    assert after.matrices.keys() == before.matrices.keys() | {4}


def test_a_change_without_a_new_epoch_makes_no_curve_and_unpacks_no_matrix(
    tmp_path_factory: pytest.TempPathFactory, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = RunFeed(Home.find(tmp_path_factory.mktemp("home")), 5, study)
    unpacked: list[bytes] = []
    unpack = history.unpack_matrix

    def noted(packed: bytes, classes: int) -> history.Matrix:
        unpacked.append(packed)
        return unpack(packed, classes)

    monkeypatch.setattr(history, "unpack_matrix", noted)
    before = feed.poll()
    history.record_progress(study, Claim(5, 1), step=61, images_per_s=100.0, losses=())
    monkeypatch.setattr(run_feed, "curves_of", lambda _epochs: pytest.fail("curves are made again"))
    after = feed.poll()
    assert before is not None and after is not None and after.curves is before.curves
    assert not unpacked
    run_matrices._counts.cache_clear()
    assert after.matrices[3].images == after.matrices[3].images == sum(LABELS) and len(unpacked) == 1


def test_epochs_that_a_later_attempt_measured_again_are_read_again(
    tmp_path_factory: pytest.TempPathFactory, study: Store
) -> None:
    home = Home.find(tmp_path_factory.mktemp("home"))
    feed = RunFeed(home, 5, study)
    before = feed.poll()
    assert before is not None
    with study.write() as session:
        session.execute(
            text("UPDATE epoch_metrics SET test_acc = 0.125, attempt = 2 WHERE run_id = 5 AND epoch >= 2")
        )
        session.execute(text("DELETE FROM epoch_confusion WHERE run_id = 5 AND epoch = 3"))
        session.execute(text("UPDATE run SET changed = changed + 1000 WHERE id = 5"))
        assert listing.get_run(session, 5).attempt == 1
    after = feed.poll()
    assert after is not None
    assert after.curves["test_acc"] == (before.curves["test_acc"][0], (2.0, 0.125), (3.0, 0.125))
    assert after.matrices.keys() == {0, 1, 2}


@pytest.mark.parametrize("first", range(4))
def test_epochs_and_losses_that_were_measured_again_are_read_again(
    tmp_path_factory: pytest.TempPathFactory, study: Store, first: int
) -> None:
    """Run 5 has measured 3 epochs: a later attempt goes on from any of them, or from the start."""
    home = Home.find(tmp_path_factory.mktemp("home"))
    feed = RunFeed(home, 5, study)
    feed.poll()
    with study.write() as session:
        mine = f"run_id = 5 AND epoch >= {first}"
        session.execute(text(f"UPDATE epoch_metrics SET attempt = 2, kappa = .123 WHERE {mine}"))
        session.execute(text("UPDATE loss_point SET mean = 9 WHERE run_id = 5 AND bucket >= 3"))
        session.execute(text("UPDATE run SET attempt = 2, changed = changed + 1000 WHERE id = 5"))
    after = feed.poll()
    assert after is not None and after == RunFeed(home, 5, study).poll()
    assert [epoch for epoch, kappa in after.curves["kappa"] if kappa == 0.123] == [*range(max(first, 1), 4)]


def test_losses_that_were_deleted_are_gone(tmp_path_factory: pytest.TempPathFactory, study: Store) -> None:
    home = Home.find(tmp_path_factory.mktemp("home"))
    feed = RunFeed(home, 5, study)
    feed.poll()
    with study.write() as session:
        session.execute(text("DELETE FROM loss_point WHERE run_id = 5 AND bucket < 7"))
        session.execute(text("UPDATE run SET changed = changed + 1000 WHERE id = 5"))
    assert feed.poll() == RunFeed(home, 5, study).poll()


def test_an_edit_of_the_order_changes_epochs_of_the_same_attempt(
    tmp_path_factory: pytest.TempPathFactory, study: Store
) -> None:
    home = Home.find(tmp_path_factory.mktemp("home"))
    feed = RunFeed(home, 4, study)
    before = feed.poll()
    assert before is not None and before.curves["kappa"]
    order_classes(study, home, [4], "off")
    after = feed.poll()
    assert after is not None and not after.curves["kappa"] and after == RunFeed(home, 4, study).poll()
