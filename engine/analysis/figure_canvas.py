"""Canvas of the report's figures, without global state, and text drawn letter for letter."""

import contextlib
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.analysis.markdown import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 150
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
