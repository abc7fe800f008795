"""Registry of the kinds of layout: each a function that lays a drawn set out in a case."""

from collections.abc import Callable

from layouts.case import Case
from layouts.dice import Dice

Layout = Callable[[Dice, Case], None]
KINDS: dict[str, Layout] = {}


def layout(kind: str) -> Callable[[Layout], Layout]:
    """Enter a layout under its name."""

    def enter(function: Layout) -> Layout:
        assert kind not in KINDS
        KINDS[kind] = function
        return function

    return enter
