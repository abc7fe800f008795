"""Colours of the drawings."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Ink:
    """Colours of the drawings, after Okabe and Ito's palette, which colour-blind people can tell apart."""

    train: Colour = (230, 159, 0)
    test: Colour = (86, 180, 233)
    baseline: Colour = (140, 150, 160)
    text: Colour = (200, 208, 216)
    dim: Colour = (130, 140, 150)
    ground: Colour = (18, 22, 27)
    empty: Colour = (27, 34, 42)
    full: Colour = (86, 180, 233)
    val: Colour = (0, 158, 115)
    faint: Colour = (70, 84, 98)
    cursor: Colour = (240, 228, 66)


INK = Ink()

RUNS: tuple[Colour, ...] = (
    (86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (240, 228, 66), (213, 94, 0), (0, 114, 178),
    (200, 208, 216),
)  # fmt: skip
"""Of compared runs: Okabe and Ito's hues, with light grey for their black."""
MARKERS = "●▲■◆○△□◇"
"""Of compared runs, for who sees no colours."""
