"""Homes for `prune`: ended runs with files, packed images."""

import json
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from tui.cli import run

KEY = "a" * 24


def prune(home: Home, *flags: str) -> int:
    cache = [] if home.cache == home.root / "cache" else ["--cache", str(home.cache)]
    return run(["prune", "--home", str(home.root), *cache, "--yes", *flags])


def ended(home: Home, status: str, **columns: object) -> tuple[Store, int]:
    """A run of that status with files."""
    store = open_store(home.database)
    run_id = add_runs(store, [make_spec({"data": "digits"})]).ids[0]
    set_run(
        store,
        run_id,
        status=status,
        ended_at=datetime.now(UTC).replace(tzinfo=None).isoformat(" "),
        **columns,
    )
    home.run(run_id).folder.mkdir(parents=True)
    for name in ("last.pt", "last-before.pt", "best.safetensors", "predictions.csv", "log.txt"):
        (home.run(run_id).folder / name).write_bytes(b"x" * 100)
    return store, run_id


def set_run(store: Store, run_id: int, **columns: object) -> None:
    settings = ", ".join(f"{name} = :{name}" for name in columns)
    with store.write() as session:
        session.execute(text(f"UPDATE run SET {settings} WHERE id = :id"), columns | {"id": run_id})


def packed_files(cache: Path, key: str, root: str = "", **about: object) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    known = {"kind": "digits", "root": root, "images": 7, "size_px": 32, "fit": "crop", "preprocess": "none"}
    (cache / f"{key}.json").write_text(json.dumps(known | about))
    (cache / f"{key}.u8").write_bytes(b"x" * 1000)
    (cache / f"{key}.lock").touch()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
