"""Array files that grow by a row: what is written, and what is left after an end in the middle."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from volumes import fill, small_disk

from engine.files import array_rows
from engine.files.array_rows import append_row
from engine.files.disk_errors import WriteError
from engine.files.epoch_predictions import append_predictions, array_bytes, read_answers
from engine.files.paths import RunPaths
from engine.store.errors import LeaseLost

IMAGES = 500


def rows(count: int) -> NDArray[np.uint16]:
    return np.arange(count * IMAGES, dtype=np.uint16).reshape(count, IMAGES)


def append(path: Path, place: int) -> bool:
    return append_row(path, place, rows(place + 1)[place], fence=contextlib.nullcontext)


def test_an_epoch_writes_its_own_predictions_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, written = RunPaths(tmp_path), [0]
    write = array_rows._write

    def counted(file: int, place: int, content: bytes) -> None:
        written[0] += len(content)
        write(file, place, content)

    monkeypatch.setattr(array_rows, "_write", counted)
    scores = np.full((IMAGES, 2), 0.5, np.float32)
    bytes_of = []
    for epoch in range(30):
        written[0] = 0
        answers = np.full(IMAGES, epoch % 2, np.uint16)
        append_predictions(paths, epoch, answers, scores, fence=contextlib.nullcontext)
        bytes_of.append(written[0])
    assert set(bytes_of[1:]) == {2 * (2 * IMAGES + 128)}  # the first writes whole files
    expected = np.repeat(np.arange(30) % 2, IMAGES).reshape(30, IMAGES).astype(np.uint16)
    assert paths.answers.read_bytes() == array_bytes(expected)
    assert paths.answer_scores.read_bytes() == array_bytes(np.full((30, IMAGES), 0.5, np.float16))


@pytest.mark.parametrize("step", ["row", "heading"])
def test_an_end_in_the_middle_leaves_the_rows_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "rows.npy"
    path.write_bytes(array_bytes(rows(3)))
    write = array_rows._write

    def killed(file: int, place: int, content: bytes) -> None:
        if bool(place) == (step == "row"):
            write(file, place, content[: len(content) // 2] if step == "row" else b"")
            raise KeyboardInterrupt
        write(file, place, content)

    with monkeypatch.context() as patch:
        patch.setattr(array_rows, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            append(path, 3)
    assert (np.load(path) == rows(3)).all()
    assert append(path, 3)
    assert path.read_bytes() == array_bytes(rows(4))


def test_bytes_that_no_heading_counts_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "rows.npy"
    path.write_bytes(array_bytes(rows(3)) + b"\x07" * 5 * IMAGES)
    assert append(path, 3)
    assert path.read_bytes() == array_bytes(rows(4))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no array", array_bytes(rows(2)), array_bytes(rows(4)), array_bytes(rows(3))[:-1],
        array_bytes(rows(3).astype(np.int16)), array_bytes(rows(3)[:, :-1]),
        array_bytes(np.asfortranarray(rows(3))),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.npy"
    path.write_bytes(content)
    assert not append(path, 3)
    assert path.read_bytes() == content
    assert not append(tmp_path / "missing.npy", 3)


def test_one_that_may_not_write_any_more_writes_nothing(tmp_path: Path) -> None:
    @contextlib.contextmanager
    def lost() -> Iterator[None]:
        raise LeaseLost("run 1 attempt 1")
        yield

    path = tmp_path / "rows.npy"
    path.write_bytes(before := array_bytes(rows(3)))
    with pytest.raises(LeaseLost):
        append_row(path, 3, rows(1)[0], fence=lost)
    assert path.read_bytes() == before


def test_a_full_disk_names_the_file_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=400) as disk:
        paths = RunPaths(disk)
        paths.answers.write_bytes(before := array_bytes(rows(3)))
        fill(disk)
        with pytest.raises(WriteError, match=r"answers\.npy"):
            for place in range(3, 30):  # the file system rounds up to whole blocks
                assert append(paths.answers, place)
        found = read_answers(paths)
        assert (
            found is not None
            and (found[:3] == rows(3)).all()
            and os.path.getsize(paths.answers) >= len(before)
        )
        assert os.path.getsize(paths.answers) == len(array_bytes(found))
