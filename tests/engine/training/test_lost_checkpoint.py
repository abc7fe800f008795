"""A run whose checkpoint this home lacks: it begins again, and says so."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest
from sessions import CPU
from shell import Shell
from sqlalchemy import text
from trainings import spec

from engine.files.paths import Home
from engine.hardware import processes
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.training import attempt
from engine.training.attempt import Attempt
from engine.training.control_channel import ControlChannel


class Stopping(ControlChannel):
    """Channel that asks to stop at the n-th question."""

    def __init__(self, questions: int) -> None:
        super().__init__()
        self._left = questions

    def should_stop(self) -> bool:
        self._left -= 1
        self.reason = "stop" if self._left < 0 else None
        return self._left < 0


@pytest.mark.parametrize("is_lost", [True, False])
def test_it_says_who_trained_it(home: Home, monkeypatch: pytest.MonkeyPatch, is_lost: bool) -> None:
    said: list[str] = []
    monkeypatch.setattr(attempt, "log", said.append)
    with contextlib.closing(open_store(home.database)) as store:
        [run_id] = add_runs(store, [spec(epochs=40)]).ids
        worker = workers.register(store, pid=1, device="cpu", device_name="test")
        epochs: list[int] = []
        for channel in (Stopping(13), Stopping(3)):
            held = queue.claim(store, worker)
            assert held is not None
            Attempt(store, home, held, CPU, channel).run()
            with store.read() as session:
                epochs.append(listing.get_run(session, run_id).epoch)
            if is_lost:
                shutil.rmtree(home.run(run_id).folder)
        queue.ask(store, [run_id], "cancel")
    told = [line for line in said if line.startswith("no checkpoint in ")]
    assert epochs[0] > 0 and (epochs[1] < epochs[0]) == is_lost
    where, host = home.run(run_id).folder, processes.host_name()
    wanted = (
        f"no checkpoint in {where}, though {epochs[0]} epochs were trained on {host}: training from the start"
    )
    assert told == [wanted] * is_lost


def test_show_names_the_host_of_files_that_are_not_here(shell: Shell, tmp_path: Path) -> None:
    assert shell("add", "--data", "digits") == 0
    with contextlib.closing(open_store(f"sqlite:///{tmp_path / 'runs.db'}")) as store:
        with store.write() as session:
            environment = {"host": "gpu01", "changes": [{"attempt": 2, "host": "gpu03"}]}
            trained = text("UPDATE run SET epoch = 3, environment = :environment")
            session.execute(trained, {"environment": json.dumps(environment)})
        assert shell("show", "1", "--json") == 0 and json.loads(shell.out)["files_on"] == "gpu03"
        assert shell("show", "1") == 0 and "files_on      gpu03" in shell.out
        (tmp_path / "runs" / "1").mkdir(parents=True)
        assert shell("show", "1", "--json") == 0 and json.loads(shell.out)["files_on"] is None
