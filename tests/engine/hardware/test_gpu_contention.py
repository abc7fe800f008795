"""A card that somebody else computes on is waited for."""

from pathlib import Path

import pytest

from engine.files.paths import Home
from engine.hardware.gpu_contention import CardWatch
from engine.hardware.telemetry import CardProcess, HostCard, NvidiaState
from engine.spec.grid import make_spec
from engine.store import workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import open_store
from engine.worker import run_claims, worker
from engine.worker.arguments import parse

OURS = 77


def state(*processes: CardProcess, used_gb: float | None = 0.4) -> NvidiaState:
    card = HostCard("H100", "GPU-1", 80.0, used_gb, processes)
    return NvidiaState((HostCard("H100", "GPU-0", 80.0, 70.0), card), "580.1", 13000, None)


@pytest.mark.parametrize(
    ("processes", "used_gb", "reason"),
    [
        ((), 0.4, None),
        ((CardProcess(5, 0.3),), 0.7, None),
        ((CardProcess(5, 12.0),), 12.4, "waits: process 5 holds 12.0 GiB of cuda:1"),
        ((CardProcess(5, 0.7), CardProcess(6, 0.8)), 1.9, "waits: 2 processes hold 1.5 GiB of cuda:1"),
        ((CardProcess(OURS, 30.0),), 30.4, None),
        ((CardProcess(OURS, 30.0), CardProcess(5, 2.0)), 32.4, "waits: process 5 holds 2.0 GiB of cuda:1"),
        ((CardProcess(5, None),), 9.0, "waits: others hold 9.0 GiB of cuda:1"),
        ((CardProcess(5, None), CardProcess(OURS, None)), 9.0, None),
        ((), 9.0, "waits: others hold 9.0 GiB of cuda:1"),
        ((), None, None),
    ],
)
def test_who_holds_too_much(
    processes: tuple[CardProcess, ...], used_gb: float | None, reason: str | None
) -> None:
    watch = CardWatch("cuda:1", "GPU-1", 1.0, lambda: state(*processes, used_gb=used_gb))
    assert watch.reason({OURS}) == reason


def test_the_bound_is_the_users() -> None:
    watch = CardWatch("cuda:1", "GPU-1", 20.0, lambda: state(CardProcess(5, 12.0)))
    assert watch.reason() is None


def test_a_card_without_a_known_uuid_goes_by_its_number() -> None:
    def busy() -> NvidiaState:
        return state(CardProcess(5, 12.0))

    assert CardWatch("cuda:1", None, 1.0, busy).reason() == "waits: process 5 holds 12.0 GiB of cuda:1"
    assert CardWatch("cuda:0", None, 1.0, busy).reason() == "waits: others hold 70.0 GiB of cuda:0"
    assert CardWatch("cuda:4", None, 1.0, busy).reason() is None


def test_a_worker_claims_nothing_while_its_card_is_in_use_and_its_row_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker.signal, "set_wakeup_fd", lambda *_, **_kw: -1)
    monkeypatch.setattr(run_claims, "LOOK_EVERY_S", 0.0)
    home = Home.find(tmp_path)
    store = open_store(home.database)
    run_id = add_runs(store, [make_spec({"data": "digits"})]).ids[0]
    made = worker.enlist(store, home, parse(["--device", "cpu"]))
    held_gb = [12.0]
    made._claims.cards = [CardWatch("cuda:1", "GPU-1", 1.0, lambda: state(CardProcess(5, held_gb[0])))]
    assert made._claim() is None and made._claims.busy is not None
    made._attend(made._claims.busy)
    with store.read() as session:
        assert [row.state for row in workers.present(session)] == [
            "waits: process 5 holds 12.0 GiB of cuda:1"
        ]
    held_gb[0] = 0.5
    assert made._claim() == Claim(run_id, 1)
    store.close()


def test_the_cpu_is_shared() -> None:
    assert CardWatch("cpu", None, 1.0, lambda: pytest.fail("looked")).reason() is None
