"""Writing of a report into a folder: report.md, report.html and the figures."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.analysis.report.contents import report_contents
from engine.analysis.report.drawing import draw_all
from engine.analysis.report.facts import Facts
from engine.analysis.report.html_page import html_page
from engine.analysis.report.markdown_page import markdown_page
from engine.analysis.report.tex_files import tex_files
from engine.analysis.study import ReportError, Study
from engine.files.paths import SHARED, atomic_path, made_folder

Progress = Callable[[str], None]


def quiet(_what: str) -> None:
    """Take a line of progress and say nothing."""


def write_report(
    study: Study, out: Path, facts: Facts | None = None, *, progress: Progress = quiet, with_tex: bool = False
) -> list[Path]:
    """Write `report.html`, `report.md` and its pictures into a folder, created where it is missing, and in `tex/` the
    tables and figures for LaTeX where they are wished for; returns the files written, the HTML first.

    All files are written beside their places and then renamed, `report.html` last: a report that is interrupted or
    finds no room leaves the folder as it was. Raises ReportError where the folder cannot be written."""
    with contextlib.ExitStack() as made:
        with _explained(out):
            made.enter_context(made_folder(out / "tex" if with_tex else out))
        report = report_contents(study, facts or Facts())
        drawn = draw_all(report, progress, with_pdf=with_tex)
        files = {
            "report.html": html_page(report, drawn).encode(),
            "report.md": markdown_page(report, drawn).encode(),
            **{f"{key}.png": each.png for key, each in drawn.items()},
        }
        if with_tex:
            files |= {f"tex/{name}": content for name, content in tex_files(report, drawn).items()}
        with _explained(out), contextlib.ExitStack() as asides:
            for name, content in files.items():
                asides.enter_context(atomic_path(out / name, mode=SHARED)).write_bytes(content)
    return [out / name for name in files]


@contextlib.contextmanager
def _explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReportError(f"{out}: {error.strerror}: choose another folder") from error
