"""Files that `prune` may take or must leave: other people's files, what waiting runs and retries need."""

import os
import stat
from pathlib import Path

import pytest
from pictures import class_folders
from pruned import KEY, ended, names, packed_files, prune

from engine.datasets.packed import pack
from engine.datasets.pixels.content import image_hashes
from engine.datasets.pixels.decode import Look
from engine.datasets.source import index_data
from engine.disk.usage import database_bytes, usage_of_cache
from engine.files.paths import Home, atomic_path
from engine.files.privacy import secure_database
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import open_store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home.find(tmp_path / "home")


FOREIGN = (
    "thesis.tex", "results.json", "notes.lock", ".bashrc", f"{KEY}", f"{KEY}.txt", f"{KEY}.u8.bak", f"x{KEY}.u8",
    f"{KEY.upper()}.u8", f"{KEY}0.u8", f".{KEY}.json", f".{KEY}.json.short", f".{KEY}.u8.abcdefgh", f"{KEY}.u8\n",
)  # fmt: skip


def test_files_in_the_cache_that_are_not_ours_are_neither_counted_nor_taken(
    tmp_path: Path, home: Home
) -> None:
    scratch = tmp_path / "scratch"
    packed_files(scratch, KEY)
    for name in FOREIGN:
        (scratch / name).write_text("mine")
    open_store(home.database).close()
    assert sum(each.size for each in usage_of_cache(scratch)) == sum(
        (scratch / f"{KEY}.{suffix}").stat().st_size for suffix in ("json", "u8")
    )
    assert prune(Home.find(home.root, cache=scratch)) == 0
    assert names(scratch) == set(FOREIGN)


def test_a_home_that_is_its_own_cache_keeps_its_run_table(home: Home) -> None:
    open_store(home.database).close()
    packed_files(home.root, KEY)
    assert prune(Home.find(home.root, cache=home.root)) == 0
    assert "runs.db" in names(home.root) and not list(home.root.glob(f"{KEY}*"))


def test_every_file_that_packing_makes_is_known_as_the_caches(home: Home) -> None:
    class_folders(home.root / "data", classes=2, each=3)
    index = index_data(home, make_spec({"data": "data", "image_size": 16}))
    pack(index, home.cache, Look(16, "crop", "none"))
    image_hashes(index, home.cache, lambda _text: None)
    with atomic_path(home.cache / f"{KEY}.note") as aside:
        assert KEY not in {each.key for each in usage_of_cache(home.cache)}  # somebody is just writing it
        os.utime(aside, (0, 0))
        known = {stored.path.name for each in usage_of_cache(home.cache) for stored in each.files}
        assert known == names(home.cache)
    assert {name.partition(".")[2] for name in known} >= {"u8", "json", "lock", "sample", "hashes"}
    open_store(home.database).close()
    assert prune(home) == 0 and names(home.cache) == set()


@pytest.mark.parametrize("through", ["home", "file"])
def test_weights_that_a_waiting_run_reaches_through_a_link_stay(
    tmp_path: Path, home: Home, through: str
) -> None:
    store, run_id = ended(home, "done")
    (tmp_path / "link").symlink_to(home.root)
    (tmp_path / "mine.safetensors").symlink_to(home.run(run_id).best)
    given = {
        "home": tmp_path / "link" / "runs" / str(run_id) / "best.safetensors",
        "file": tmp_path / "mine.safetensors",
    }
    add_runs(store, [make_spec({"data": "digits", "pretrained": str(given[through])})])
    assert prune(home, "--keep", "log") == 0
    assert home.run(run_id).best.exists() and not home.run(run_id).last.exists()


@pytest.mark.parametrize("packed_by", ["link", "home"])
@pytest.mark.parametrize("images", ["inside", "elsewhere"])
def test_packed_images_that_a_waiting_run_reaches_through_a_link_stay(
    tmp_path: Path, home: Home, packed_by: str, images: str
) -> None:
    (tmp_path / "link").symlink_to(home.root)
    (home.root / "lab").mkdir()
    if images == "inside":
        (home.root / "lab" / "images").mkdir()
    else:
        (tmp_path / "elsewhere").mkdir()
        (home.root / "lab" / "images").symlink_to(tmp_path / "elsewhere")
    by, reached = (home.root, tmp_path / "link") if packed_by == "home" else (tmp_path / "link", home.root)
    packed_files(home.cache, KEY, root=str(by / "lab" / "images"), kind="lab CSVs", size_px=16)
    packed_files(home.cache, "b" * 24, root=str(by), kind="folder", size_px=16)
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": str(reached / "lab"), "image_size": 16})])
    assert prune(home) == 0
    assert names(home.cache) == {f"{KEY}.{suffix}" for suffix in ("u8", "json", "lock")}


@pytest.mark.parametrize(
    ("status", "cause", "stays"),
    [
        ("failed", "disk", True),
        ("failed", "out_of_memory", True),
        ("cancelled", None, True),
        ("failed", "diverged", False),
        ("failed", "code", False),
        ("done", None, False),
    ],
)
@pytest.mark.parametrize("keep", ["best", "log"])
def test_what_retry_goes_on_from_stays_until_unfinished_runs_are_meant_too(
    home: Home, capsys: pytest.CaptureFixture[str], status: str, cause: str | None, stays: bool, keep: str
) -> None:
    ended(home, status, cause=cause)
    before = names(home.run(1).folder)
    assert prune(home, "--keep", keep) == 0
    assert (names(home.run(1).folder) == before) is stays and home.run(1).last.exists() is stays
    said = capsys.readouterr().err
    assert ("run 1: " in said and "retry resumes from there: --unfinished removes them too" in said) is stays
    assert prune(home, "--keep", keep, "--unfinished") == 0
    assert not home.run(1).last.exists() and home.run(1).log.exists()


def test_a_failed_run_without_a_checkpoint_has_nothing_that_is_spared(home: Home) -> None:
    ended(home, "failed", cause="disk")
    home.run(1).last.unlink()
    home.run(1).last_before.unlink()
    assert prune(home, "--keep", "log") == 0
    assert names(home.run(1).folder) == {"log.txt"}


def test_a_run_table_that_is_a_link_is_private_and_counted_with_the_journals_beside_its_file(
    tmp_path: Path, home: Home
) -> None:
    real = tmp_path / "elsewhere.db"
    (home.root / "runs.db").symlink_to(real)
    store = open_store(home.database)
    journal = tmp_path / "elsewhere.db-wal"
    with store.read() as session:
        assert not listing.run_ids(session) and journal.exists()
        journal.chmod(0o644)
        secure_database(home.root / "runs.db")
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
        shared = tmp_path / "elsewhere.db-shm"
        assert database_bytes(home) == sum(path.stat().st_size for path in (real, journal, shared))
    store.close()
