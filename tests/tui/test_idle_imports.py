"""Imports while nobody types: one after the other, and none beside keys."""

import importlib
import importlib.util

import pytest
from waiting import until

from tui import idle_imports
from tui.idle_garbage import REST_S
from tui.idle_imports import SCREENS, IdleImports


def test_screens_are_imported_at_rest_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now, imported = 100.0, list[str]()
    monkeypatch.setattr(importlib, "import_module", imported.append)
    errors: list[Exception] = []
    imports = IdleImports(errors.append, clock=lambda: now)
    imports.look(typed_at=0.0)
    assert imported == [], "the app has just started"
    now += REST_S
    imports.look(typed_at=now - REST_S / 2)
    assert imported == []
    for count in range(1, len(SCREENS) + 1):

        def has_grown(count: int = count) -> bool:
            imports.look(typed_at=0.0)
            return len(imported) >= count

        until(has_grown)
    imports.look(typed_at=0.0)
    assert imported == list(SCREENS) and errors == []


def test_the_modules_are_there() -> None:
    for name in idle_imports.SCREENS:
        assert importlib.util.find_spec(name) is not None
