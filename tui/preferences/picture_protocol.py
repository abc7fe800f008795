"""Which of the ways to draw a picture the terminal has: kitty's protocol, sixel, or half blocks."""

import contextlib
import functools
from typing import Any

from textual.app import App, SuspendNotSupported


@functools.cache
def picture_class(app: App[Any]) -> Any:
    """The widget that draws best, as textual-image finds. The terminal is asked when the first picture is to be
    shown: its answer comes as keys would, so the app has to let go of it for that moment."""
    with contextlib.ExitStack() as away:
        with contextlib.suppress(SuspendNotSupported):
            away.enter_context(app.suspend())
        from textual_image import widget  # it asks while it is imported

    in_blocks = app.is_headless or getattr(app, "in_ascii", False)
    return widget.HalfcellImage if in_blocks else widget.Image


def fitted_cells(size: tuple[int, int], columns: int, rows: int) -> tuple[int, int]:
    """The most columns and rows, of those that there are, in which a picture of `size` pixels keeps its shape."""
    from textual_image.widget import get_cell_size  # type: ignore[attr-defined]

    cell = get_cell_size()
    width, height = size[0] / cell.width, size[1] / cell.height
    scale = min(columns / width, rows / height)
    return max(round(width * scale), 1), max(round(height * scale), 1)
