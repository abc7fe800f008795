"""The report as one HTML file that needs no other: styles, figures and images are inside it."""

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.analysis import score_figures
from engine.analysis.figure_canvas import FAINT, INK, MUTED, PAPER
from engine.analysis.figures import COLOURS, IN_ORDER
from engine.analysis.report.blocks import Figure, Matrices, Report, words_of
from engine.analysis.report.drawing import Drawn
from engine.text import is_hidden

if TYPE_CHECKING:
    from markupsafe import Markup

PAGE = Path(__file__).parent / "page"
PX_A_POINT = 1.35
"""Pixels of the page for each point of a figure, which is drawn for print."""
LONG_CELL = 24
"""Characters from which a cell of words gets a wider column."""
MOST_CLASSES = 16
"""Classes up to which a matrix is a table that can be read; of more, the drawn figure is shown."""
THEMED = {INK: "var(--ink)", PAPER: "var(--paper)", MUTED: "var(--muted)", FAINT: "var(--faint)"} | {
    colour.lower(): f"var(--s{place})"
    for place, colour in enumerate(dict.fromkeys((*COLOURS.values(), *IN_ORDER)), start=1)
}
THEMED |= {"#6a3d9a": THEMED["#7b5ea7"], score_figures.GREY: THEMED[MUTED]}
"""Variables of the page's style by the colours that figures are drawn in."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_ROOT = re.compile(r"<svg ([^>]*)>")
_BOX = re.compile(r'viewBox="([^"]*)"')


def without_hidden(value: object) -> object:
    """Replace each control, direction or invisible character of a text from outside, and what is not UTF-8, by a space,
    as Markdown and LaTeX show it; markup of the page's own is left as it is."""
    if type(value) is not str or (value.isascii() and value.isprintable()):
        return value
    return "".join(" " if is_hidden(character) else character for character in value)


def html_page(report: Report, drawn: Mapping[str, Drawn]) -> str:
    """Write the page. Everything from outside is escaped; scripts other than the page's own do not run."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, trim_blocks=True, undefined=StrictUndefined,
        finalize=without_hidden,
    )  # fmt: skip
    script = (PAGE / "theme.js").read_text()
    environment.globals |= {
        "kind_of": lambda block: type(block).__name__,
        "is_long": lambda cell: len(words_of(cell)) > LONG_CELL,
        "exact": repr,
        "draw": lambda figure: themed_svg(figure, drawn[figure.key].svg),
        "png_of": lambda figure: data_uri(drawn[figure.key].png, "image/png"),
        "as_tables": as_tables,
        "data_uri": data_uri,
    }
    page = environment.get_template("report.html.j2").render(
        report=report,
        style=Markup((PAGE / "report.css").read_text()),
        script=Markup(script),
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
    )
    return page.lstrip()


def as_tables(block: Matrices) -> bool:
    return all(len(panel.counts) <= MOST_CLASSES for panel in block.panels)


def data_uri(data: bytes, media: str) -> str:
    return f"data:{media};base64,{base64.b64encode(data).decode()}"


def themed_svg(figure: Figure, drawn: str) -> "Markup":
    """Make a drawn SVG part of the page: colours of the theme, ids of its own, a title and a description."""
    from markupsafe import Markup, escape

    name = f"figure-{figure.number}"
    body = _METADATA.sub("", _PROLOGUE.sub("", drawn))
    body = body.replace("xlink:href", "href")
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", body)
    body = _COLOUR.sub(lambda found: THEMED.get(found[0].lower(), found[0]), body)
    box = _BOX.search(body)
    sides = box[1].split() if box else []
    width_px = round(float(sides[2]) * PX_A_POINT) if len(sides) == 4 else 0
    title = without_hidden(words_of(figure.caption))
    head = Markup(
        '<svg viewBox="{}" style="--w:{}px" role="img" aria-labelledby="{}-title {}-about">'
        '<title id="{}-title">{}</title><desc id="{}-about">{}</desc>'
    ).format(" ".join(sides), width_px, name, name, name, title, name, without_hidden(figure.alt))
    return Markup(_ROOT.sub(lambda _found: str(escape(head)), body, count=1))
