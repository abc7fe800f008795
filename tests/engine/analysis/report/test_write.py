"""Writing of a report: all files or none."""

from pathlib import Path

import pytest
from report_runs import draw_dots, record, start_run
from volumes import fill, small_disk

from engine.analysis.report import write
from engine.analysis.report.write import write_report
from engine.analysis.study import ReportError, Study
from engine.queries.read_study import collect
from engine.store import queue
from engine.store.database import Store


@pytest.fixture
def study(store: Store, monkeypatch: pytest.MonkeyPatch) -> Study:
    draw_dots(monkeypatch)
    held = start_run(store, ["a", "b"])
    record(store, held, 1, [[3, 1], [1, 2]])
    queue.end(store, held, "done")
    return collect(store, run_ids=None, sweep=None)


def test_a_full_disk_leaves_the_older_report_whole(study: Study, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=1024) as disk:
        write_report(study, disk / "report")
        before = {path: path.stat().st_mtime_ns for path in disk.rglob("*")}
        filler = fill(disk, leave_kib=12)  # room for some of the files
        for out in (disk / "report", disk / "new" / "report"):
            with pytest.raises(ReportError, match=r"No space left on device: choose another folder$"):
                write_report(study, out, with_tex=True)
        filler.unlink()
        assert {path: path.stat().st_mtime_ns for path in disk.rglob("*") if path.is_file()} == {
            path: when for path, when in before.items() if path.is_file()
        }
        assert sorted(path.name for path in disk.iterdir()) == ["report"]


def test_an_interrupted_report_leaves_nothing(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "markdown_page", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_report(study, tmp_path / "new" / "report", with_tex=True)
    assert not (tmp_path / "new").exists()
