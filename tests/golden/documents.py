"""A home that version 0.1.0 made, and what the command line says of it."""

import contextlib
import io
import json
import sqlite3
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.analysis import figure_canvas
from tui.cli import run

HERE = Path(__file__).parent
IDS = range(1, 15)
ARCHS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")


def old_home(root: Path) -> Path:
    """Make the run table of version 0.1.0 in a folder, byte for byte the rows that it had."""
    connection = sqlite3.connect(root / "runs.db")
    connection.executescript((HERE / "home-0.1.0.sql").read_text())
    connection.close()
    return root


def read(home: Path) -> dict[str, Any]:
    """The documents by the name of their golden file."""
    with (  # figures are no golden documents, and take long
        patch.object(figure_canvas, "png", lambda _figure: b""),
        patch.object(figure_canvas, "svg", lambda _figure: '<svg viewBox="0 0 1 1"></svg>'),
    ):
        call(home, "report", "--out", str(home / "report"))
    return {
        "ls.json": _without_times(json.loads(call(home, "ls", "--json"))),
        "show.json": {
            str(run_id): _without_times(json.loads(call(home, "show", str(run_id), "--json")))
            for run_id in IDS
        },
        "arch.json": _of_first_archs(json.loads(call(home, "arch", "--json"))),
        "report.md": (home / "report/report.md").read_text(),
    }


def _of_first_archs(document: dict[str, Any]) -> dict[str, Any]:
    """Of the five networks that version 0.1.0 had."""
    return {**document, "archs": [each for each in document["archs"] if each["arch"] in ARCHS]}


def call(home: Path, *arguments: str) -> str:
    """Run a verb, and return what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run([*arguments, "--home", str(home)])
    assert code == 0, arguments
    return printed.getvalue()


def _without_times(document: Any) -> Any:
    """Forecasts count from now."""
    if isinstance(document, list):
        return [_without_times(each) for each in document]
    if not isinstance(document, dict):
        return document
    forecasts = ("starts_at", "ends_at", "starts_between", "ends_between")
    return {key: _without_times(value) for key, value in document.items() if key not in forecasts}
