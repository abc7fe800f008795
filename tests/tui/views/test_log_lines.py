"""Rows of a log, and where a word stands in them."""

import time

import pytest
from rich.cells import cell_len

from tui.views import log_lines
from tui.views.log_lines import LogLines, broken


@pytest.mark.parametrize(
    ("line", "room", "rows"),
    [
        ("", 30, [""]),
        ("as long as it is", 16, ["as long as it is"]),
        (
            "words are kept whole where they fit in a row",
            30,
            ["words are kept whole where ", "they fit in a row"],
        ),
        ("signs  two spaces apart  threads   one", 24, ["signs  two spaces apart  ", "threads   one"]),
        ("x" * 70, 30, ["x" * 30, "x" * 28, "x" * 12]),
        ("15:31:00  " + "y" * 45, 30, ["15:31:00  " + "y" * 20, "y" * 20, "y" * 5]),
        ("15:31:00  " + "y" * 45, 25, ["15:31:00  " + "y" * 15, "y" * 25, "y" * 5]),  # no room for an indent
        ("照" * 20, 30, ["照" * 15, "照" * 5]),
        ("abc", 1, ["a", "b", "c"]),
        ("照照", 1, ["照", "照"]),
    ],
)
def test_lines_are_broken_into_rows(line: str, room: int, rows: list[str]) -> None:
    assert [line[start:end] for start, end in broken(line, room)] == rows


@pytest.mark.parametrize("room", [1, 7, 23, 40, 79])
def test_rows_have_all_of_a_line_and_fit(room: int) -> None:
    line = "15:31:00  epoch 照 1/30 " + "test acc 0.9276 / " * 9 + "z" * 100
    parts = broken(line, room)
    assert "".join(line[start:end] for start, end in parts) == line
    assert all(cell_len(line[start:end].rstrip()) <= max(room, 2) for start, end in parts)


def test_a_day_is_shown_once_for_its_lines() -> None:
    log = LogLines()
    log.add(["2026-01-02 15:31:00  a", "trace", "2026-01-02 15:31:01  b", "2026-01-03 00:00:00  c"])
    assert log.lines == ["2026-01-02", "15:31:00  a", "trace", "15:31:01  b", "2026-01-03", "00:00:00  c"]
    log.clear()
    log.add(["2026-01-03 00:00:00  c"])
    assert log.lines == ["2026-01-03", "00:00:00  c"]


def test_a_word_is_found_in_any_case_and_in_new_lines_too() -> None:
    log = LogLines()
    log.add(["Loss a loss", "nothing", "STRAẞE lossy"])
    log.search("LOSS")
    assert log.found == [0, 2] and log.marks(0) == [(0, 4), (7, 11)] and log.marks(1) == []
    assert log.marks(2) == [(0, 12)], "a letter that folds to two: the whole line"
    log.add(["more loss"])
    assert log.found == [0, 2, 3]
    log.search("")
    assert log.found == [] and log.marks(0) == []


def test_the_older_half_of_a_very_long_log_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "MOST_LINES", 10)
    log = LogLines()
    log.wrap(30)
    log.search("7")
    assert log.add([f"{number} {'x' * 40}" for number in range(10)]) == 0
    assert log.add(["10", "7 again"]) == 14, "rows of the seven lines that went"
    assert [line.split()[0] for line in log.lines] == ["7", "8", "9", "10", "7"]
    assert log.found == [0, 4] and log.row_of(4) == 7
    assert log.add([str(number) for number in range(100, 130)]) == 8, "more at once than are kept"
    assert log.lines == [str(number) for number in range(125, 130)]


def test_megabytes_are_laid_out_and_searched_at_once() -> None:
    log, began = LogLines(), time.process_time()
    log.wrap(80)
    log.add(["15:31:00  " + "word " * 30] * 12_500)
    log.search("word")
    assert len(log.rows) == 37_500 and len(log.found) == 12_500
    assert time.process_time() - began < 3, "0.1 s on an idle machine"
