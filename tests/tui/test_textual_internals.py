"""Textual's private names: each is there, in the version that is pinned, and none is used elsewhere in the app."""

import ast
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

import tui
from tui.textual_internals import PRIVATE

ROOT = Path(tui.__file__).parent


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in PRIVATE.items() for name in names]
)
def test_a_private_name_is_there(kind: type, name: str) -> None:
    if kind is LinuxDriver:  # making one would take this process's signals
        source = inspect.getsource(LinuxDriver) + inspect.getsource(Driver)
        assert re.search(rf"\b(self\.|def ){name}\b", source)
    else:
        assert hasattr(kind(), name)


def test_textual_is_pinned_to_the_version_that_is_tested() -> None:
    pin = f"textual=={version('textual')}"
    files = (ROOT.parent / name for name in ("pyproject.toml", "constraints.txt"))
    assert all(re.search(rf'^\s*"?{re.escape(pin)}"?', file.read_text(), re.MULTILINE) for file in files)


def test_no_other_file_uses_a_private_name() -> None:
    """Neither those that are listed nor any other: a private attribute of something that is not `self` or `cls`."""
    names = {name for kind, names in PRIVATE.items() if kind is not LinuxDriver for name in names}
    elsewhere = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in ROOT.rglob("*.py")
        if path.name not in ("textual_internals.py", "terminal_driver.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in names
    ]
    assert elsewhere == []
