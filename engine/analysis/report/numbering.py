"""Numbers of the tables and figures of a report, in the order in which it shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from engine.analysis.report.blocks import Block, Figure, Matrices, Pictures, Report, Section, Table


def numbered(report: Report) -> Report:
    """Return the report with its tables and its figures numbered from 1."""
    tables, figures = count(1), count(1)
    return replace(report, sections=tuple(_section(each, tables, figures) for each in report.sections))


def _section(part: Section, tables: Iterator[int], figures: Iterator[int]) -> Section:
    return replace(part, blocks=tuple(_block(block, tables, figures) for block in part.blocks))


def _block(block: Block, tables: Iterator[int], figures: Iterator[int]) -> Block:
    match block:
        case Section():
            return _section(block, tables, figures)
        case Table():
            return replace(block, number=next(tables))
        case Figure() | Pictures():
            return replace(block, number=next(figures))
        case Matrices():
            return replace(block, figure=replace(block.figure, number=next(figures)))
    return block


def walk(part: Report | Section) -> Iterator[Block]:
    """Yield every block of a report, those of subsections too, in their order."""
    for block in part.sections if isinstance(part, Report) else part.blocks:
        yield block
        if isinstance(block, Section):
            yield from walk(block)
