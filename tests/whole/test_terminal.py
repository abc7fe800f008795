"""The demo in a real terminal of 80×24, driven by keys; then the terminal breaks."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import class_folders
from terminal import Terminal
from waiting import until

from engine.files.paths import Home
from engine.store import history, listing, queue, workers
from engine.store.database import Store, open_store

RESNET_TUI = str(Path(sys.executable).with_name("resnet-tui"))
BRAILLE = re.compile("[\u2801-\u28ff]")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home whose workers are ended after the test."""
    made = Home.find(tmp_path / "demo")
    yield made
    store = open_store(made.database)
    with store.read() as session:
        for worker in workers.present(session):
            os.kill(worker.pid, signal.SIGTERM)
    until(lambda: not _present(store), what="the worker to leave")
    store.close()


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Terminals whose programs are ended after the test."""
    opened: list[Terminal] = []
    yield opened
    for each in opened:
        each.end()


def _present(store: Store) -> list[int]:
    with store.read() as session:
        return [worker.pid for worker in workers.present(session)]


def status(store: Store, run_id: int) -> str:
    with store.read() as session:
        return listing.get_run(session, run_id).status


@pytest.mark.timeout(900)
def test_from_a_grid_by_keys_to_a_comparison_over_a_broken_connection(
    home: Home, tmp_path: Path, terminals: list[Terminal]
) -> None:
    class_folders(home.root / "pets", classes=2, each=20)
    terminal = Terminal([RESNET_TUI, "demo"], columns=80, lines=24, cwd=tmp_path)
    terminals.append(terminal)
    terminal.until_shows("2 running  5 queued")
    terminal.until_shows("1 ahead")
    terminal.until(
        lambda: terminal.line_with("●").split()[1:4] == ["1", "digits", "resnet18"], what="the running run"
    )
    store = open_store(home.database)
    queue.ask(store, range(1, 8), "cancel")  # the study gives way to the run that is added here
    terminal.send("n")
    terminal.until_shows("New experiment")
    terminal.until_shows("✔ built in")
    # In one burst, as over a slow line: each key goes where it was meant to.
    terminal.send("pets\t\t\tnone\t1e-")
    terminal.until_shows("✖ '1e-' is not a number")
    terminal.until_shows("✔ class folders: 32 train, 8 test")
    terminal.send("2\t12\t8\t16")
    terminal.until_shows("resnet18  none  epochs 12  lr 0.01")
    terminal.send("\r")
    terminal.until_shows("queued #8")
    terminal.until_shows("7 cancelled")
    terminal.send("g")
    terminal.until_shows("#8 resnet18 · none · lr 0.01 · pets")
    terminal.until(
        lambda: re.search(r" [2-9]/12", terminal.line_with("8 pets")),
        what="the second epoch on the screen",
    )
    terminal.until_shows("baseline .5000")
    first = len(BRAILLE.findall(terminal.text))
    terminal.until(lambda: len(BRAILLE.findall(terminal.text)) > first, what="the curve to grow")
    assert status(store, 8) == "running"
    terminal.break_off()
    until(lambda: status(store, 8) == "done", what="the run to end without the app")
    with store.read() as session:
        epochs = history.epochs_of(session, 8)
    assert [row.epoch for row in epochs] == list(range(13)) and (epochs[-1].train_acc or 0) > 0.8
    assert len(_present(store)) <= 2, "more than the two workers of the demo"
    look_again(home, store, tmp_path, terminals)
    store.close()


def look_again(home: Home, store: Store, cwd: Path, terminals: list[Terminal]) -> None:
    """Another terminal: scrub, open a cell's images, clone, start a worker, cancel, undo, compare, quit."""
    until(lambda: not _present(store), what="the demo's worker to leave")
    terminal = Terminal([RESNET_TUI, "--home", str(home.root)], columns=80, lines=24, cwd=cwd)
    terminals.append(terminal)
    terminal.until_shows("#8 resnet18 · none · lr 0.01 · pets")
    terminal.send("\r2")
    terminal.until_shows("row share   test n")
    terminal.send("[")
    terminal.until_shows("epoch ◀ 11 ▶")
    beside = "h" if ", predicted 1 " in terminal.text else "l"
    terminal.send(f"{beside}\r" if ": 0 images" in terminal.text else "\r")
    terminal.until_shows("most confident first")
    terminal.until_shows("▀▀▀▀")
    terminal.send("q")
    terminal.until_shows("row share   test n")
    terminal.send("qC")
    terminal.until_shows("Clone of #8")
    terminal.send("\t\t\t\t1e-3,2e-3\t3")
    terminal.until_shows("2 runs")
    terminal.send("\r")
    terminal.until_shows("#9 to #10 queued, and no worker is running. Start one here?")
    terminal.send("\r")
    until(lambda: status(store, 9) == "running", what="the first clone to start")
    terminal.send("gj")
    terminal.until_shows("#10 resnet18")
    terminal.send("x")
    until(lambda: status(store, 10) == "cancelled", what="the second clone to be cancelled")
    terminal.send("u")
    until(lambda: status(store, 10) != "cancelled", what="the cancelling to be undone")
    queue.ask(store, [10], "cancel")
    until(lambda: status(store, 9) == "done", what="the first clone to end")
    terminal.send("/lr>0.0005 data:pets\rac")
    terminal.until_shows("differ in epochs, lr")
    terminal.send("2")
    terminal.until_shows("best epoch")
    terminal.send("qq")
    assert until(lambda: terminal.process.poll() is not None, what="the app to leave")
    assert terminal.process.returncode == 0


def test_quit_leaves(home: Home, tmp_path: Path, terminals: list[Terminal]) -> None:
    home.root.mkdir()
    terminal = Terminal([RESNET_TUI, "--home", str(home.root)], columns=120, lines=40, cwd=tmp_path)
    terminals.append(terminal)
    terminal.until_shows("No runs yet: press n")
    terminal.until_shows("q quit")  # the whole of the first frame
    terminal.send("?")
    terminal.until_shows("Quit the app; training goes on")
    terminal.send("q")
    until(lambda: "Quit the app" not in terminal.text, what="the help to close")
    terminal.send("q")
    assert until(lambda: terminal.process.poll() is not None, what="the app to leave")
    assert terminal.process.returncode == 0
