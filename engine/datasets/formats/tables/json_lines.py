"""Reader of JSON lines: one object for each image, such as the `metadata.jsonl` of an image folder."""

import json
from pathlib import Path
from typing import Any

from engine.datasets.formats.problems import DataError


def read_json_lines(path: Path) -> list[tuple[str, ...]]:
    """Read the objects as rows under a header of their keys; null and absent values are empty cells.

    A list of plain values is one cell with `|` between them. Raises DataError, which names the line."""
    objects = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text file ({error}): save it as UTF-8") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise DataError(f"line {number} of {path} is no JSON object: write one for each image")
        objects.append(found)
    keys = list(dict.fromkeys(key for each in objects for key in each))
    rows = [tuple(_cell(each.get(key)) for key in keys) for each in objects]
    return [tuple(keys), *rows] if rows else []


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return "|".join(map(_cell, value))
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
