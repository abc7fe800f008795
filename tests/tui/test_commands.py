"""Every command of every screen is pressed by some test of that screen: one that is new fails here until it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui import commands

HERE = Path(__file__).parent
SCREENS = {
    "home": (
        commands.HOME,
        (
            "test_app",
            "screens/test_home",
            "preferences/test_",
            "screens/test_workers",
            "screens/test_new_run",
            "screens/test_compare",
        ),
    ),
    "run": (
        commands.RUN,
        ("screens/test_run", "screens/test_images", "screens/test_chart_saving", "preferences/test_"),
    ),
    "compare": (commands.COMPARE, ("screens/test_compare", "screens/test_run")),
    "workers": (commands.WORKERS, ("screens/test_workers",)),
    "data": (commands.DATA, ("screens/test_workers",)),
    "images": (commands.IMAGES, ("screens/test_image",)),
    "broken": (commands.BROKEN, ("screens/test_error_screen",)),
}


def pressed(beginning: str) -> Iterator[str]:
    """The keys that the test files of this beginning press, by name."""
    files = sorted(HERE.glob(f"{beginning}*.py"))
    assert files, beginning
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") not in ("press", "send"):
            continue
        for text in (each.value for each in ast.walk(node) if isinstance(each, ast.Constant)):
            if isinstance(text, str):
                yield text
                yield from text  # *"jjj", or a burst into a terminal


def test_all_screens_are_here() -> None:
    assert {id(table) for table, _ in SCREENS.values()} == {id(table) for table in commands.TABLES}


@pytest.mark.parametrize("screen", SCREENS)
def test_each_command_is_pressed_in_a_test_of_its_screen(screen: str) -> None:
    table, files = SCREENS[screen]
    known = {key for file in files for key in pressed(file)}
    by_table = screen in ("run",)  # its test goes through the table itself, key by key
    never = [
        command.id
        for command in table
        if not known & {*command.keys.split(","), command.shown} and not (by_table and command.on_page)
    ]
    assert never == []
