"""Colours of the drawings."""

from dataclasses import dataclass, fields

Colour = tuple[int, int, int]
Colours = tuple[Colour, ...]


@dataclass
class Ink:
    """Colours of the drawings, after Okabe and Ito's palette, which colour-blind people can tell apart.

    The defaults are for a dark background."""

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
    runs: Colours = (
        (86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (240, 228, 66), (213, 94, 0), (0, 114, 178),
        (200, 208, 216),
    )  # fmt: skip
    """Colours of compared runs: the palette's hues, with light grey instead of its black."""
    has_hues: bool = True
    """False where the terminal has no colours: markers then tell lines apart."""

    def become(self, other: "Ink") -> None:
        """Take the colours of another theme, for all drawings from now on."""
        for field in fields(self):
            setattr(self, field.name, getattr(other, field.name))


INK = Ink()
"""Colours in use; `become` changes them."""
LIGHT = Ink(
    train=(213, 94, 0),
    test=(0, 114, 178),
    baseline=(110, 118, 126),
    text=(30, 36, 42),
    dim=(92, 100, 108),
    ground=(250, 250, 248),
    empty=(234, 238, 242),
    full=(0, 114, 178),
    val=(0, 128, 92),
    faint=(190, 198, 206),
    cursor=(230, 159, 0),
    runs=(
        (0, 114, 178), (213, 94, 0), (0, 128, 92), (170, 80, 130), (160, 130, 0), (40, 150, 200), (110, 60, 160),
        (40, 44, 48),
    ),
)  # fmt: skip
HIGH = Ink(
    train=(255, 176, 0),
    test=(120, 210, 255),
    baseline=(200, 200, 200),
    text=(255, 255, 255),
    dim=(210, 210, 210),
    ground=(0, 0, 0),
    empty=(24, 24, 24),
    full=(120, 210, 255),
    val=(0, 220, 150),
    faint=(120, 120, 120),
    cursor=(255, 240, 0),
)
MARKERS = "●▲■◆○△□◇"
"""Markers of compared runs, for terminals without colours."""
