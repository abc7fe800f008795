"""Texts beside an image of a cell: what is known of it, and the list of the cell's images."""

from collections.abc import Mapping

from rich.text import Text

from tui.formatting import decimals, fitted_end
from tui.views.cell_images import CellImages, ImageFacts, Place, window
from tui.views.image_history import NAME_CELLS, history_text

SCORE_PLACES = 3
"""Scores are kept in half precision."""


def facts_text(
    about: ImageFacts, said: Mapping[str, str], label: int, epoch: int, score: str, width: int
) -> Text:
    """Write what is said of an image, its score under the name `score`, and its predictions after every epoch."""
    text = Text(overflow="fold")
    text.append(f"{about.name}\n", style="bold")
    for name, value in (*said.items(), (score, decimals(about.score, SCORE_PLACES))):
        text.append(f"{name:{NAME_CELLS + 1}}", style="dim").append(f"{value}\n")
    text.append_text(history_text(about.history, label, epoch, width))
    return text


def list_text(found: CellImages, place: Place, images: list[int], width: int, room: int) -> Text:
    """List the images of a cell, as many as there is room for, with that of the place in the middle."""
    at = found.number(place)
    order = "least" if place.is_reversed else "most"
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{at + 1:,} of {len(images):,}, {order} confident first", style="dim")
    for line in window(len(images), at, room):
        facts = found.facts(images[line], place.epoch)
        row = f"{fitted_end(facts.name, width - 8)}{decimals(facts.score, SCORE_PLACES):>7} "
        text.append(f"\n{row}", style="reverse" if line == at else "")
    return text
