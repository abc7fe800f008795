"""Figures of the disk before, during and after: the reckoning against real runs; `du`; `prune`."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import class_folders
from sessions import Memory
from sqlalchemy import text
from terminal import Terminal
from waiting import LIMIT_S

from engine.datasets.builtin import builtin_table
from engine.datasets.source import index_data
from engine.disk import usage
from engine.disk.footprint import Footprint, Images, Room, built_in, grid_footprint, images_of, run_footprint
from engine.disk.pruning import PruneOptions, plan
from engine.disk.usage import BEST, CHECKPOINTS, KINDS, PREDICTIONS, packed_already, room_for, usage_of_runs
from engine.files.paths import Home
from engine.spec.grid import expand_grid, make_spec
from engine.spec.run_spec import RunSpec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.training.context import RunContext
from engine.training.session import Session
from tui.cli import run

DIGITS = {"data": "digits", "epochs": 2}
PERMITTED = 0.2
"""Of a real run's size, by which the reckoning may be wrong."""


@pytest.mark.parametrize(
    "settings",
    [
        {"arch": "resnet18", "epochs": 2},
        {"arch": "resnet50", "optimizer": "adamw", "epochs": 1},
        {"arch": "resnet18", "epochs": 1, "val_fraction": 0.2},
    ],
    ids=["sgd", "adamw", "val"],
)
def test_the_reckoning_is_what_a_real_run_writes(tmp_path: Path, settings: dict[str, object]) -> None:
    class_folders(tmp_path / "data", classes=3, each=60)
    home = Home.find(tmp_path, cache=tmp_path / "cache")
    spec = make_spec(
        {"data": "data", "image_size": 16, "batch_size": 64, "lr": 0.01, "threads": 1, **settings}
    )
    images = images_of(index_data(home, spec))
    torch.set_num_threads(1)
    session = Session(
        RunContext(spec, home, 1, device=torch.device("cpu"), precision="fp32", log=lambda _: None)
    )
    assert session.train(Memory(), lambda: False)
    real, said = usage_of_runs(home)[1], run_footprint(spec, images)
    for kind in (CHECKPOINTS, BEST):
        assert getattr(said, kind) == pytest.approx(real.size(kind), rel=PERMITTED), kind
    # Each of the small files has a header that no image pays for.
    headers = 100 * len(real.files[PREDICTIONS])
    assert said.predictions == pytest.approx(real.size(PREDICTIONS) - headers, rel=PERMITTED)
    packed = sum(path.stat().st_size for path in home.cache.glob("*.u8"))
    assert grid_footprint([(spec, images)]).packed == packed
    assert grid_footprint([(spec, images)], packed=packed_already(home.cache)).packed == 0
    room = room_for(home, [(spec, images)])
    assert room.written.packed == 0 and room.written.best == said.best and room.cache_free_bytes is None


@pytest.mark.parametrize("name", ["digits", "fundus", "fundus-balanced"])
def test_the_built_in_sets_are_counted_right(name: str) -> None:
    table, known = builtin_table(name), built_in(make_spec({"data": name}))
    assert known is not None and known.in_all == len(table.labels) and known.classes == len(table.class_names)
    assert known.label_bytes == pytest.approx(float(np.mean([len(each) for each in table.class_names])))
    tested = 0.2 * len(table.labels) if table.splits is None else int((table.splits == "test").sum())
    assert known.test == pytest.approx(tested, abs=1) and known.train == known.in_all - known.test
    assert built_in(make_spec({"data": "folder"})) is None


def test_a_grid_packs_each_size_once_and_keeps_every_runs_weights() -> None:
    specs = expand_grid({**DIGITS, "seed": ["0", "1", "2"], "image_size": ["32", "64"]})
    one = run_footprint(specs[0], built_in(specs[0]) or pytest.fail())
    all_runs = grid_footprint([(spec, built_in(spec)) for spec in specs])
    assert all_runs.best == 6 * one.best and all_runs.checkpoints == 6 * one.checkpoints
    assert all_runs.packed == 1797 * 3 * (32**2 + 64**2)
    assert all_runs.meanwhile == one.meanwhile == 2 * one.checkpoints + one.best
    assert grid_footprint([(specs[0], None)]).packed == 0 and grid_footprint([]) == Footprint()


def said(room: Room) -> str:
    return room.shortage.text if room.shortage else ""


def test_a_disk_that_is_too_small_is_said_and_where() -> None:
    written = Footprint(checkpoints=10**9, best=10**9, packed=5 * 10**9, meanwhile=2 * 10**9)
    assert Room(written, 10**10).shortage is None
    assert said(Room(written, 8 * 10**9)).startswith(
        "the runs need 9.0 GB, 8.0 GB are free: free some space (resnet-tui du, resnet-tui prune)"
    )
    assert Room(written, 4 * 10**9, 5 * 10**9).shortage is None
    assert said(Room(written, 4 * 10**9, 10**9)).startswith("packed images need 5.0 GB, 1.0 GB are")
    assert Room(written, 10**10).describe() == (
        "will write 7.0 GB (checkpoints 1.0 GB, best weights 1.0 GB, packed images 5.0 GB); 10.0 GB free"
    )


def test_add_says_what_it_will_write_and_warns_where_that_is_too_much(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["add", "--home", str(tmp_path), "--data", "digits", "--lr", "0.1,0.01"]
    assert run(call) == 0
    said = capsys.readouterr()
    assert said.out == "1\n2\n"
    assert "will write 274 MB (checkpoints 179 MB, best weights 89.6 MB, predictions" in said.err
    assert "warning" not in said.err
    monkeypatch.setattr(usage, "free_bytes", lambda _: 10**8)
    assert run(call) == 0
    assert "warning: the runs need 498 MB, 100 MB are free: free some space" in capsys.readouterr().err


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find(tmp_path)


@pytest.fixture
def table(home: Home) -> Store:
    """Runs 1 done, 2 queued from 1's weights, 3 failed, 4 paused, 5 done long ago; each with files."""
    store = open_store(home.database)
    specs = [make_spec({**DIGITS, "seed": seed}) for seed in range(5)]
    add_runs(store, specs[:1])
    add_runs(store, [make_spec({**DIGITS, "pretrained": "run:1"})])
    add_runs(store, specs[2:])
    now = datetime.now(UTC)
    with store.write() as session:
        for run_id, status, ended in ((1, "done", now), (3, "failed", now), (4, "paused", None),
                                      (5, "done", now - timedelta(days=60))):  # fmt: skip
            when = ended.replace(tzinfo=None).isoformat(" ") if ended else None
            session.execute(
                text("UPDATE run SET status = :status, ended_at = :ended WHERE id = :id"),
                {"status": status, "ended": when, "id": run_id},
            )
    for run_id in range(1, 6):
        folder = home.run(run_id).folder
        folder.mkdir(parents=True)
        for name, size in (("last.pt", 900), ("last-before.pt", 800), ("best.safetensors", 500), ("log.txt", 30),
                           ("predictions.csv", 40), ("scores-last.npy", 50), ("trained_on.npz", 60)):  # fmt: skip
            (folder / name).write_bytes(b"x" * size)
    cached(home, "a" * 24, kind="digits", size_px=32)
    cached(home, "b" * 24, kind="digits", size_px=64)
    cached(home, "c" * 24, kind="fundus", size_px=32)
    (home.cache / f"{'d' * 24}.partial").write_bytes(b"x" * 70)
    return store


def cached(home: Home, key: str, *, kind: str, size_px: int, root: str = "") -> None:
    home.cache.mkdir(exist_ok=True)
    about = {"kind": kind, "root": root, "images": 7, "size_px": size_px, "fit": "crop", "preprocess": "none"}
    (home.cache / f"{key}.json").write_text(json.dumps(about))
    (home.cache / f"{key}.u8").write_bytes(b"x" * 1000)
    (home.cache / f"{key}.lock").touch()


def files(home: Home) -> set[str]:
    return {str(path.relative_to(home.root)) for part in ("runs", "cache")
            for path in (home.root / part).rglob("*") if path.is_file()}  # fmt: skip


def prune(home: Home, *flags: str) -> int:
    return run(["prune", "--home", str(home.root), *flags])


def test_du_counts_every_file_by_what_it_is(
    home: Home, table: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.root / "runs" / "9" / "pending").mkdir(parents=True)
    (home.root / "runs" / "9" / "last.pt").write_bytes(b"x" * 11)
    (home.root / "runs" / "9" / "pending" / "best.safetensors").write_bytes(b"x" * 13)
    assert run(["du", "--home", str(home.root), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    first = document["runs"][0]
    assert [first[f"{kind}_bytes"] for kind in (*KINDS, "all")] == [1700, 500, 90, 90, 2380]
    assert [(each["id"], each["status"]) for each in document["runs"]][-2:] == [(5, "done"), (9, None)]
    totals = document["totals"]
    assert totals["checkpoints_bytes"] == 5 * 1700 + 11 and totals["runs_bytes"] == 5 * 2380 + 24
    assert totals["cache_bytes"] == sum(path.stat().st_size for path in home.cache.iterdir())
    assert totals["database_bytes"] >= (home.root / "runs.db").stat().st_size
    assert [each["used"] for each in document["cache"]] == [True, False, False, True]
    assert document["free_bytes"] == pytest.approx(os.statvfs(home.root).f_bavail * os.statvfs(home.root).f_frsize,
                                                   rel=0.05)  # fmt: skip
    assert run(["du", "--home", str(home.root)]) == 0
    out = capsys.readouterr().out
    assert (
        "removed" in out
        and "cache: packed images of fundus at 32 px  1 kB  no waiting or running run uses it" in out
    )


def test_prune_removes_what_nobody_needs_and_only_after_yes(
    home: Home, table: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(home)
    assert prune(home) == 0
    assert files(home) == before and "nothing was removed: --yes" in capsys.readouterr().err
    assert prune(home, "--yes") == 0
    gone = before - files(home)
    runs = {f"runs/{run_id}/{name}" for run_id in (1, 5) for name in ("last.pt", "last-before.pt")}
    unused = {f"cache/{key * 24}.{suffix}" for key in "bc" for suffix in ("json", "u8", "lock")}
    assert gone == runs | unused
    assert prune(home, "--yes") == 0 and "nothing to remove" in capsys.readouterr().out


def test_in_a_terminal_prune_asks_first(home: Home, table: Store) -> None:
    before = files(home)
    for answer, code in (("n", 130), ("y", 0)):
        call = "import sys; from tui.cli import run; sys.exit(run(['prune']))"
        terminal = Terminal([sys.executable, "-c", call], columns=120, lines=30, cwd=home.root)
        try:
            terminal.until_shows("remove these files, 6 kB? [y/N]")
            assert files(home) == before
            terminal.send(f"{answer}\n")
            assert terminal.process.wait(timeout=LIMIT_S) == code
        finally:
            terminal.end()
        assert (files(home) == before) is (answer == "n")


def test_prune_keeps_what_waiting_runs_need_even_with_the_log_alone(home: Home, table: Store) -> None:
    assert prune(home, "--yes", "--keep", "log", "--unfinished") == 0
    left = files(home)
    assert {f"runs/1/{name}" for name in ("best.safetensors", "trained_on.npz", "log.txt")} <= left
    assert {f"runs/{run_id}/last.pt" for run_id in (2, 4)} <= left
    assert not {path for path in left if path.startswith(("runs/3/", "runs/5/"))} - {
        f"runs/{run_id}/{name}" for run_id in (3, 5) for name in ("log.txt", "trained_on.npz")
    }


def test_prune_by_age_takes_what_ended_before(home: Home, table: Store) -> None:
    before = files(home)
    assert prune(home, "--yes", "--older-than", "30d") == 0
    assert before - files(home) == {"runs/5/last.pt", "runs/5/last-before.pt"}


def test_packed_images_of_a_folder_stay_while_a_run_waits_for_them(home: Home, table: Store) -> None:
    specs: list[RunSpec] = [
        make_spec({"data": "lab", "image_size": 16}),
        make_spec({"data": "tables/train.csv", "image_size": 16}),
    ]
    add_runs(table, specs)
    for letter, place in (("e", "lab/images"), ("f", "tables/png"), ("9", "other")):
        (home.root / place).mkdir(parents=True)
        cached(home, letter * 24, kind="lab CSVs", size_px=16, root=str(home.root / place))
    with table.read() as session:
        runs = listing.list_runs(session)
    chosen = plan(home, runs, {}, usage.usage_of_cache(home.cache), PruneOptions(), now=datetime.now(UTC))
    assert {each.key[0] for each in chosen.cache} == {"b", "c", "9"}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--older-than", "soon"], "unknown age 'soon': write 12h, 30d or 4w"),
        (["--keep", "all"], "'all' is unknown"),
    ],
)
def test_a_wrong_wish_is_one_line(
    home: Home, table: Store, flags: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prune(home, *flags) == 2
    assert says in capsys.readouterr().err


def test_images_of_unknown_data_count_nothing() -> None:
    spec = make_spec({"data": "folder", "epochs": 0})
    none = run_footprint(spec, Images("", 0, 0, 0, 2, 0.0, 0.0))
    assert none.checkpoints == none.best and none.meanwhile == 0


def test_a_plugins_weights_are_not_counted_and_it_is_said() -> None:
    spec = make_spec({**DIGITS, "arch": "model.py:make"})
    written = grid_footprint([(spec, built_in(spec))] * 2)
    assert written.uncounted == 2 and written.best == 0 and written.predictions
    assert ", and the weights of 2 plug-in runs; 10.0 GB free" in Room(written, 10**10).describe()
