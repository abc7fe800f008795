"""A control daemon of MPS that answers, and what is none."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.hardware.mps import DEFAULT_FOLDER, FOLDER_VARIABLE, mps_answers, mps_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: that of a socket has 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="mps") as made:
        yield Path(made)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET])
def test_a_daemon_answers_while_it_listens(folder: Path, kind: socket.SocketKind) -> None:
    environment = {FOLDER_VARIABLE: str(folder)}
    assert not mps_answers(environment)
    with socket.socket(socket.AF_UNIX, kind) as daemon:
        daemon.bind(str(folder / "control"))
        daemon.listen()
        assert mps_answers(environment)
    assert (folder / "control").is_socket() and not mps_answers(environment), "one that was left behind"


def test_what_is_no_socket_answers_nothing(folder: Path) -> None:
    (folder / "control").write_text("")
    assert not mps_answers({FOLDER_VARIABLE: str(folder)})
    assert not mps_answers({FOLDER_VARIABLE: str(folder / ("x" * 200))})


def test_the_folder_is_the_users_or_nvidias() -> None:
    assert mps_folder({}) == mps_folder({FOLDER_VARIABLE: ""}) == Path(DEFAULT_FOLDER)
    assert mps_folder({FOLDER_VARIABLE: "/run/mps"}) == Path("/run/mps")
