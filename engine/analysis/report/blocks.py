"""Building blocks of a report, without markup: each format escapes and draws them in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

Style: TypeAlias = Literal["code", "strong"]


@dataclass(frozen=True)
class Span:
    """Words in another style."""

    text: str
    style: Style


@dataclass(frozen=True)
class Number:
    """Number as a reader sees it, with the value and the place in `show --json` that it comes from."""

    text: str
    value: float
    source: str
    """`run 3 epoch 2 test_acc`, or `run 3 baseline` for what a run has once."""


Piece: TypeAlias = str | Span | Number
Text: TypeAlias = tuple[Piece, ...]
"""Text from outside is a piece like any other: no piece holds markup."""
Cell: TypeAlias = Piece | Text


def text(*pieces: Cell) -> Text:
    """Join pieces and texts to one text."""
    flat: list[Piece] = []
    for piece in pieces:
        flat += piece if isinstance(piece, tuple) else [piece]
    return tuple(piece for piece in flat if piece != "")


def joined(texts: Iterable[Cell], separator: str) -> Text:
    """Join texts with a separator between them; empty ones are left out."""
    found: list[Piece] = []
    for each in texts:
        pieces = text(each)
        found += [separator, *pieces] if found and pieces else pieces
    return tuple(found)


def code(words: str) -> Span:
    return Span(words, "code")


def strong(words: str) -> Span:
    return Span(words, "strong")


def words_of(content: Cell) -> str:
    """Return the text alone."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in text(content))


@dataclass(frozen=True)
class Paragraph:
    content: Text


@dataclass(frozen=True)
class Bullets:
    items: tuple[Text, ...]


@dataclass(frozen=True)
class Lines:
    """Lines to be typed or copied as they are."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Table whose first column names its rows."""

    caption: Text
    header: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    right: frozenset[int] = frozenset()
    """Columns of numbers, aligned to the right."""
    note: Text = ()
    marked: frozenset[int] = frozenset()
    """Rows to stand out, such as the best one."""
    number: int = 0


@dataclass(frozen=True)
class Figure:
    """Drawn figure; `key` is the stem of its files' names."""

    key: str
    caption: Text
    alt: str
    """Description of the figure for readers who do not see it."""
    note: Text
    draw: Callable[[], Canvas] = field(compare=False)
    number: int = 0


@dataclass(frozen=True)
class MatrixPanel:
    """Confusion matrix of one run, or pooled over several."""

    title: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    source: str
    """As of a `Number`, without the cell."""


@dataclass(frozen=True)
class Matrices:
    """Confusion matrices on one colour scale; Markdown shows the drawn figure, HTML tables that can be read."""

    figure: Figure
    panels: tuple[MatrixPanel, ...]

    @property
    def number(self) -> int:
        return self.figure.number


@dataclass(frozen=True)
class Picture:
    """Image with what is said below it; `data` is None where the image could not be read."""

    lines: tuple[Text, ...]
    alt: str
    data: bytes | None
    media: str = "image/jpeg"
    why_not: str = ""
    beside: bytes | None = None
    """Class-activation map of the same image, a JPEG; None where none was made."""


@dataclass(frozen=True)
class Pictures:
    """Images side by side; `key` is the stem of the file that shows all of them."""

    key: str
    caption: Text
    note: Text
    pictures: tuple[Picture, ...]
    number: int = 0


Block: TypeAlias = "Paragraph | Bullets | Lines | Table | Figure | Matrices | Pictures | Section"


@dataclass(frozen=True)
class Section:
    """Part of a report; sections inside it are its subsections. `anchor` is unique in the report."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    title: str
    subtitle: str
    sections: tuple[Section, ...]


def paragraph(*pieces: Cell) -> Paragraph:
    return Paragraph(text(*pieces))


def table(
    caption: Cell,
    header: Sequence[Cell],
    rows: Iterable[Sequence[Cell]],
    *,
    left: Iterable[str] = (),
    note: Cell = (),
    marked: Iterable[int] = (),
    leave_out: str = "",
) -> Table:
    """Make a table; columns whose heading is in `left`, and the first, hold words, all others numbers.

    Columns of which every cell is `leave_out` are left out, and the note names them."""
    rows = list(rows)
    if leave_out and rows:
        header, rows, note = _without_empty(header, rows, note, leave_out)
    heads = tuple(text(each) for each in header)
    words = {0, *(place for place, head in enumerate(heads) if words_of(head) in set(left))}
    return Table(
        text(caption),
        heads,
        tuple(tuple(text(cell) for cell in row) for row in rows),
        frozenset(range(len(heads))) - words,
        text(note),
        frozenset(marked),
    )


def _without_empty(
    header: Sequence[Cell], rows: Sequence[Sequence[Cell]], note: Cell, empty: str
) -> tuple[list[Cell], list[list[Cell]], Text]:
    """Return header, rows and note without the columns of which every cell is `empty`."""
    kept = [place for place in range(len(header)) if any(row[place] != empty for row in rows)]
    names = [words_of(text(head)) for place, head in enumerate(header) if place not in kept]
    said = f"Not measured or not defined in any row, so left out: {', '.join(names)}." if names else ""
    pieces = [each for each in (text(note), text(said)) if each]
    return (
        [header[place] for place in kept],
        [[row[place] for place in kept] for row in rows],
        joined(pieces, " "),
    )


def section(title: str, anchor: str, *blocks: Block | None) -> Section:
    """Make a section without the blocks that are empty."""
    return Section(
        title, anchor, tuple(block for block in blocks if block is not None and not _is_empty(block))
    )


def _is_empty(block: Block) -> bool:
    match block:
        case Paragraph(content):
            return not content
        case Bullets(items):
            return not items
        case Lines(lines):
            return not lines
        case Table():
            return not block.rows
        case Pictures():
            return not block.pictures
        case Section():
            return not block.blocks
    return False
