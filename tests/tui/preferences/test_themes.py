"""Themes, their contrast, and ASCII."""

import sys
from typing import Any

import pytest
from pilots import SMALL, app, opened, table, until
from rich.segment import Segment
from rich.style import Style
from terminal import Terminal
from textual.color import Color

from engine.files.paths import Home
from engine.store.database import Store
from tui.plots import INK
from tui.preferences.ascii import AsciiFilter, to_ascii
from tui.preferences.state import Preferences, load_preferences
from tui.preferences.themes import INKS, THEMES

# Themes


async def test_themes_turn_with_their_drawings_and_are_kept(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        assert pilot.app.theme == "resnet-dark" and INK.test == INKS["resnet-dark"].test
        await pilot.press("T")
        assert pilot.app.theme == "resnet-light" and INK.ground == INKS["resnet-light"].ground
        await pilot.press("s")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        assert pilot.app.theme == "resnet-light" and table(pilot).table_query.sort == "status"
        await pilot.press("T", "T", "escape")
        assert pilot.app.theme == "resnet-dark"
    assert load_preferences(home) == Preferences()


def luminance(colour: tuple[int, ...]) -> float:
    """Of sRGB, as WCAG 2 defines it."""
    linear = [
        each / 255 / 12.92 if each / 255 <= 0.03928 else ((each / 255 + 0.055) / 1.055) ** 2.4
        for each in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_and_lines_stand_out_from_the_ground(theme: Any) -> None:
    """4.5 for text and 3 for lines, as WCAG 2.1 asks; 7 for text where contrast is high."""
    ground, ink = Color.parse(theme.background).rgb, INKS[theme.name]
    least = 7.0 if theme.name == "resnet-contrast" else 4.5
    for name in ("foreground", "primary", "success", "warning", "error"):
        assert contrast(Color.parse(getattr(theme, name)).rgb, ground) >= least, name
    assert ink.ground == ground and contrast(ink.text, ground) >= least
    for line in (ink.train, ink.test, ink.val, ink.baseline, *ink.runs):
        assert contrast(line, ground) >= 3.0, line
    assert len(set(ink.runs)) == 8


async def test_without_colours_lines_are_told_apart_by_markers(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        assert not INK.has_hues
        await until(pilot, lambda: "●&#160;test" in pilot.app.export_screenshot())
        assert "○&#160;train" in pilot.app.export_screenshot()
        await pilot.press("T")
        assert not INK.has_hues
    monkeypatch.delenv("NO_COLOR", raising=False)


# ASCII


def test_in_ascii_no_other_character_reaches_the_terminal(home: Home, study: Store) -> None:
    code = "from tui.start import main; main()"
    command = [sys.executable, "-c", code, "--home", str(home.root), "--ascii"]
    terminal = Terminal(command, columns=80, lines=24, cwd=home.root)
    try:
        for keys, seen in (
            ("", "moderate as"),
            ("\r", "1 curves   2 confusion"),
            ("2", "true"),
            ("4", "differ"),
            ("?", "Pages"),
        ):
            terminal.send(keys)
            terminal.until_shows(seen)
            assert terminal.text.isascii(), terminal.text
    finally:
        terminal.end()


def test_ascii_keeps_the_width_and_the_shape() -> None:
    assert to_ascii("✔ 12 ▕██▌▏ ⠉⠒⣀⠀⣿ ≈ 日本") == "+ 12 |##|| '-. : ~ ????"
    light, dark = Style.parse("rgb(250,250,250)"), Style.parse("rgb(10,10,10)")
    segments = AsciiFilter().apply(
        [Segment("▀", light), Segment("▀", dark), Segment("plain", None)], Color(0, 0, 0)
    )
    assert [segment.text for segment in segments] == ["@", " ", "plain"] and segments[0].style == light
