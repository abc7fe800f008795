"""Key that saves the chart on the screen as a PNG and an SVG."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from engine.files.disk_errors import disk_problem
from engine.files.paths import SHARED, write_atomic
from tui.feeds.reader_thread import start_once
from tui.formatting import plain
from tui.screens.full_screen import CommandScreen

if TYPE_CHECKING:
    from tui.views.saved_chart import Picture

FOLDER = "charts"
"""Folder of a home that charts are saved in."""


def save_chart(screen: CommandScreen[Any], picture: Picture | None) -> None:
    """Save what is seen, in a thread, and say where."""
    if picture is None:
        screen.notify("nothing is measured yet: there is no chart to save", severity="warning")
        return
    job = partial(_save, screen.app, picture, screen.port.home.root / FOLDER)
    start_once("save chart", job, screen.raise_from_thread)


def _save(app: App[object], picture: Picture, folder: Path) -> None:
    try:
        stem = write_picture(picture, folder)
    except OSError as error:
        why = disk_problem(error, writes=True) or str(error)
        app.notify(f"the chart was not saved: {plain(why)}", severity="error")
    else:
        app.notify(f"saved {plain(stem)}.png and .svg")


def write_picture(picture: Picture, folder: Path) -> Path:
    """Draw a picture and write it as PNG and SVG under a name that is not taken; return their path without its suffix.

    Raises OSError."""
    from engine.analysis import figure_canvas  # and matplotlib with it

    with figure_canvas.defaults():
        figure = picture.draw()
        png, svg = figure_canvas.png(figure), figure_canvas.svg(figure)
    folder.mkdir(exist_ok=True)
    stem, number = folder / picture.name, 1
    while any(stem.with_name(f"{stem.name}{suffix}").exists() for suffix in (".png", ".svg")):
        number += 1
        stem = folder / f"{picture.name}-{number}"
    write_atomic(stem.with_name(f"{stem.name}.png"), png, mode=SHARED)
    write_atomic(stem.with_name(f"{stem.name}.svg"), svg.encode(), mode=SHARED)
    return stem
