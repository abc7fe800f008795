"""Full garbage collections: at rest, and only where the app has them."""

import gc
from collections.abc import Iterator

import pytest

from tui.idle_garbage import DUE, OVERDUE, REST_S, IdleGarbage


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Times at which the app collected, in a process whose entry turned collection off."""
    before = gc.get_threshold()
    found: list[float] = []
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(gc, "collect", lambda: found.append(0.0))
    gc.disable()
    yield found
    gc.enable()
    gc.set_threshold(*before)


def due(monkeypatch: pytest.MonkeyPatch, times: int = DUE) -> None:
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, times))


def test_it_collects_at_rest_and_when_due(collected: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    garbage = IdleGarbage(clock=lambda: now)
    garbage.begin()
    assert gc.isenabled() and gc.get_threshold()[2] == OVERDUE
    due(monkeypatch)
    garbage.look(typed_at=now - REST_S / 2)
    assert collected == []
    garbage.look(typed_at=now - REST_S)
    assert len(collected) == 1
    due(monkeypatch, DUE - 1)
    garbage.look(typed_at=0.0)
    assert len(collected) == 1


def test_an_app_that_is_started_again_collects_too(
    collected: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    IdleGarbage().begin()
    again = IdleGarbage(clock=lambda: REST_S)
    again.begin()
    due(monkeypatch)
    again.look(typed_at=0.0)
    assert len(collected) == 1


def test_it_leaves_collection_alone_where_it_was_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = gc.get_threshold()
    monkeypatch.setattr(gc, "collect", lambda: pytest.fail("collected"))
    garbage = IdleGarbage()
    garbage.begin()
    due(monkeypatch)
    garbage.look(typed_at=0.0)
    assert gc.get_threshold() == before
