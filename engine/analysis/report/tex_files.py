"""The report for LaTeX: booktabs tables, figures as PDF, and a document with the texts that shows all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.analysis.latex import REMARK, escaped
from engine.analysis.report.blocks import (
    Block,
    Bullets,
    Cell,
    Figure,
    Lines,
    Matrices,
    Paragraph,
    Pictures,
    Report,
    Section,
    Span,
    Table,
    text,
    words_of,
)
from engine.analysis.report.drawing import Drawn
from engine.analysis.report.numbering import walk

PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp,booktabs,graphicx,longtable}
\usepackage[margin=20mm]{geometry}
\begin{document}
"""


HEADINGS = (r"\section*", r"\subsection*", r"\subsubsection*")
"""By the depth of a section; the deepest serves for all below it."""


def tex_files(report: Report, drawn: Mapping[str, Drawn]) -> dict[str, bytes]:
    """Return the files by their names: `table-NN.tex`, `KEY.pdf`, and `report.tex`, which has the texts and includes
    all of them."""
    files = {
        f"{_name(block)}.tex": _table(block).encode() for block in walk(report) if isinstance(block, Table)
    }
    files |= {f"{key}.pdf": each.pdf for key, each in drawn.items() if each.pdf}
    title = [rf"\begin{{center}}\Large {escaped(report.title)}\end{{center}}", escaped(report.subtitle)]
    body = [line for part in report.sections for line in _section(part, 0, drawn)]
    files["report.tex"] = (
        f"{REMARK}\n{PREAMBLE}" + "\n\n".join([*title, *body]) + "\n\n\\end{document}\n"
    ).encode()
    return files


def _section(part: Section, depth: int, drawn: Mapping[str, Drawn]) -> Iterator[str]:
    yield f"{HEADINGS[min(depth, len(HEADINGS) - 1)]}{{{escaped(part.title)}}}"
    for block in part.blocks:
        if isinstance(block, Section):
            yield from _section(block, depth + 1, drawn)
        else:
            yield from _block(block, drawn)


def _block(block: Block, drawn: Mapping[str, Drawn]) -> Iterator[str]:
    match block:
        case Paragraph(content):
            yield inline(content)
        case Bullets(items):
            if items:
                yield _list("itemize", map(inline, items))
        case Lines(lines):
            if lines:
                shown = (rf"\hangindent=1em\noindent\texttt{{{escaped(line)}}}\par" for line in lines)
                yield "\n".join([r"{\small\raggedright", *shown, "}"])
        case Table():
            yield rf"\input{{{_name(block)}}}"
        case Figure():
            yield from _figure(block, drawn)
        case Matrices():
            yield from _figure(block.figure, drawn)
        case Pictures():
            yield from _figure(block, drawn)
            yield from _said_of(block)


def _said_of(block: Pictures) -> Iterator[str]:
    if block.pictures:
        yield _list("enumerate", ("; ".join(map(inline, each.lines)) for each in block.pictures))


def _name(block: Table) -> str:
    return f"table-{block.number:02}"


def _list(kind: str, items: Iterable[str]) -> str:
    return "\n".join([rf"\begin{{{kind}}}", *(rf"\item {{}}{each}" for each in items), rf"\end{{{kind}}}"])


def _table(block: Table) -> str:
    """Write a table with booktabs' rules that fits the width of the text."""
    columns = "".join("r" if place in block.right else "l" for place in range(len(block.header)))
    lines = [" & ".join(map(inline, row)) + r" \\" for row in block.rows]
    note = [rf"\par\smallskip {{\footnotesize {inline(block.note)}}}"] if block.note else []
    return "\n".join(
        [
            r"\begin{table}[htbp]\centering\footnotesize",
            rf"\caption{{{inline(block.caption)}}}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            " & ".join(map(inline, block.header)) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}}",
            *note,
            r"\end{table}",
            "",
        ]
    )


def _figure(block: Figure | Pictures, drawn: Mapping[str, Drawn]) -> Iterator[str]:
    if block.key in drawn:
        yield "\n".join(
            [
                r"\begin{figure}[htbp]\centering",
                rf"\includegraphics[width=\linewidth,height=.7\textheight,keepaspectratio]{{{block.key}.pdf}}",
                rf"\caption{{{inline(block.caption)}. {inline(block.note)}}}",
                r"\end{figure}",
            ]
        )


def inline(content: Cell) -> str:
    """Write text, everything from outside escaped."""
    return "".join(
        _piece(piece) if isinstance(piece, Span) else escaped(words_of(piece)) for piece in text(content)
    )


def _piece(piece: Span) -> str:
    command = r"\texttt" if piece.style == "code" else r"\textbf"
    return f"{command}{{{escaped(piece.text)}}}"
