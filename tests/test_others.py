"""A card that somebody else computes on is waited for."""

import pytest

from engine.others import CardWatch
from engine.telemetry import CardProcess, HostCard, NvidiaState

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


def test_the_cpu_is_shared() -> None:
    assert CardWatch("cpu", None, 1.0, lambda: pytest.fail("looked")).reason() is None
