"""Ends of the process that makes maps: closed in the middle of a line, dead in it, or saying what is no map."""

import sys
import threading
from pathlib import Path

import pytest
from waiting import LIMIT_S, until

from engine.files.paths import Home
from engine.queries import map_client
from engine.queries.map_client import MapClient, NoMaps
from engine.spec.grid import make_spec

FIRST = "import sys, time; print('{}', flush=True); sys.stdin.readline(); "
"""Program that says its layer and waits for a question."""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> MapClient:
    """Client of a process that runs the test's program, given as the parameter."""
    home = Home.find(tmp_path)
    home.run(1).folder.mkdir(parents=True)
    home.run(1).best.touch()
    command = [sys.executable, "-c", FIRST + request.param]
    monkeypatch.setattr(map_client, "engine_command", lambda *_: command)
    return MapClient(home, 1, make_spec({"data": "digits"}))


HALF = 'sys.stdout.write(\'{"map_png": "aa\'); sys.stdout.flush(); '


@pytest.mark.parametrize("client", [HALF + "open('said', 'w'); time.sleep(600)"], indirect=True)
def test_closing_while_a_map_arrives(
    client: MapClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    raised: list[Exception] = []

    def ask() -> None:
        try:
            client.map_of("digits#3")
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    until((tmp_path / "said").exists, timeout_s=60, what="half a line")
    client.close()
    thread.join(LIMIT_S)
    assert not thread.is_alive() and client.has_ended
    assert [(type(each), str(each)) for each in raised] == [(NoMaps, "it was closed")]


@pytest.mark.parametrize(
    ("client", "why"),
    [
        (HALF + "sys.exit('out of luck')", "out of luck"),
        (HALF + "sys.exit(3)", "what is no map: .*map_png"),
        ("print('hello', flush=True); time.sleep(600)", "what is no map: 'hello"),
        ("print('[1]', flush=True); time.sleep(600)", "what is no map"),
        ("sys.exit(3)", "exit code 3"),
    ],
    indirect=["client"],
)
def test_what_is_no_map_ends_the_process(client: MapClient, why: str) -> None:
    with pytest.raises(NoMaps, match=why):
        client.map_of("digits#3")
    assert client.has_ended


@pytest.mark.parametrize(
    "client", ['print(\'{"problem": "no"}\', flush=True); time.sleep(600)'], indirect=True
)
def test_a_closed_process_leaves_no_zombie(client: MapClient) -> None:
    with pytest.raises(NoMaps, match="^no$"):
        client.map_of("digits#3")
    assert client._process is not None
    place = Path(f"/proc/{client._process.pid}")
    assert place.exists() and not client.has_ended
    client.close()
    until(lambda: not place.exists(), timeout_s=60, what="the killed process to be waited for")
    until(lambda: client.has_ended, timeout_s=60)
    with pytest.raises(NoMaps, match="it was closed"):
        client.map_of("digits#3")
