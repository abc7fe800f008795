"""Bands behind lines."""

from rich.text import Text
from textual_plotext.plot import Plot

from tui.plots import INK, Chart, Line, draw_chart
from tui.plots.shade import Area, shade_cells

BAND = ((0.0, 0.5, 0.7), (10.0, 0.6, 0.9))
AREA = Area(3, 20, 10, (0.0, 10.0), (0.0, 1.0))


def test_cells_between_the_ends_are_shaded_in_the_lines_colour() -> None:
    cells = shade_cells([(BAND, (86, 180, 233))], AREA)
    assert {column for _, column in cells} == set(range(3, 23))
    assert {row for row, column in cells if column == 3} <= {3, 4} and (1, 22) in cells
    assert (9, 3) not in cells and all(row < 10 for row, _ in cells)
    (colour,) = set(cells.values())
    assert INK.ground != colour != (86, 180, 233)


def test_the_thinnest_band_is_one_row_and_none_is_drawn_where_nothing_is_known() -> None:
    thin = shade_cells([(((2.0, 0.5, 0.501), (8.0, 0.5, 0.501)), (230, 159, 0))], AREA)
    assert len({row for row, _ in thin}) == 1 and min(column for _, column in thin) > 3
    assert shade_cells([((), (230, 159, 0)), (((2.0, 0.5, 0.6),), (230, 159, 0))], AREA) == {}


def test_bands_that_overlap_mix_their_colours() -> None:
    one, other = (86, 180, 233), (230, 159, 0)
    both = shade_cells([(BAND, one), (BAND, other)], AREA)
    assert set(both.values()).isdisjoint(shade_cells([(BAND, one)], AREA).values())


def test_the_area_of_a_chart_is_where_plotext_draws_its_lines() -> None:
    """The line's dots lie in shaded cells: the band around a line is where the line is."""
    points = tuple((float(x), 0.2 + 0.07 * x) for x in range(11))
    band = tuple((x, y - 0.03, y + 0.03) for x, y in points)
    for size in ((60, 14), (44, 9), (80, 24)):
        for chart in (
            Chart("", (Line("", points, (86, 180, 233), band=band),), 0.0, 10.0, is_share=True),
            Chart("", (Line("", points, (86, 180, 233), band=band),), 0.0, 10.0),
            Chart("", (Line("", points, (86, 180, 233), band=band),), 2.0, 9.0, log=True),
        ):
            plot = Plot()
            cells = draw_chart(plot, chart, *size)
            lines = Text.from_ansi(plot.build()).plain.split("\n")
            drawn = {
                (row, column)
                for row, line in enumerate(lines)
                for column, each in enumerate(line)
                if 0x2800 < ord(each) <= 0x28FF
            }
            missed = len(
                drawn - cells.keys()
            )  # a column where the line crosses into the next row has dots in two
            assert drawn and missed <= len(drawn) / 5, (size, chart.log)
