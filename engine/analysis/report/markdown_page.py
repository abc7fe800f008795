"""The report as Markdown, with its figures as PNG files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.analysis.markdown import markdown, table
from engine.analysis.report.blocks import (
    Block,
    Bullets,
    Cell,
    Figure,
    Lines,
    Matrices,
    Paragraph,
    Picture,
    Pictures,
    Piece,
    Report,
    Section,
    Span,
    Table,
    text,
    words_of,
)
from engine.analysis.report.drawing import Drawn

MOST = 4_000
"""Characters of one piece of text; names from outside were shortened before."""


def markdown_page(report: Report, drawn: Mapping[str, Drawn]) -> str:
    parts = [f"# {markdown(report.title)}", markdown(report.subtitle, MOST)]
    for part in report.sections:
        parts += _section(part, 2, drawn)
    return "\n\n".join(filter(None, parts)) + "\n"


def _section(part: Section, level: int, drawn: Mapping[str, Drawn]) -> Iterator[str]:
    yield f"{'#' * level} {markdown(part.title)}"
    for block in part.blocks:
        if isinstance(block, Section):
            yield from _section(block, level + 1, drawn)
        else:
            yield from _block(block, drawn)


def _block(block: Block, drawn: Mapping[str, Drawn]) -> Iterator[str]:
    match block:
        case Paragraph(content):
            yield inline(content)
        case Bullets(items):
            yield "\n".join(f"- {inline(item)}" for item in items)
        case Lines(lines):
            yield "\n".join(["```sh", *lines, "```"])
        case Table():
            yield f"**Table {block.number}.** {inline(block.caption)}."
            yield table(
                [inline(each) for each in block.header],
                [_row(block, place) for place in range(len(block.rows))],
                right=block.right,
            )
            yield inline(block.note)
        case Figure():
            yield from _figure(block)
        case Matrices():
            yield from _figure(block.figure)
        case Pictures():
            if block.key in drawn:
                yield f"![{inline(block.caption)}]({block.key}.png)"
            yield f"**Figure {block.number}.** {inline(block.caption)}. {inline(block.note)}"
            yield "\n".join(
                f"{place}. {'; '.join(map(inline, each.lines))}{_why_not(each)}"
                for place, each in enumerate(block.pictures, start=1)
            )


def _why_not(picture: Picture) -> str:
    return f" (no image: {markdown(picture.why_not)})" if picture.why_not else ""


def _row(block: Table, place: int) -> list[str]:
    cells = [inline(cell) for cell in block.rows[place]]
    return [f"**{cells[0]}**", *cells[1:]] if place in block.marked else cells


def _figure(figure: Figure) -> Iterator[str]:
    yield f"![{inline(figure.caption)}]({figure.key}.png)"
    yield f"**Figure {figure.number}.** {inline(figure.caption)}. {inline(figure.note)}"


def inline(content: Cell) -> str:
    """Write text in a line of Markdown, everything from outside escaped."""
    return "".join(_piece(piece) for piece in text(content))


def _piece(piece: Piece) -> str:
    if not isinstance(piece, Span):
        return _spaced(words_of(piece))
    if piece.style == "strong":
        return f"**{markdown(piece.text, MOST)}**"
    return f"`{piece.text}`" if piece.text.isascii() and "`" not in piece.text else markdown(piece.text, MOST)


def _spaced(words: str) -> str:
    """Escape words; spaces at their ends stay, for other pieces stand beside them."""
    if not words.strip():
        return " " if words else ""
    start = " " if words[0] == " " else ""
    end = " " if words[-1] == " " else ""
    return f"{start}{markdown(words, MOST)}{end}"
