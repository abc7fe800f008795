"""Legend of a chart in its title."""

from rich.text import Text

from tui.plots import Chart, Line, reading, value_shown
from tui.plots.axes import x_shown


def chart_legend(chart: Chart, *, is_marked: bool = False, says_place: bool = True) -> Text:
    """Name the lines with their newest values, or those at the cursor and, with `says_place`, where that is."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{'▸ ' if is_marked else ''}{chart.title}", style="bold" if is_marked else "")
    found = reading(chart)
    if chart.cursor is not None and says_place:
        text.append(f"  {chart.axis} {x_shown(chart.axis, chart.cursor)}", style="bold")
    if chart.cursor is None:
        found = [(line, _newest(line)) for line in chart.lines if not (line.faint or line.level)]
    found.reverse()  # what counts comes first: where room is short, the end is cut
    found.sort(key=lambda pair: len(found) if pair[0].of is None or pair[0].dashed else pair[0].of)
    pinned = [pair for pair in found if pair[0].dashed]
    own = [pair for pair in found if not pair[0].dashed]
    found = [*own[:1], *pinned, *own[1:]]  # beside the line that it is to be compared with
    for line, value in found:
        colour = f"rgb({','.join(map(str, line.colour))})"
        text.append(f"  {line.marker or ('╌' if line.dashed else '━')} ", style=colour)
        text.append(f"{line.name} " if line.name else "", style="dim")
        text.append(value_shown(value, is_share=chart.is_share))
    return text


def _newest(line: Line) -> float | None:
    return line.points[-1][1] if line.points else None
