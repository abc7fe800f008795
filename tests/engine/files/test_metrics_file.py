"""metrics.csv of a run: whole lines, in order, cut back where an epoch is measured again."""

import contextlib
import csv
import datetime
import errno
import io
from pathlib import Path
from typing import Any

import pytest
from pictures import class_folders
from sessions import Memory, context

from engine.files.metrics_file import append_metrics, metric_columns, read_metrics, read_times
from engine.files.paths import Home, RunPaths
from engine.metrics.catalogue import split_metrics
from engine.metrics.metric import EpochValues
from engine.spec.grid import make_spec
from engine.store.errors import LeaseLost
from engine.training.session import Session


def measured(epoch: int, accuracy: float | None) -> EpochValues:
    values = dict.fromkeys((each.key for each in split_metrics()), None)
    return EpochValues(epoch, {**values, "test_acc": accuracy, "lr": 1e-7})


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    (tmp_path / "1").mkdir()
    return RunPaths(tmp_path / "1")


def add(paths: RunPaths, epoch: int, accuracy: float | None) -> None:
    append_metrics(paths, measured(epoch, accuracy), fence=contextlib.nullcontext)


def test_a_line_for_each_epoch_and_later_ones_are_cut_back(paths: RunPaths) -> None:
    for epoch, accuracy in enumerate((0.1, 1 / 3, None)):
        add(paths, epoch, accuracy)
    lines = paths.metrics.read_text().splitlines()
    assert lines[0].startswith("epoch,time,test_acc,") and lines[0].split(",") == list(metric_columns())
    rows = list(csv.DictReader(lines))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert float(rows[1]["test_acc"]) == 1 / 3 and rows[2]["test_acc"] == "" and float(rows[0]["lr"]) == 1e-7
    add(paths, 1, 0.5)  # resumed from a checkpoint of epoch 0
    assert [(epoch, row["test_acc"]) for epoch, row in read_metrics(paths).items()] == [
        (0, "0.1"),
        (1, "0.5"),
    ]
    now = datetime.datetime.now(datetime.UTC).timestamp()
    assert all(abs(time - now) < 60 for time in read_times(paths).values()) and len(read_times(paths)) == 2


def test_a_file_of_another_version_or_a_broken_one(paths: RunPaths) -> None:
    assert read_metrics(paths) == {} and read_times(paths) == {}
    paths.metrics.write_text("epoch,test_acc,gone\n0,0.25,7\nx,1,2\n1,0.5\n")
    add(paths, 3, 0.75)  # the lines of epochs 1 and 2 were lost
    assert {epoch: row["test_acc"] for epoch, row in read_metrics(paths).items()} == {0: "0.25", 3: "0.75"}
    assert read_times(paths).keys() == {3}
    paths.metrics.write_bytes(b"\xff\xfe\x00")
    assert read_metrics(paths) == {}
    add(paths, 4, 0.5)
    assert list(read_metrics(paths)) == [4]


def test_a_broken_line_takes_no_other_with_it_and_is_named(paths: RunPaths) -> None:
    for epoch in range(4):
        add(paths, epoch, epoch / 4)
    lines = paths.metrics.read_bytes().splitlines()
    lines[2] = lines[2].replace(b"0.25", b'0.\xff"5')
    paths.metrics.write_bytes(b"\n".join(lines))
    assert append_metrics(paths, measured(4, 1.0), fence=contextlib.nullcontext) == [1]
    assert {epoch: row["test_acc"] for epoch, row in read_metrics(paths).items()} == {
        0: "0.0", 2: "0.5", 3: "0.75", 4: "1.0",
    }  # fmt: skip


def test_a_file_that_cannot_be_read_is_left(paths: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    add(paths, 0, 0.25)
    before = paths.metrics.read_bytes()

    opens = io.open

    def fail(path: object, *arguments: Any, **options: Any) -> Any:
        if path == paths.metrics:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return opens(path, *arguments, **options)  # type: ignore[call-overload]

    with monkeypatch.context() as broken, pytest.raises(OSError, match="Input/output"):
        broken.setattr(io, "open", fail)
        add(paths, 1, 0.5)
    assert paths.metrics.read_bytes() == before


def test_a_process_that_lost_its_run_writes_nothing(paths: RunPaths) -> None:
    add(paths, 0, 0.25)
    before = paths.metrics.read_bytes()

    @contextlib.contextmanager
    def lost():  # type: ignore[no-untyped-def]
        raise LeaseLost
        yield

    with pytest.raises(LeaseLost):
        append_metrics(paths, measured(1, 0.5), fence=lost)
    assert paths.metrics.read_bytes() == before and len(list(paths.folder.iterdir())) == 1


def test_a_session_writes_it_with_the_numbers_that_it_records(tmp_path: Path) -> None:
    class_folders(tmp_path / "data", classes=2, each=8)
    home = Home.find(tmp_path, cache=tmp_path / "cache")
    spec = make_spec({"data": "data", "image_size": 16, "batch_size": 8, "epochs": 2, "threads": 1})
    memory = Memory()
    assert Session(context(spec, home)).train(memory, lambda: False)
    rows = read_metrics(home.run(1))
    assert list(rows) == [each.epoch for each in memory.measured] == [0, 1, 2]
    for each in memory.measured:
        for key in metric_columns()[2:]:
            value = each.values[key]
            assert (float(rows[each.epoch][key]) if rows[each.epoch][key] else None) == value, key
