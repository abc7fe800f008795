"""Whatever the umask: the run table, the runs and the packed images are their owner's alone."""

import io
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab
from waiting import LIMIT_S

from engine.files.paths import DB_VARIABLE, Home
from engine.files.privacy import secure_home
from engine.hardware import worker_start
from engine.store.database import open_store
from engine.worker.warm_process import WarmProcesses


@pytest.fixture(autouse=True)
def lax() -> Iterator[None]:
    """The most permissive umask, as a careless administrator sets it."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(*folders: Path) -> list[str]:
    found = []
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                found.append(str(path))
    return found


def test_a_real_run_leaves_nothing_that_others_may_read(lab: Lab) -> None:
    run_id = lab.add(epochs=1)
    lab.drain()
    root = lab.home.root
    assert lab.run(run_id).status == "done" and len(list(lab.home.run(run_id).folder.iterdir())) > 5
    beside = [path for path in root.iterdir() if path.name.startswith("runs.db")]
    assert len(beside) >= 2  # the table and its journal
    assert open_to_others(root / "runs", root / "cache", *beside) == []


def test_journals_of_either_kind_are_private(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    store = open_store(f"sqlite:///{path}")
    with store.write():
        assert open_to_others(*tmp_path.glob("runs.db*")) == []
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("UPDATE clock SET changed = 7")
        assert (tmp_path / "runs.db-journal").exists()
        assert open_to_others(*tmp_path.glob("runs.db*")) == []


def test_what_was_laxer_is_tightened_and_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "runs.db"
    open_store(f"sqlite:///{path}").close()
    assert capsys.readouterr().err == ""
    path.chmod(0o664)
    for folder in ("runs", "cache"):
        (tmp_path / folder).mkdir(mode=0o755)
    for _ in range(2):
        open_store(f"sqlite:///{path}").close()
        secure_home(Home.find(tmp_path))
    assert capsys.readouterr().err.splitlines() == [
        f"{each} could be read by others: it is yours alone now"
        for each in (path, tmp_path / "runs", tmp_path / "cache")
    ]
    assert open_to_others(path, tmp_path / "runs", tmp_path / "cache") == []


def test_a_cache_elsewhere_keeps_its_owners_permissions(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir(mode=0o755)
    (tmp_path / "home").mkdir()
    secure_home(Home.find(tmp_path / "home", cache=tmp_path / "scratch"))
    assert stat.S_IMODE((tmp_path / "scratch").stat().st_mode) == 0o755


def test_the_log_of_a_worker_that_the_app_starts_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        worker_start, "worker_command", lambda *_, **__: [sys.executable, "-c", "print('here')"]
    )
    worker: subprocess.Popen[bytes] = worker_start.start_worker(Home.find(tmp_path))
    assert worker.wait(timeout=LIMIT_S) == 0
    assert worker_start.last_words(Home.find(tmp_path)) == "here" and open_to_others(tmp_path / "runs") == []


def test_no_command_line_holds_the_databases_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://ann:secret@gpu03/runs"
    started: list[tuple[list[str], dict[str, str]]] = []

    def start(command: list[str], *, env: dict[str, str], **_more: object) -> object:
        started.append((command, env))
        raise OSError

    monkeypatch.setattr(subprocess, "Popen", start)
    home = Home.find(tmp_path, url)
    for begin in (
        lambda: worker_start.start_worker(home),
        lambda: WarmProcesses(home, "cpu").take(io.BytesIO()),
    ):
        with pytest.raises(OSError):
            begin()
    assert len(started) == 2
    for command, environment in started:
        assert "secret" not in " ".join(command)
        monkeypatch.setenv(DB_VARIABLE, environment[DB_VARIABLE])
        assert Home.find(tmp_path).database == url
