"""Texts that are cut say so, and where they stand whole."""

from rich.console import Console
from rich.text import Text

from tui.widgets.clipped import clipped

LONG = Text("one two three four five six seven eight nine ten")


def shown(text: Text, width: int, height: int) -> list[str]:
    lines = list(text.wrap(Console(width=200), width))
    return clipped(lines, width, height, "enter").plain.splitlines()


def test_what_fits_is_whole() -> None:
    assert " ".join(map(str.strip, shown(LONG, 20, 5))) == LONG.plain


def test_what_does_not_fit_ends_with_the_key_that_shows_the_rest() -> None:
    lines = shown(LONG, 20, 2)
    assert lines == ["one two three four ", "five si … all: enter"]
    assert all(len(line) <= 20 for line in lines)


def test_a_window_of_no_lines_or_few_columns_breaks_nothing() -> None:
    assert shown(LONG, 3, 0) and len(shown(LONG, 3, 1)) == 1
