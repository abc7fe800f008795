"""Files of the val split: kept of the best and of the last epoch, and none where there is no such split."""

import contextlib
import shutil

import numpy as np
import pytest
from sessions import Memory
from trainings import session, spec, train

from engine.analysis.run_curves import EpochScores, read_epoch_scores
from engine.files.epoch_predictions import read_scored, read_val_scored
from engine.files.paths import Home
from engine.training import epoch_files
from engine.training.artifacts import settle_best

CLASSES = ("class0", "class1", "class2")
VAL_FILES = (
    "predictions-val-last.csv",
    "predictions-val.csv",
    "scores-val-last.npy",
    "scores-val.npy",
)


def test_the_val_images_of_the_best_and_the_last_epoch_are_kept(home: Home) -> None:
    wanted = spec(val_fraction=0.3, select_on="val_acc")
    memory, paths = train(home, 90, wanted), home.run(90)
    assert memory.best is not None
    made = session(home, 90, wanted)
    names = tuple(made.data.index.names[row] for row in made.data.val_rows)
    for last, epoch in ((False, memory.best.epoch), (True, 2)):
        test, val = (
            read_scored(paths, CLASSES, epoch, last=last),
            read_val_scored(paths, CLASSES, last=last),
        )
        measured = memory.measured[epoch]
        assert val is not None and val.epoch == epoch
        assert test is not None and val is not None and measured.val is not None
        assert val.names == names and not set(val.names) & set(test.names)
        assert np.array_equal(val.scores, measured.val.scores)
        assert np.array_equal(val.labels, measured.val.labels)
        assert np.array_equal(val.predictions, measured.val.predictions)
        assert (val.predictions == val.labels).mean() == measured.number("val_acc")


def test_a_run_stopped_and_gone_on_has_the_same_val_files(home: Home) -> None:
    wanted = spec(val_fraction=0.3, select_on="val_acc")
    train(home, 91, wanted)
    steps = iter([False] * 5 + [True] * 99)
    assert not session(home, 92, wanted).train(Memory(), lambda: next(steps))
    assert session(home, 92, wanted).train(Memory(), lambda: False)
    for name in VAL_FILES:
        assert (home.run(91).folder / name).read_bytes() == (home.run(92).folder / name).read_bytes(), name


def test_without_a_val_split_none_is_left_of_an_earlier_start(home: Home) -> None:
    train(home, 93, spec(val_fraction=0.3, epochs=1))
    paths = home.run(93)
    assert all((paths.folder / name).exists() for name in VAL_FILES)
    for checkpoint in (paths.last, paths.last_before):
        checkpoint.unlink(missing_ok=True)  # as `retry --fresh` does
    train(home, 93, spec(epochs=1))
    assert not any((paths.folder / name).exists() for name in VAL_FILES)
    assert read_val_scored(paths, CLASSES, last=False) is None


def test_val_files_of_a_new_best_epoch_are_not_taken_for_the_old_ones(home: Home) -> None:
    """As where a session settles a new best epoch after the test images were read."""
    memory, paths = train(home, 96, spec(val_fraction=0.3)), home.run(96)
    assert memory.best is not None
    epoch = memory.best.epoch
    assert isinstance(read_epoch_scores(paths, CLASSES, epoch, last=False, status="done"), EpochScores)
    other = next(each for each in memory.measured if each.epoch != epoch)
    paths.pending.folder.mkdir()
    session(home, 96, spec(val_fraction=0.3))._files._write_predictions(
        paths.pending, other, contextlib.nullcontext, last=False
    )
    paths.pending.predictions(val=True).replace(paths.predictions(val=True))
    assert read_val_scored(paths, CLASSES, last=False) is None  # scores of the one, predictions of the other
    paths.pending.scores(val=True).replace(paths.scores(val=True))
    found = read_epoch_scores(paths, CLASSES, epoch, last=False, status="done")
    assert isinstance(found, str) and f"of epoch {other.epoch}, not of {epoch}" in found


def test_pending_val_files_of_an_earlier_start_are_not_settled(home: Home) -> None:
    wanted, paths = spec(epochs=1), home.run(95)
    memory = train(home, 95, wanted)
    made = session(home, 95, wanted)
    paths.pending.folder.mkdir()
    for stale in (paths.pending.predictions(val=True), paths.pending.scores(val=True)):
        stale.write_text("stale")
    made._files._write_predictions(paths.pending, memory.measured[-1], contextlib.nullcontext, last=False)
    names = {path.name for path in paths.pending.folder.iterdir()}
    assert names == {paths.predictions().name, paths.scores().name}


def test_val_files_come_to_their_places_before_the_test_splits(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that test files of an epoch say that the val files are of that epoch too, wherever a kill falls."""
    monkeypatch.setattr(epoch_files, "settle_best", lambda *_: None)
    memory = train(home, 94, spec(val_fraction=0.3, epochs=1))
    paths, moved = home.run(94), list[str]()
    assert memory.best is not None and not paths.predictions(val=True).exists()

    def rename(source: object, place: object) -> None:
        moved.append(str(place).rsplit("/", 1)[-1])
        shutil.move(str(source), str(place))

    monkeypatch.setattr("engine.training.artifacts.os.replace", rename)
    settle_best(paths, memory.best.epoch, contextlib.nullcontext)
    assert moved == [
        "predictions-val.csv",
        "scores-val.npy",
        "predictions.csv",
        "scores.npy",
        "best.safetensors",
    ]
