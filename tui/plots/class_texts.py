"""Classes in words: by number and name, and the pairs that are most confused. Pure."""

from collections.abc import Sequence

from tui.detail_view import MatrixView

CORNERS = ("true ╲ predicted", "true ╲ pred", "╲ pred", "╲")


def corner(cells: int) -> str:
    """Say in so many cells that rows are true classes and columns predicted ones."""
    return next((text for text in CORNERS if len(text) <= cells), "")


def named(names: Sequence[str], label: int) -> str:
    """Write `2 moderate`; a class that is called by its number, or by nothing, is that number."""
    name = names[label] if label < len(names) else str(label)
    return name if name == str(label) else f"{label} {name}"


def most_confused(counts: Sequence[Sequence[int]], most: int) -> list[tuple[int, int, int]]:
    """Return true class, predicted class and images of the largest cells off the diagonal."""
    pairs = [
        (row, column, count)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if row != column and count
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))[:most]


def confused_pairs(matrix: MatrixView, most: int) -> list[str]:
    """Write `2 moderate as 0 no DR (26)` for the largest cells off the diagonal: true, predicted, images."""
    names = matrix.class_names
    return [
        f"{named(names, row)} as {named(names, column)} ({count:,})"
        for row, column, count in most_confused(matrix.counts, most)
    ]
