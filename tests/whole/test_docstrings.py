"""Docstrings say what a thing is or does: none begins with a question word."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUESTIONS = {"What", "Which", "Who", "Whose", "How", "When", "Where", "Why"}
"""Whether may begin the docstring of a value that is true or false."""


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each, those below a value too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


@pytest.mark.parametrize("room", ["engine", "tui", "benchmarks", "tests"])
def test_no_docstring_begins_with_a_question_word(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, text in docstrings(path)
        if text.strip() and text.split()[0] in QUESTIONS
    ]
    assert not found, "\n".join(found)
