"""Themes, their contrast, and ASCII."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pilots import SMALL, app, opened, table, until
from rich.segment import Segment
from rich.style import Style
from rich.text import Text as RichText
from terminal import Terminal
from textual.color import Color

from engine.files.paths import Home
from engine.store.database import Store
from tui.detail_view import MatrixView
from tui.plots import INK, MODES, Grid, Plot, draw_confusion, draw_matrix
from tui.plots.canvas import blend, ink_on
from tui.preferences.ascii import AsciiFilter, to_ascii
from tui.preferences.state import Preferences, load_preferences
from tui.preferences.themes import INKS, THEMES, draw_with

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


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_the_numbers_of_a_matrix_stand_out_from_every_shade_of_a_cell(theme: Any) -> None:
    ink = INKS[theme.name]
    for full in (ink.full, ink.test, ink.train):  # shares; differences have two hues
        for step in range(1001):
            ground = blend(ink.empty, full, step / 1000)
            for bold in (True, False):
                assert contrast(ink_on(ground, bold=bold), ground) >= 4.5, (step, bold)


@pytest.fixture(params=[theme.name for theme in THEMES])
def drawn_theme(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drawings have the colours of each theme in turn."""
    draw_with(request.param, has_hues=True)
    yield
    draw_with("resnet-dark", has_hues=True)


@pytest.mark.usefixtures("drawn_theme")
def test_what_is_drawn_in_the_cells_of_matrices_stands_out_from_them() -> None:
    counts = tuple(tuple(100 - abs(row - column) * 9 for column in range(10)) for row in range(10))
    other = tuple(tuple(10 * column + row for column in range(10)) for row in range(10))
    view = MatrixView(counts, tuple("abcdefghij"), 1, 1)
    seen = 0
    for draw in (
        lambda plot: draw_confusion(plot, view, 90, 22),
        lambda plot: draw_matrix(plot, Grid(counts, view.class_names, MODES[0], (3, 4)), 120, 32),
        lambda plot: draw_matrix(plot, Grid(counts, view.class_names, MODES[0], (3, 4), other), 120, 32),
    ):
        plot = Plot()
        draw(plot)
        for text, foreground, ground in coloured(plot.build()):
            if text.strip() and ground != INK.ground:
                assert contrast(foreground, ground) >= 4.5, (text, foreground, ground)
                seen += 1
    assert seen > 250


def coloured(ansi: str) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Each stretch of a drawing with the colours of its text and its ground."""
    for span in (text := RichText.from_ansi(ansi)).spans:
        style = span.style
        assert isinstance(style, Style)
        if style.color is not None and style.bgcolor is not None:
            assert style.color.triplet is not None and style.bgcolor.triplet is not None
            yield text.plain[span.start : span.end], tuple(style.color.triplet), tuple(style.bgcolor.triplet)


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
