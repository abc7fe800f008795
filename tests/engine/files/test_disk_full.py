"""Real full, read-only and vanished disks: a clear cause, whole files, and other runs and the run table untouched."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from lab import Lab
from sessions import Memory
from small import outcome, small_home, small_session, small_spec
from sqlalchemy import text
from volumes import fill, largest_file, read_only, small_disk
from waiting import LIMIT_S, until

from engine.files.disk_errors import WriteError, disk_problem
from engine.files.paths import SAMPLE_SUFFIX, Home, RunPaths, sweep_aside, write_atomic
from engine.spec.grid import make_spec
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.errors import StoreError
from engine.training import epoch_files, epoch_writer
from engine.training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from engine.training.failures import explain

SPEC = {"epochs": 3, "select_on": "test_acc"}


@pytest.mark.parametrize(
    ("module", "function", "file"),
    [
        (epoch_writer, "save_checkpoint", "last.pt"),
        (epoch_files, "write_atomic", "pending/best.safetensors"),
        (epoch_files, "write_predictions", "pending/predictions.csv"),
        (epoch_files, "append_predictions", "answers.npy"),
        (epoch_writer, "save_trained_on", "trained_on.npz"),
    ],
)
@pytest.mark.parametrize("beside", [(), ("cpu",)])
def test_a_full_disk_names_the_file_and_the_run_goes_on_when_there_is_space(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    function: str,
    file: str,
    beside: tuple[str, ...],
) -> None:
    monkeypatch.setattr(epoch_writer, "BESIDE", beside)
    home, spec = small_home(tmp_path, monkeypatch), small_spec(**SPEC)
    small_session(home, 1, spec).train(calm := Memory(), lambda: False)
    with small_disk(tmp_path / "runs" / "2", size_kib=400) as disk:
        written: Callable[..., None] = getattr(module, function)

        def full(*arguments: object, **more: object) -> None:
            fill(disk)
            written(*arguments, **more)

        with monkeypatch.context() as patch:
            patch.setattr(module, function, full)
            with pytest.raises(OSError) as caught:
                small_session(home, 2, spec).train(memory := Memory(), lambda: False)
        cause, says, advice = explain(caught.value, spec)
        assert (cause, says) == ("disk", f"{disk / file} cannot be written: no space is left on the disk")
        assert advice.startswith("free some space")
        assert not [path for path in disk.rglob("*") if path.name.startswith(".")]
        (disk / "filler").unlink()
        small_session(home, 2, spec).train(memory, lambda: False)
        assert outcome(home, 2, spec, memory) == outcome(home, 1, spec, calm)


def test_a_checkpoint_that_finds_no_room_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, spec = small_home(tmp_path, monkeypatch), small_spec(epochs=1)
    small_session(home, 1, spec).train(Memory(), lambda: False)
    kept = home.run(1).last.read_bytes()
    with largest_file(len(kept) // 2), pytest.raises(OSError) as caught:
        save_checkpoint(home.run(1), {"tensor": kept})
    assert explain(caught.value, spec)[0] == "disk"
    assert home.run(1).last.read_bytes() == kept


@pytest.mark.parametrize("tear", ["shorter", "empty", "other bits"])
def test_of_a_torn_checkpoint_the_one_before_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tear: str
) -> None:
    home, spec = small_home(tmp_path, monkeypatch), small_spec(**SPEC)
    small_session(home, 1, spec).train(calm := Memory(), lambda: False)
    memory = Memory()
    small_session(home, 2, spec).train(memory, lambda: len(memory.measured) == 3)
    last = home.run(2).last
    content = bytearray(last.read_bytes())
    content[len(content) // 2] ^= 0x40
    last.write_bytes({"shorter": bytes(content[:-1000]), "empty": b"", "other bits": bytes(content)}[tear])
    before = load_checkpoint(home.run(2), spec.training_digest())
    assert before is not None and before["epoch"] < 3
    small_session(home, 2, spec).train(memory, lambda: False)
    assert outcome(home, 2, spec, memory) == outcome(home, 1, spec, calm)


def test_no_room_for_packed_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = small_home(tmp_path, monkeypatch)
    with small_disk(tmp_path / "scratch", size_kib=64) as disk:
        small = Home.find(home.root, cache=disk / "cache")
        with pytest.raises(OSError) as caught:
            small_session(small, 1, small_spec(image_size=64))
        cause, says, _ = explain(caught.value, small_spec())
        assert cause == "disk" and says.startswith("no space for 0.0 GB of packed images in")
        left = [path for path in (disk / "cache").iterdir() if path.suffix != SAMPLE_SUFFIX]
        assert sum(path.stat().st_size for path in left) == 0


@pytest.mark.parametrize("damage", ["shorter", "json", "hashes"])
def test_a_cache_file_that_was_cut_short_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    home, spec = small_home(tmp_path, monkeypatch), small_spec(epochs=1)
    small_session(home, 1, spec).train(first := Memory(), lambda: False)
    suffix = {"shorter": ".u8", "json": ".json", "hashes": ".hashes"}[damage]
    [cached] = [path for path in home.cache.iterdir() if path.suffix == suffix]
    whole = cached.read_bytes()
    cached.write_bytes(whole[: len(whole) // 2])
    small_session(home, 2, spec).train(second := Memory(), lambda: False)
    assert cached.read_bytes() == whole
    assert outcome(home, 1, spec, first) == outcome(home, 2, spec, second)


def test_a_read_only_folder_and_a_vanished_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, spec = small_home(tmp_path, monkeypatch), small_spec(**SPEC)
    with small_disk(tmp_path / "runs", size_kib=2000) as disk:
        made = small_session(home, 1, spec)
        with read_only(disk), pytest.raises(OSError) as caught:
            made.train(Memory(), lambda: False)
        assert explain(caught.value, spec)[:2] == (
            "disk",
            f"{disk}/1/trained_on.npz cannot be written: the disk is read-only",
        )
        made = small_session(home, 2, spec)
        shutil.rmtree(disk / "2")
        with pytest.raises(OSError) as caught:
            made.train(Memory(), lambda: False)
        assert explain(caught.value, spec)[:2] == (
            "disk",
            f"{disk}/2/trained_on.npz cannot be written: its folder has gone",
        )


def test_the_run_table_on_a_full_disk_says_so_and_stays_whole(tmp_path: Path) -> None:
    with small_disk(tmp_path / "home", size_kib=2000) as disk:
        url = f"sqlite:///{disk}/runs.db"
        store = open_store(url)
        first = add_runs(store, [make_spec({"data": "digits"})]).ids
        filler = fill(disk)
        many = [make_spec({"data": "digits", "seed": seed}) for seed in range(500)]
        with pytest.raises(StoreError, match=f"the disk of {disk}/runs.db is full: free some space"):
            add_runs(store, many)
        store.close()
        with pytest.raises(StoreError, match=f"the disk of {disk}/runs.db is full: free some space"):
            add_runs(open_store(url), many)
        filler.unlink()
        store = open_store(url)
        with store.read() as session:
            assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert [row.id for row in session.execute(text("SELECT id FROM run"))] == list(first)
        assert add_runs(store, many).ids[-1] == first[-1] + len(many)
        store.close()


def test_a_disk_without_room_for_a_folder_keeps_the_queue_waiting(lab: Lab) -> None:
    with small_disk(lab.home.root / "runs", size_kib=400_000, files=60) as disk:
        for number in range(59):
            (disk / f"x{number}").touch()
        first, second = lab.add(epochs=0), lab.add(epochs=0)
        worker = lab.start_worker("--drain")
        assert worker.stderr is not None
        until(lambda: "trying again" in worker.stderr.readline(), what="the worker to wait")
        assert [lab.run(each).status for each in (first, second)] == ["queued", "queued"]
        for number in range(59):
            (disk / f"x{number}").unlink()
        assert worker.wait(timeout=LIMIT_S) == 0
        assert [lab.run(each).status for each in (first, second)] == ["done", "done"]
        assert lab.run(first).failures == 0


def test_what_cannot_be_read_is_not_said_to_be_unwritable(tmp_path: Path) -> None:
    name = str(tmp_path / "last.pt")
    assert disk_problem(OSError(errno.ENOENT, "", name)) is None
    assert (
        disk_problem(OSError(errno.EACCES, "", name))
        == f"{name} cannot be read: its permissions do not allow it"
    )
    assert (
        disk_problem(WriteError(errno.ENOENT, "", name)) == f"{name} cannot be written: its folder has gone"
    )
    with pytest.raises(WriteError) as caught:
        write_atomic(tmp_path / "gone" / "x", b"")
    assert (disk_problem(caught.value) or "").endswith("gone/x cannot be written: its folder has gone")


def test_a_whole_checkpoint_that_cannot_be_loaded_is_not_called_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = RunPaths(tmp_path)
    torch.save({"format": 1, "spec_hash": "x", "odd": Path()}, paths.last)  # refused by weights_only
    with pytest.raises(CheckpointError, match="made with other settings or by another version"):
        load_checkpoint(paths, "x")
    save_checkpoint(paths, {"spec_hash": "x"})
    assert load_checkpoint(paths, "x") is not None

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 45 bytes.")

    monkeypatch.setattr(torch, "load", full)
    with pytest.raises(MemoryError) as caught:
        load_checkpoint(paths, "x")
    assert explain(caught.value, small_spec())[0] == "out_of_memory"


def test_only_what_was_being_written_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".ipynb_checkpoints").mkdir()
    for name in (".nfs00000000a1b2", ".gitignore", "last.pt", ".last.pt.ab12_9xz"):
        (tmp_path / name).touch()
    sweep_aside(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".gitignore", ".ipynb_checkpoints", ".nfs00000000a1b2", "last.pt"]


def test_real_runs_on_a_disk_that_is_too_small(lab: Lab, tmp_path: Path) -> None:
    """One finds no room for its best weights and fails; another none for its log alone, and is trained."""
    crowded, silent = lab.add(epochs=1), lab.add(epochs=1)
    lab.home.run(silent).folder.mkdir(parents=True)
    with (
        small_disk(lab.home.run(crowded).folder, size_kib=110_000),
        small_disk(tmp_path / "tiny", size_kib=8) as tiny,
    ):
        (tiny / "log.txt").touch()
        fill(tiny)
        lab.home.run(silent).log.symlink_to(tiny / "log.txt")
        lab.drain()
        run = lab.run(crowded)
        assert (run.status, run.cause, run.epoch) == ("failed", "disk", 0)
        assert run.error == (
            f"{lab.home.run(crowded).pending.best} cannot be written: no space is left on the disk"
        )
        assert "Traceback" not in lab.log(crowded)
        assert lab.run(silent).status == "done"
        assert os.path.getsize(tiny / "log.txt") == 0
