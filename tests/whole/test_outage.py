"""After a power cut at any moment: the copy opens, goes on, and ends with the bits of a run left alone."""

import random
from pathlib import Path

from outage import cut_at, finish, result_of, run_of

from engine.files.paths import Home
from engine.metrics.catalogue import TIMED
from engine.store import history
from engine.store.database import open_store
from engine.store.epoch_values import values_of_row
from tests.support.forking import Forked

EPOCHS = 4


def numbers(home: Home) -> list[object]:
    store = open_store(home.database)
    with store.read() as session:
        values = [values_of_row(row).values for row in history.epochs_of(session, 1)]
        rows = [{key: value for key, value in each.items() if key not in TIMED} for each in values]
        losses = [point._asdict() for point in history.losses_of(session, 1)]
        matrices = history.confusions_of(session, 1)
    store.close()
    return [rows, losses, matrices]


def status_of(home: Home) -> str:
    store = open_store(home.database)
    status = run_of(store, 1).status
    store.close()
    return status


def test_two_power_cuts_and_a_torn_checkpoint(tmp_path: Path) -> None:
    calm = Home.find(tmp_path / "home", cache=tmp_path / "home" / "cache")
    copies = cut_at(calm.root, [0.1, 0.5], random.Random(11), Forked, epochs=EPOCHS)
    torn = copies[-1].run(1)
    torn.last.write_bytes(torn.last.read_bytes()[: torn.last.stat().st_size // 3])
    for each in copies:
        assert status_of(each) == "running"
        run = finish(each, Forked)
        assert (run.status, run.epoch, run.attempt) == ("done", EPOCHS, 2), (each.root, run.error)
        assert result_of(each) == result_of(calm), each.root
        assert numbers(each) == numbers(calm), each.root
    assert "going on from epoch" in torn.log.read_text()
