"""Saying afterwards whether classes are grades: as if the run had been trained so, and back."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from small import TRAIN, small_home, small_session, small_spec

from engine.datasets import source
from engine.datasets.formats.labels import classes
from engine.datasets.formats.labels.numbering import Numbering
from engine.files.paths import Home
from engine.metrics.catalogue import TIMED
from engine.spec.grid import SpecError, load_spec
from engine.store import history, listing, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store, open_store
from engine.store.edits.class_order import order_classes
from engine.store.edits.settings import edit_settings
from engine.store.edits.undo import undo
from engine.store.epoch_values import values_of_row
from engine.store.errors import QueueError
from engine.store.tables import Run
from engine.training.store_recorder import StoreRecorder

RANKED = ("auc_referable", "sensitivity_referable_at_93", "sensitivity_referable_at_98")
COUNTED = ("kappa", "sensitivity_referable", "specificity_referable")
ELSEWHERE = ("val_kappa", "eval_train_kappa")
FOLLOWS = {*RANKED, *COUNTED, *ELSEWHERE}


@dataclass
class Trained:
    """A home with runs of a small network that its tests train at once."""

    home: Home
    store: Store
    worker: int

    def add(self, **values: Any) -> int:
        common = {"val_fraction": 0.3, "eval_train": True, "schedule": "constant"}
        return add_runs(self.store, [small_spec(**(common | values))]).ids[0]

    def train(self, *, stop_after: int | None = None, status: Any = "done") -> Run:
        held = queue.claim(self.store, self.worker)
        assert held is not None
        spec = load_spec(self.run(held.run_id).spec)
        class_names = tuple(self.run(held.run_id).class_names)
        session = small_session(self.home, held.run_id, spec, class_names=class_names)
        recorder = StoreRecorder(self.store, held, spec, {"device": "cpu"})
        finished = session.train(
            recorder, lambda: stop_after is not None and session.done_epochs >= stop_after
        )
        assert finished == (stop_after is None)
        queue.end(self.store, held, status) if finished else queue.put_back(self.store, held)
        return self.run(held.run_id)

    def run(self, run_id: int) -> Run:
        with self.store.read() as session:
            return listing.get_run(session, run_id)

    def epochs(self, run_id: int) -> list[dict[str, Any]]:
        with self.store.read() as session:
            rows = [values_of_row(row).values for row in history.epochs_of(session, run_id)]
        return [{key: value for key, value in row.items() if key not in TIMED} for row in rows]

    def order(self, run_id: int, ordered: str) -> Any:
        [found] = order_classes(self.store, self.home, [run_id], ordered)
        return found


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trained]:
    home = small_home(tmp_path, monkeypatch)
    with contextlib.closing(open_store(home.database)) as store:
        yield Trained(home, store, workers.register(store, pid=1, device="cpu", device_name="a processor"))


def shown(run: Run) -> dict[str, Any]:
    """Numbers of a run in lists and reports."""
    kept = ("best_kappa", "best_metrics", "last_metrics", "verdict", "verdict_evidence", "verdict_suggestion")
    found = {name: getattr(run, name) for name in (*kept, "best_epoch", "best", "is_ordered")}
    for name in ("best_metrics", "last_metrics"):
        found[name] = {key: value for key, value in (found[name] or {}).items() if key not in TIMED}
    return found


def test_it_is_as_if_the_run_had_been_trained_so(trained: Trained) -> None:
    graded, plain = trained.add(), trained.add(ordered="off")
    for run_id in (graded, plain):
        assert trained.train().id == run_id
    as_graded, as_plain = trained.epochs(graded), trained.epochs(plain)
    was = {run_id: shown(trained.run(run_id)) for run_id in (graded, plain)}
    assert all(as_plain[epoch][key] is None for epoch in range(4) for key in FOLLOWS)
    assert as_graded[-1]["kappa"] is not None and as_graded[-1]["val_kappa"] is not None

    found = trained.order(plain, "on")
    now, run = trained.epochs(plain), trained.run(plain)
    scored = {run.best_epoch, 3}
    for epoch, (measured, computed) in enumerate(zip(as_graded, now, strict=True)):
        for key, value in measured.items():
            may_lack = key in ELSEWHERE or (key in RANKED and epoch not in scored)
            assert computed[key] == (None if may_lack else value), (epoch, key)
    assert found.unknown["val kappa"] == [0, 1, 2, 3]
    assert found.unknown["kappa on the train images afterwards"] == [3]
    assert found.unknown["referable: AUC"] == sorted({0, 1, 2, 3} - scored)
    assert "kappa" not in found.unknown and not found.findings_stay
    lacking = {"val_kappa", "eval_train_kappa"}
    expected = was[graded]
    for name in ("best_metrics", "last_metrics"):
        expected[name] = {key: value for key, value in expected[name].items() if key not in lacking}
    assert shown(run) == expected and run.ordered_why == "setting ordered is on"

    undone = undo(trained.store)
    assert (
        undone is not None and undone.restored == [plain] and undone.text == f"edit run {plain}: ordered on"
    )
    assert trained.epochs(plain) == as_plain and shown(trained.run(plain)) == was[plain]


def test_off_hides_and_nothing_is_lost(trained: Trained) -> None:
    graded, plain = trained.add(), trained.add(ordered="off")
    for _ in range(2):
        trained.train()
    before, was = trained.epochs(graded), shown(trained.run(graded))
    found = trained.order(graded, "off")
    assert not found.unknown and not found.findings_stay
    assert trained.epochs(graded) == trained.epochs(plain)
    assert shown(trained.run(graded)) == shown(trained.run(plain))
    trained.order(graded, "on")
    assert trained.epochs(graded) == before and shown(trained.run(graded)) == was, "val kappa too"
    trained.order(graded, "off")
    for _ in range(3):
        assert undo(trained.store) is not None
    assert trained.epochs(graded) == before and shown(trained.run(graded)) == was
    assert load_spec(trained.run(graded).spec).ordered == "auto"


def test_files_that_are_gone_or_of_another_epoch_give_nothing(trained: Trained) -> None:
    run_id = trained.add(ordered="off", select_on="val_acc")
    trained.train()
    paths = trained.home.run(run_id)
    best = trained.run(run_id).best_epoch
    paths.scores(last=True).unlink()
    # Predictions that are not those of the best epoch: one image more is told wrong.
    lines = paths.predictions().read_text().splitlines()
    cells = lines[1].split(",")
    cells[2] = str((int(cells[2]) + 1) % 3)
    paths.predictions().write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    found = trained.order(run_id, "on")
    assert found.unknown["referable: AUC"] == [0, 1, 2, 3] and best in found.unknown["referable: AUC"]
    assert all(epoch["auc_referable"] is None for epoch in trained.epochs(run_id))
    assert all(epoch["kappa"] is not None for epoch in trained.epochs(run_id))


def test_the_findings_stay_where_the_data_are_gone(trained: Trained) -> None:
    run_id = trained.add()
    before = trained.train()
    (trained.home.root / "lab").rename(trained.home.root / "elsewhere")
    found = trained.order(run_id, "off")
    assert found.findings_stay
    assert trained.run(run_id).verdict_evidence == before.verdict_evidence
    assert trained.run(run_id).best_kappa is None


def test_a_run_goes_on_with_what_it_was_said(trained: Trained) -> None:
    graded, plain = trained.add(), trained.add(ordered="off")
    trained.train()
    trained.train(stop_after=2)
    trained.order(plain, "on")
    kappa = trained.run(plain).best_kappa
    assert kappa is not None and trained.run(plain).status == "queued"
    trained.train()
    run = trained.run(plain)
    assert (run.status, run.epoch, run.is_ordered) == ("done", 3, True)
    assert [epoch["kappa"] for epoch in trained.epochs(plain)] == [
        epoch["kappa"] for epoch in trained.epochs(graded)
    ]
    assert run.best_kappa == trained.run(graded).best_kappa
    assert trained.epochs(plain)[3]["val_kappa"] == trained.epochs(graded)[3]["val_kappa"]


def test_what_cannot_be_said_is_refused_in_one_line(trained: Trained) -> None:
    by_kappa = trained.add(select_on="val_kappa")
    ordinal = trained.add(loss="mse-ordinal", lr=0.001)
    words = trained.add(class_names="cat,dog,fox", ordered="off")
    for _ in range(3):
        trained.train()
    before = [trained.epochs(run_id) for run_id in (by_kappa, ordinal, words)]
    with pytest.raises(SpecError, match="off, and select_on val_kappa needs ordered classes"):
        order_classes(trained.store, trained.home, [words, by_kappa], "off")
    with pytest.raises(SpecError, match="off, and loss mse-ordinal needs ordered classes"):
        trained.order(ordinal, "off")
    with pytest.raises(QueueError, match=f"run {words} has measured epochs: say whether .* with on or off"):
        trained.order(words, "auto")
    assert before == [trained.epochs(run_id) for run_id in (by_kappa, ordinal, words)]
    trained.order(words, "on")  # class_names give their order


def test_words_without_an_order_are_refused(trained: Trained) -> None:
    run_id = trained.add()
    trained.train()
    with trained.store.write() as session:
        listing.get_run(session, run_id).class_names = ["cat", "dog", "fox"]
    trained.order(run_id, "off")
    with pytest.raises(
        QueueError, match="are words, and nothing gives their order: clone it with class_names"
    ):
        trained.order(run_id, "on")


def test_waiting_runs_take_it_as_a_setting(trained: Trained) -> None:
    waiting, other = trained.add(), trained.add()
    assert order_classes(trained.store, trained.home, [waiting, other], "off") == []
    assert [load_spec(trained.run(run_id).spec).ordered for run_id in (waiting, other)] == ["off", "off"]
    assert undo(trained.store) is not None
    order_classes(trained.store, trained.home, [waiting], "auto")
    held = queue.claim(trained.store, trained.worker)
    assert held == Claim(waiting, 1)
    with pytest.raises(QueueError, match=f"run {waiting} is running: pause it first"):
        order_classes(trained.store, trained.home, [other, waiting], "off")


def test_edit_keeps_measured_epochs_apart_from_other_settings(trained: Trained) -> None:
    run_id = trained.add()
    trained.train(stop_after=1)
    with pytest.raises(QueueError, match="has measured epochs: give ordered without other settings"):
        edit_settings(trained.store, trained.home, [run_id], {"ordered": "off", "epochs": 9})
    edit_settings(trained.store, trained.home, [run_id], {"ordered": "auto", "epochs": 9})
    assert trained.run(run_id).epochs == 9


def test_a_run_keeps_the_classes_that_it_began_with(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As version 0.1.0 numbered labels from 1: with a class 0 that no image has."""
    (trained.home.root / "lab" / "train_label.csv").write_text("".join(f"{label + 1}\n" for label in TRAIN))
    (trained.home.root / "lab" / "test_label.csv").write_text("1\n1\n2\n3\n1\n")
    alone, resumed, new = (trained.add() for _ in range(3))
    with monkeypatch.context() as patch:
        patch.setattr(
            classes, "number_classes", lambda *_: Numbering(tuple("0123"), {str(n): n for n in range(4)})
        )
        trained.train()
        assert trained.train(stop_after=1).class_names == list("0123")
    run = trained.train()
    assert (run.id, run.status, run.class_names) == (resumed, "done", list("0123"))
    assert trained.epochs(resumed) == trained.epochs(alone)
    assert trained.train().class_names == list("123") and new == resumed + 1


def test_a_data_set_is_read_once_for_all_its_runs(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [trained.add(seed=seed, epochs=1) for seed in range(3)]
    for _ in runs:
        trained.train()
    read, usual = [], source.index_data
    monkeypatch.setattr(source, "index_data", lambda *given: read.append(given) or usual(*given))
    found = order_classes(trained.store, trained.home, runs, "off")
    assert [each.findings_stay for each in found] == [False] * 3 and len(read) == 1
    (trained.home.root / "lab").rename(trained.home.root / "elsewhere")
    found = order_classes(trained.store, trained.home, runs, "on")
    assert [each.findings_stay for each in found] == [True] * 3 and len(read) == 2
