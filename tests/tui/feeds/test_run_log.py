"""Feed of a log: its end, what is new, and files that are replaced or have no ends of lines."""

from pathlib import Path

import pytest

from tui.feeds import run_log
from tui.feeds.run_log import LogFile, NewLines


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_log, "MOST_BYTES", 100)
    monkeypatch.setattr(run_log, "MOST_OF_A_LINE", 40)


def test_there_may_be_no_log_yet(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log.txt")
    assert log.poll() is None
    (tmp_path / "log.txt").write_text("a\nb")
    assert log.poll() == NewLines(["a"], is_all=True)
    assert log.poll() is None
    with (tmp_path / "log.txt").open("a") as more:
        more.write("\n")
    assert log.poll() == NewLines(["b"], is_all=False)


@pytest.mark.usefixtures("small")
def test_the_end_of_a_large_log_begins_with_a_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("".join(f"{number:09}\n" for number in range(1_000)))
    log = LogFile(path)
    found = log.poll()
    assert found is not None and found.lines == [f"{number:09}" for number in range(991, 1_000)]
    assert found.is_all and found.skipped == 9_900
    with path.open("a") as more:
        more.write("new\n")
    assert log.poll() == NewLines(["new"], is_all=False)


@pytest.mark.usefixtures("small")
def test_a_log_that_grows_faster_than_it_is_read_is_read_from_its_new_end(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("first\n")
    log = LogFile(path)
    log.poll()
    with path.open("a") as more:
        more.write("".join(f"{number:09}\n" for number in range(50)))
    found = log.poll()
    assert found is not None and found.is_all and found.lines[-1] == "000000049" and found.skipped == 406


@pytest.mark.usefixtures("small")
def test_a_line_without_end_is_shown_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("x" * 41)
    log = LogFile(path)
    assert log.poll() == NewLines(["x" * 41], is_all=True)
    path.write_text("y" * 5_000)
    found = log.poll()
    assert found is not None and found.lines == ["y" * 100]


def test_a_progress_bar_is_its_last_state(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"1 %\r50 %\r100 %\nof Windows\r\n\r\n")
    found = LogFile(path).poll()
    assert found is not None and found.lines == ["100 %", "of Windows", ""]
