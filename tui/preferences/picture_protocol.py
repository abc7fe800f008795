"""Ways to draw a picture in the terminal: kitty's protocol, sixel, or half blocks."""

import contextlib
import functools
from typing import Any

from textual.app import App, SuspendNotSupported


@functools.cache
def picture_class(app: App[Any]) -> Any:
    """Choose the widget that draws best, as textual-image finds. It asks the terminal when the first picture is to be
    shown; the answer comes as keys would, so the app lets go of the terminal for that moment."""
    with contextlib.ExitStack() as away:
        with contextlib.suppress(SuspendNotSupported):
            away.enter_context(app.suspend())
        from textual_image import widget  # queries the terminal while it is imported

    in_blocks = app.is_headless or app.is_web or getattr(app, "in_ascii", False)
    return widget.HalfcellImage if in_blocks else widget.Image


def fitted_cells(size: tuple[int, int], columns: int, rows: int) -> tuple[int, int]:
    """Return the most columns and rows in which a picture of `size` pixels keeps its shape."""
    from textual_image.widget import get_cell_size  # type: ignore[attr-defined]

    cell = get_cell_size()
    width, height = size[0] / cell.width, size[1] / cell.height
    scale = min(columns / width, rows / height)
    return max(round(width * scale), 1), max(round(height * scale), 1)
