"""Grid of charts that fills its room. Pure."""

import math

LEAST_WIDTH, LEAST_HEIGHT = 32, 7
"""Smallest chart beside others, with its title, in characters."""
GUTTER = 2
"""Columns between two charts."""
SHAPE = 4.0
"""Width of a chart that is read well, in characters for each line of its height."""
Rows = tuple[int, ...]
"""Number of charts of each row, from the top."""


def rows_of_charts(count: int, width: int, height: int) -> Rows:
    """Divide charts into rows so that each has nearly the usual shape; empty where there is no room for all of them.

    The upper rows have fewer: the most telling charts come first, and are the larger ones."""
    if count == 1:
        return (1,)
    fitting = [
        rows for rows in map(_divided, [count] * count, range(1, count + 1)) if _fits(rows, width, height)
    ]
    return min(fitting, key=lambda rows: _distance(rows, width, height), default=())


def spans(rows: Rows) -> tuple[int, Rows]:
    """Return the number of columns of a grid in which every row is full, and how many of them each chart takes."""
    columns = math.lcm(*rows)
    return columns, tuple(columns // in_row for in_row in rows for _ in range(in_row))


def _divided(count: int, rows: int) -> Rows:
    least, more = divmod(count, rows)
    return (least,) * (rows - more) + (least + 1,) * more


def _fits(rows: Rows, width: int, height: int) -> bool:
    return _width(rows[-1], width) >= LEAST_WIDTH and height // len(rows) >= LEAST_HEIGHT


def _width(in_row: int, width: int) -> int:
    """Return the width of each chart of a row."""
    return (width - GUTTER * (in_row - 1)) // in_row


def _distance(rows: Rows, width: int, height: int) -> float:
    """Return how far all charts together are from the usual shape."""
    usual = SHAPE * (height // len(rows))
    return math.fsum(in_row * abs(math.log(_width(in_row, width) / usual)) for in_row in rows)
