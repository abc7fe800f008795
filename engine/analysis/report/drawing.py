"""Drawing of a report's figures, each once, in the formats that are asked for."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.analysis.report.blocks import Figure, Matrices, Pictures, Report
from engine.analysis.report.numbering import walk

SHEET_PX, GAP_PX, COLUMNS = 160, 8, 6
"""Side of an image, the space between two, and the images in a row of a contact sheet."""


@dataclass(frozen=True)
class Drawn:
    """Figure in the formats of the report's documents; empty where a format was not asked for."""

    png: bytes
    svg: str = ""
    pdf: bytes = b""


def draw_all(report: Report, progress: Callable[[str], None], *, with_pdf: bool) -> dict[str, Drawn]:
    """Draw every figure of a report; returns them by their keys. Pictures without any image have none."""
    from engine.analysis import figure_canvas

    found: dict[str, Drawn] = {}
    figures = list(_figures(report))
    as_tables = {block.figure.key for block in walk(report) if isinstance(block, Matrices)}
    with figure_canvas.defaults():
        for number, block in enumerate(figures, start=1):
            progress(f"figure {number} of {len(figures)}")
            if isinstance(block, Pictures):
                found[block.key] = _sheet(block, with_pdf=with_pdf)
                continue
            canvas = block.draw()
            png = figure_canvas.png(canvas)
            canvas.set_layout_engine(
                "none"
            )  # what was laid out stays: to do it again takes as long as to draw
            pdf = figure_canvas.pdf(canvas) if with_pdf else b""
            svg = "" if block.key in as_tables else figure_canvas.svg(canvas)
            found[block.key] = Drawn(png, svg, pdf)
    return found


def _figures(report: Report) -> Iterator[Figure | Pictures]:
    for block in walk(report):
        if isinstance(block, Matrices):
            yield block.figure
        elif isinstance(block, Figure) or (isinstance(block, Pictures) and has_image(block)):
            yield block


def has_image(pictures: Pictures) -> bool:
    return any(each.data is not None for each in pictures.pictures)


def _sheet(pictures: Pictures, *, with_pdf: bool) -> Drawn:
    """Join the images to one, in their order; a missing one leaves its place empty."""
    from PIL import Image

    images: list[bytes | None] = []
    for each in pictures.pictures:
        images += [each.data, each.beside] if each.beside else [each.data]
    columns = min(COLUMNS, len(images))
    rows = -(-len(images) // columns)
    side = SHEET_PX + GAP_PX
    sheet = Image.new("RGB", (columns * side - GAP_PX, rows * side - GAP_PX), "white")
    for place, data in enumerate(images):
        if data is not None:
            with Image.open(io.BytesIO(data)) as image:
                shown = image.convert("RGB")
            shown.thumbnail((SHEET_PX, SHEET_PX))
            sheet.paste(shown, (place % columns * side, place // columns * side))
    packed, printed = io.BytesIO(), io.BytesIO()
    sheet.quantize(256).save(packed, "PNG", optimize=True)
    if with_pdf:
        sheet.save(printed, "PDF", resolution=150)
    return Drawn(packed.getvalue(), pdf=printed.getvalue())
