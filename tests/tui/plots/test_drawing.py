"""Lines of a drawing: the text and colours that plotext gave, and grounds below them."""

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style as RichStyle
from rich.text import Text
from textual.css.styles import Styles
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions

from tui.plots import Chart, Line, Plot, draw_chart
from tui.plots.drawing import Drawing

ORANGE = (230, 159, 0)
CHART = Chart(
    "accuracy", (Line("test", [(1, 0.5), (2, 0.75), (3, 0.6)], ORANGE, best=(2, 0.75)),), 1, 3, cursor=2
)
BASE = Style()


def lines(drawing: Drawing, width: int = 80, height: int | None = None) -> list[Strip]:
    return drawing.render_strips(width, height, BASE, RenderOptions(lambda _: BASE, Styles()))


def cells(strip: Strip) -> list[tuple[str, RichStyle]]:
    return [(letter, style or RichStyle.null()) for text, style, _ in strip for letter in text]


def cells_of(text: Text) -> list[list[tuple[str, RichStyle]]]:
    """By Rich's own reading."""
    from rich.console import Console

    rows: list[list[tuple[str, RichStyle]]] = []
    for line in text.split("\n"):
        segments: list[Segment] = list(line.render(Console(color_system="truecolor"), end=""))
        rows.append([(letter, each.style or RichStyle.null()) for each in segments for letter in each.text])
    return rows


@pytest.mark.parametrize("theme", ["clear", "dark"])
def test_text_and_colours_are_those_that_rich_reads(theme: str) -> None:
    plot = Plot()
    draw_chart(plot, CHART, 40, 10)
    plot.theme(theme)
    canvas = plot.build()
    expected = cells_of(Text.from_ansi(canvas))
    found = [cells(each) for each in lines(Drawing(canvas, {}))]
    assert "".join(letter for letter, _ in found[0]).strip() and found == expected
    assert {style.color for row in found for _, style in row} >= {Color.from_rgb(*ORANGE)}


def test_grounds_change_no_text_and_no_ink() -> None:
    canvas = "a\x1b[1mb\x1b[0m\n\x1b[38;2;1;2;3mcd\x1b[0me\n"
    first, second = lines(Drawing(canvas, {(1, 1): (9, 8, 7), (7, 0): (1, 2, 3), (0, 9): (1, 2, 3)}))
    assert cells(first) == [("a", RichStyle.null()), ("b", RichStyle(bold=True))]
    ink, ground = Color.from_rgb(1, 2, 3), Color.parse("rgb(9,8,7)")
    assert [(letter, style.color, style.bgcolor) for letter, style in cells(second)] == [
        ("c", ink, None),
        ("d", ink, ground),
        ("e", None, None),
    ]


def test_no_more_is_drawn_than_there_is_room_for() -> None:
    found = lines(Drawing("abc\ndef\nghi\n", {}), width=2, height=2)
    assert [each.text for each in found] == ["ab", "de"]
    assert Drawing("abc\ndef\n", {}).get_height(Styles(), 3) == 2
