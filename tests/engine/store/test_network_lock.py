"""A home in a network folder: one host works with it, a second is refused, and nobody is locked out for good."""

import errno
import multiprocessing
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hosts import silent

from engine.hardware import processes
from engine.spec.grid import make_spec
from engine.store import listing, network_lock
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.errors import StoreError
from engine.store.network_lock import EXPIRES_S, NETWORK, file_system_of, type_at
from tui.cli import run

MOUNTS = r"""22 27 0:20 / /sys rw shared:7 - sysfs sysfs rw
27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 27 0:35 / /home rw - nfs4 server:/export/home rw,vers=4.2
41 40 254:2 / /home/ada/local rw - xfs /dev/vdb rw
42 27 0:36 / /mnt/with\040space rw - cifs //nas/share rw
43 27 0:37 / /homework rw - tmpfs tmpfs rw
44 27 0:38 / /data rw - ext4 /dev/vdc rw
45 44 0:39 / /data rw master:2 propagate_from:3 - fuse.sshfs host: rw
broken line""".splitlines()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/home", "nfs4"),
        ("/home/ada/runs", "nfs4"),
        ("/home/ada/local/runs", "xfs"),
        ("/homework/x", "tmpfs"),
        ("/mnt/with space/x", "cifs"),
        ("/data/x", "fuse.sshfs"),
        ("/dataset", "ext4"),
    ],
)
def test_the_type_of_the_nearest_mount(path: str, kind: str) -> None:
    assert type_at(path, MOUNTS) == kind


def test_this_machines_own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_system_of(Path("/proc")) == "proc" and file_system_of(tmp_path) not in NETWORK
    monkeypatch.setattr(network_lock, "MOUNTS", tmp_path / "none")
    assert file_system_of(tmp_path) == ""


@pytest.fixture
def on_host(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Everything lies on NFS, and this is the host of that name."""
    monkeypatch.setattr(network_lock, "file_system_of", lambda _folder: "nfs4")
    return lambda name: monkeypatch.setattr(processes, "host_name", lambda: name)


def journal(store: Store) -> str:
    with store.engine.connect() as connection:
        return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())


def add_some(url: str, count: int) -> None:
    store = open_store(url)
    for seed in range(count):
        add_runs(store, [make_spec({"data": "digits", "seed": seed})])
    store.close()


def test_one_host_works_with_a_rollback_journal_and_says_so_once(
    tmp_path: Path, on_host: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    on_host("one")
    url = f"sqlite:///{tmp_path}/runs.db"
    store = open_store(url)
    assert journal(store) == "delete"
    assert capsys.readouterr().err == (
        f"{tmp_path}/runs.db is in a network folder (nfs4): it works from one host at a time, and without a "
        "write-ahead log\n"
    )
    several = [multiprocessing.get_context("fork").Process(target=add_some, args=(url, 8)) for _ in range(3)]
    for process in several:
        process.start()
    for process in several:
        process.join()
    assert [process.exitcode for process in several] == [0, 0, 0]
    with store.read() as session:
        assert len(listing.run_ids(session)) == 24
    store.close()
    open_store(url).close()
    assert capsys.readouterr().err == ""
    assert not list(tmp_path.glob("*-wal")) and not list(tmp_path.glob(".*"))


def test_a_second_host_is_refused_until_the_first_is_silent(
    tmp_path: Path, on_host: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    on_host("one")
    path = tmp_path / "runs.db"
    first = open_store(f"sqlite:///{path}")
    capsys.readouterr()
    on_host("two")
    assert run(["ls", "--home", str(tmp_path)]) == 2
    line = (
        rf"resnet-tui: {path} is held by host one \(\d+ s ago\) and is in a network folder \(nfs4\): work there, "
        r"or stop what runs there and wait 30 s\n"
    )
    assert re.fullmatch(line, capsys.readouterr().err)
    silent(path, EXPIRES_S + 1)
    second = open_store(f"sqlite:///{path}")
    on_host("one")  # wakes up late, and looks before it writes
    first.backend._holder._next = 0.0  # type: ignore[union-attr]
    with pytest.raises(StoreError, match="is held by host two"), first.write():
        pass
    silent(path, -1_000_000)  # a clock that was wrong locks nobody out
    with first.write():
        pass
    for store in (first, second):
        store.close()


def test_a_holder_that_works_stays_the_holder(tmp_path: Path, on_host: Callable[[str], None]) -> None:
    on_host("one")
    path = tmp_path / "runs.db"
    store = open_store(f"sqlite:///{path}")
    silent(path, EXPIRES_S + 1)
    store.backend._holder._next = 0.0  # type: ignore[union-attr]
    with store.read():
        pass
    on_host("two")
    with pytest.raises(StoreError, match="is held by host one"):
        open_store(f"sqlite:///{path}")
    store.close()


def test_a_local_table_moves_to_a_network_folder_and_back(
    tmp_path: Path, on_host: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    for kind, wanted in (("ext4", "wal"), ("nfs", "delete"), ("ext4", "wal")):
        monkeypatch.setattr(network_lock, "file_system_of", lambda _folder, kind=kind: kind)
        store = open_store(url)
        assert journal(store) == wanted
        store.close()


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_a_name_that_the_server_does_not_give_is_one_line(
    tmp_path: Path, on_host: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    on_host("one")
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    opened = Path.open

    def broken(path: Path, *arguments: Any, **more: Any) -> Any:
        if path.suffix == ".host":
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", broken)
    store.backend._holder._next = 0.0  # type: ignore[union-attr]
    with pytest.raises(StoreError) as caught, store.read():
        pass
    says = f"cannot be read or touched ({os.strerror(number)}): look at the network folder (nfs4), then try again"
    assert str(caught.value).endswith(says) and "\n" not in str(caught.value)
    monkeypatch.setattr(Path, "open", opened)
    with store.read():
        pass
    store.close()


def test_a_link_to_a_table_in_a_network_folder_counts_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "runs.db").symlink_to(tmp_path / "server" / "runs.db")
    monkeypatch.setattr(
        network_lock, "file_system_of", lambda folder: "nfs4" if folder.name == "server" else "ext4"
    )
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    assert journal(store) == "delete" and (tmp_path / "server" / "runs.db.host").exists()
    store.close()


def test_cluster_and_guest_file_systems_are_shared() -> None:
    assert {"gfs2", "ocfs2", "wekafs", "panfs", "virtiofs", "9p"} <= NETWORK
