"""Canvas of the report's figures, without global state, and text drawn letter for letter."""

import contextlib
import io
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.analysis.markdown import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 150
BELOW_IN = 0.42
"""Inches from a panel to the legend below it: the numbers and the name of its horizontal axis."""
INK, PAPER, MUTED, FAINT = "#000000", "#ffffff", "#444444", "#e4e4e4"
"""Colours of text and axes, of the ground, of what stands back, and of the grid: a page with a theme replaces them."""


SETTINGS: dict[Any, Any] = {
    "font.size": 9, "axes.titlesize": 9, "axes.titlelocation": "left", "svg.fonttype": "none", "svg.hashsalt": "report",
    "pdf.fonttype": 42,
}  # fmt: skip


@contextlib.contextmanager
def defaults() -> Iterator[None]:
    """Use matplotlib's own defaults, without the user's settings, so that equal numbers give equal files."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def new_figure(width_in: float, height_in: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def png(figure: "Figure") -> bytes:
    """Encode the figure as a PNG of 256 colours, a third of the bytes, without a date or a program's name in it."""
    # Drawn on its own canvas: `savefig` would walk a figure that has a layout engine once more.
    # Maximum coverage keeps rare colours, such as the colour bar's, within 4/255 of what was drawn.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    full = Image.frombuffer("RGBA", canvas.get_width_height(physical=True), bytes(canvas.buffer_rgba()))
    few = full.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    packed = io.BytesIO()
    few.save(packed, format="png", optimize=True, dpi=(DPI, DPI))
    return packed.getvalue()


def pdf(figure: "Figure") -> bytes:
    """Encode the figure as a PDF with its text as text, without a date."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return drawn.getvalue()


def svg(figure: "Figure") -> str:
    """Write the figure as an SVG on a transparent ground with its text as text, without a date."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    drawn = io.StringIO()
    figure.set_facecolor("none")
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(drawn, metadata={"Date": None, "Creator": None})
    return drawn.getvalue()


def plain(text: str, limit: int = 60) -> str:
    """Return text that matplotlib draws letter for letter: no mathematics, and ? where the font has no letter."""
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont("DejaVu Sans"))
    drawable = "".join(char if font.get_char_index(ord(char)) else "?" for char in printable(text, limit))
    return drawable.replace("$", r"\$")


def wrapped(text: str, width: int, most_lines: int = 3) -> str:
    """Break text into lines of at most `width` characters, cut after `most_lines`, to be drawn letter for letter."""
    lines = textwrap.wrap(printable(text), width, max_lines=most_lines, placeholder=" …")
    return "\n".join(plain(line, width) for line in lines)


def level_line(axes: "Axes", level: float, text: str) -> None:
    """Draw a constant, such as a baseline, behind the curves, with its name at the right."""
    axes.axhline(level, color=MUTED, linestyle=":", linewidth=1, zorder=1)
    axes.annotate(
        text, (1.01, level), xycoords=("axes fraction", "data"), va="center", fontsize=7.5, color=MUTED
    )


def plain_axes(axes: "Axes") -> None:
    """Draw a faint grid behind the curves, and no frame."""
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def legend_below(axes: "Axes", size: float, columns: int, title: str = "") -> None:
    """Put the legend of a panel under its horizontal axis, where it hides no curve."""
    from matplotlib.transforms import ScaledTranslation

    under = ScaledTranslation(0, -BELOW_IN, axes.get_figure().dpi_scale_trans)  # type: ignore[union-attr]
    axes.legend(
        loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=axes.transAxes + under, borderaxespad=0, ncols=columns,
        fontsize=size, frameon=False, title=title or None, title_fontsize=size, alignment="left", columnspacing=1,
        handlelength=1.6, handletextpad=0.4,
    )  # fmt: skip
