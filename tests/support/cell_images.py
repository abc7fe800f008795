"""Predictions of a run that was never trained, and whether a picture is drawn."""

import contextlib
from typing import Any

import numpy as np
from studies import GRADES, LABELS, confusion
from textual.pilot import Pilot

from engine.files.epoch_predictions import append_predictions
from engine.files.paths import Home
from tui.screens.images import ImagesScreen
from tui.widgets.picture_pane import PicturePane

SKILL = 0.15 * 5 % 0.7 + 0.1
"""Of run 5 in the study."""


def answer(home: Home, run_id: int, names: list[str], epochs: int, skill: float) -> None:
    """Write what a session would have: as many of each class told right as the matrix of the epoch says."""
    labels = np.repeat(np.arange(len(LABELS)), LABELS)
    paths = home.run(run_id)
    paths.folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{name},{GRADES[label]},x,0" for name, label in zip(names, labels, strict=True)]
    paths.predictions().write_text("\n".join(["image,label,answer,score", *rows]) + "\n")
    for epoch in range(epochs + 1):
        matrix = confusion(LABELS, skill * epoch / max(epochs, 1))
        chosen = np.concatenate([np.repeat(np.arange(len(LABELS)), row) for row in matrix]).astype(np.uint16)
        scores = np.full((len(chosen), len(LABELS)), 0.01, np.float32)
        scores[np.arange(len(chosen)), chosen] = np.linspace(0.3, 0.9, len(chosen))
        append_predictions(paths, epoch, chosen, scores, fence=contextlib.nullcontext)


def is_drawn(pilot: Pilot[Any]) -> bool:
    screen = pilot.app.screen
    if not isinstance(screen, ImagesScreen) or not screen.query("#picture"):
        return False
    picture = screen.query_one("#picture", PicturePane).picture
    return picture is not None and picture.display
