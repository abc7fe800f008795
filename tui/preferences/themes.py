"""Themes of the app, each with the colours of its drawings. All keep to hues that colour-blind people tell apart."""

from dataclasses import replace

from textual.theme import Theme

from tui.plots import INK, Ink
from tui.plots.ink import HIGH, LIGHT

DARK_INK = Ink()

THEMES = (
    Theme(
        name="resnet-dark",
        dark=True,
        primary="#56b4e9",
        secondary="#8c96a0",
        accent="#56b4e9",
        foreground="#d0d8e0",
        background="#12161b",
        surface="#12161b",
        panel="#1b222a",
        success="#3fb68b",
        warning="#e69f00",
        error="#e8743b",
    ),
    Theme(
        name="resnet-light",
        dark=False,
        primary="#005f94",
        secondary="#5c646c",
        accent="#005f94",
        foreground="#1e242a",
        background="#fafaf8",
        surface="#fafaf8",
        panel="#e8ecf0",
        success="#00704f",
        warning="#8a5a00",
        error="#b04400",
    ),
    Theme(
        name="resnet-contrast",
        dark=True,
        primary="#78d2ff",
        secondary="#d2d2d2",
        accent="#ffb000",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#1c1c1c",
        success="#00dc96",
        warning="#ffb000",
        error="#ff8a50",
    ),
)
INKS = dict(zip((theme.name for theme in THEMES), (DARK_INK, LIGHT, HIGH), strict=True))
NAMES = tuple(INKS)
PREFIX = "resnet-"
"""Prefix of the themes' names, to tell them from Textual's own."""


def ink_for(theme: str, *, has_hues: bool) -> Ink:
    return replace(INKS[theme], has_hues=has_hues)


def following(theme: str) -> str:
    return NAMES[(NAMES.index(theme) + 1) % len(NAMES)] if theme in NAMES else NAMES[0]


def draw_with(theme: str, *, has_hues: bool) -> None:
    """Draw with the theme's colours from now on."""
    INK.become(ink_for(theme, has_hues=has_hues))
