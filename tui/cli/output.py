"""Output of verbs: tables for people, one JSON document for programs, errors in one line."""

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from engine.files.paths import Home
from engine.problem import UserError
from engine.text import print_message as print_message
from tui.formatting import plain
from tui.new_file import new_file_problem

PIECES = 10_000
"""Pieces of JSON, of some ten letters each, that are printed at once."""


class CliError(UserError):
    """Error of a call that cannot be carried out; each argument is one line that says what to do. Exit code 2."""


def checked_text(where: str, given: str) -> str:
    """Return the text unless it is not UTF-8, which no database stores: then raise CliError."""
    if any("\ud800" <= character <= "\udfff" for character in given):
        raise CliError(f"{where}: {plain(given)} is not UTF-8 text")
    return given


def check_new_file(home: Home, file: Path, *, overwrite: bool) -> None:
    """Raise CliError where a call may not write to a file."""
    if problem := new_file_problem(home, file, overwrite=overwrite, otherwise=", or --overwrite"):
        raise CliError(problem)


def print_json(document: dict[str, Any]) -> None:
    """Print a document as ASCII, which every terminal can encode and which can hold names that are not UTF-8.

    It is printed piece by piece: the text of a run with large confusion matrices takes ten times their memory."""
    pieces = json.JSONEncoder(indent=2, allow_nan=False).iterencode(document)
    while text := "".join(islice(pieces, PIECES)):
        sys.stdout.write(text)
    print()


def print_line(text: str) -> None:
    """Print a line of the result on standard output."""
    print(plain(text))
