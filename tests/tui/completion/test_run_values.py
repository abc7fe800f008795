"""Runs and sweeps for completion, read without the store and without a trace."""

import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from studies import open_study

from engine.files.paths import Home
from tui.completion.run_values import MOST, runs_like, sweeps

OLD = Path(__file__).parents[2] / "golden" / "home-0.1.0.sql"


def trace(folder: Path) -> dict[str, str]:
    """Return the names and contents of a folder's files."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_runs_are_told_newest_first(tmp_path: Path) -> None:
    open_study(tmp_path / "runs.db").close()
    found = dict(runs_like(Home.find(tmp_path), ""))
    assert list(found) == ["8", "7", "6", "5", "4", "3", "2", "1"]
    assert found["6"].startswith("failed, ") and "resnet" in found["6"] and " lr " in found["6"]
    assert [run for run, _ in runs_like(Home.find(tmp_path), "3")] == ["3"]
    assert sweeps(Home.find(tmp_path)) == [("demo", "7 runs")]
    assert runs_like(Home.find(tmp_path), "x") == [] == runs_like(Home.find(tmp_path), "%")


@pytest.mark.parametrize("is_open", [True, False])
def test_a_home_is_left_as_it_is(tmp_path: Path, is_open: bool) -> None:
    store = open_study(tmp_path / "runs.db")
    if not is_open:
        store.close()
    before = trace(tmp_path)
    assert runs_like(Home.find(tmp_path), "") and sweeps(Home.find(tmp_path))
    after = trace(tmp_path)
    shared = (
        before.pop("runs.db-shm", None),
        after.pop("runs.db-shm", None),
    )  # readers mark their places in it
    assert after == before and all(shared) == is_open
    store.close()


def test_no_home_is_made_and_an_old_one_is_not_migrated(tmp_path: Path) -> None:
    assert runs_like(Home.find(tmp_path / "none"), "") == [] and runs_like(Home.find(tmp_path), "") == []
    assert list(tmp_path.iterdir()) == []
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        connection.executescript(OLD.read_text())
    connection.close()
    before = trace(tmp_path)
    assert runs_like(Home.find(tmp_path), "1")[-1][0] == "1" and trace(tmp_path) == before


def test_what_cannot_be_read_has_no_values(tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_text("no table " * 100)
    assert runs_like(Home.find(tmp_path), "") == [] == sweeps(Home.find(tmp_path))
    assert runs_like(Home.find(tmp_path, "postgresql://nowhere/x"), "") == []
    os.remove(tmp_path / "runs.db")
    os.mkfifo(tmp_path / "runs.db")
    assert runs_like(Home.find(tmp_path), "") == []


def test_a_table_in_another_folder(tmp_path: Path) -> None:
    open_study(tmp_path / "runs.db").close()
    odd = tmp_path / "it is 100% ?#odd.db"
    shutil.move(tmp_path / "runs.db", odd)
    assert 8 == len(runs_like(Home.find(tmp_path, str(odd)), "")) < MOST
