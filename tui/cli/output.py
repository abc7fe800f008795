"""How verbs print: tables for people, one JSON document for programs, errors in one line."""

import json
from typing import Any

from engine.text import tell as tell
from tui.formatting import plain


class CliError(Exception):
    """The call cannot be done as it stands; each argument is one line that says what to do. Exit code 2."""


def checked_text(where: str, given: str) -> str:
    """Raises CliError for what no database takes."""
    if any("\ud800" <= character <= "\udfff" for character in given):
        raise CliError(f"{where}: {plain(given)} is no text in UTF-8")
    return given


def print_json(document: dict[str, Any]) -> None:
    """In ASCII: names that are not UTF-8 have no other way out, and every terminal can encode it."""
    print(json.dumps(document, indent=2, allow_nan=False))


def print_line(text: str) -> None:
    """A line of the result: on standard output."""
    print(plain(text))
