"""The report's tables and figures for LaTeX: booktabs tables, figures as PDF, and a document that shows all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.analysis.latex import escaped
from engine.analysis.report.blocks import (
    Cell,
    Figure,
    Matrices,
    Pictures,
    Report,
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


def tex_files(report: Report, drawn: Mapping[str, Drawn]) -> dict[str, bytes]:
    """Return the files by their names: `table-NN.tex`, `KEY.pdf`, and `report.tex`, which includes them all."""
    files: dict[str, bytes] = {}
    body: list[str] = []
    for block in walk(report):
        match block:
            case Table():
                name = f"table-{block.number:02}"
                files[f"{name}.tex"] = _table(block).encode()
                body.append(rf"\input{{{name}}}")
            case Figure():
                body += _figure(block.key, block.caption, block.note, drawn)
            case Matrices():
                body += _figure(block.figure.key, block.figure.caption, block.figure.note, drawn)
            case Pictures():
                body += _figure(block.key, block.caption, block.note, drawn)
    files |= {f"{key}.pdf": each.pdf for key, each in drawn.items() if each.pdf}
    heading = rf"\section*{{{escaped(report.title)}}}"
    files["report.tex"] = (PREAMBLE + "\n\n".join([heading, *body]) + "\n\n\\end{document}\n").encode()
    return files


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


def _figure(key: str, caption: Cell, note: Cell, drawn: Mapping[str, Drawn]) -> Iterator[str]:
    if key in drawn:
        yield "\n".join(
            [
                r"\begin{figure}[htbp]\centering",
                rf"\includegraphics[width=\linewidth,height=.7\textheight,keepaspectratio]{{{key}.pdf}}",
                rf"\caption{{{inline(caption)}. {inline(note)}}}",
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
