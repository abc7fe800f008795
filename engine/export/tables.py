"""Writers of exported tables: CSV, JSON, Parquet."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.export.columns import Column, Kind, plain_value, utf8_text
from engine.problem import UserError
from engine.text import csv_cell

Row = Mapping[str, Any]


class ExportError(UserError, ValueError):
    """Export that cannot be made: one line that says what to do."""


def as_csv(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    """Write UTF-8 with a heading; undefined values are empty, true and false are so written, times are ISO 8601."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([column.name for column in columns])
    table.writerows([_cell(row[column.name]) for column in columns] for row in rows)
    return text.getvalue().encode()


def as_json(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    """Write one document: `rows`, a list of objects with the same keys; undefined values are null."""
    found = [{column.name: plain_value(row[column.name]) for column in columns} for row in rows]
    return (json.dumps({"rows": found}, indent=1, allow_nan=False) + "\n").encode()


def as_parquet(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    """Write Parquet with a type for each column, whatever the values. Raises ExportError where pyarrow is missing."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ExportError(
            "--parquet needs the package pyarrow: pip install 'resnet-tui[export]', or give --csv"
        ) from None
    types: dict[Kind, Any] = {
        "text": pyarrow.string(), "count": pyarrow.int64(), "number": pyarrow.float64(), "flag": pyarrow.bool_(),
        "time": pyarrow.timestamp("us", tz="UTC"),
    }  # fmt: skip
    schema = pyarrow.schema([(column.name, types[column.kind]) for column in columns])
    content = io.BytesIO()
    found = [
        {name: utf8_text(value) if isinstance(value, str) else value for name, value in row.items()}
        for row in rows
    ]
    table = pyarrow.Table.from_pylist(found, schema=schema)
    parquet.write_table(table, content)
    return content.getvalue()


WRITERS: Mapping[str, Callable[[Sequence[Column], Sequence[Row]], bytes]] = {
    "csv": as_csv, "json": as_json, "parquet": as_parquet,
}  # fmt: skip
"""By the name of the flag."""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return csv_cell(str(plain_value(value)))
