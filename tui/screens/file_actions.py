"""Keys that write files from runs, each by its verb of the command line: report, export, predictions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.files.paths import Home
from engine.store.run_numbers import numbered
from engine.text import slug
from tui.new_file import new_file_problem
from tui.screens.full_screen import Handlers
from tui.screens.run_needs import lacking
from tui.screens.runs_screen import RunsScreen
from tui.screens.task_screen import TaskScreen
from tui.verb_process import VerbCall, VerbFailed

if TYPE_CHECKING:
    from tui.run_row import RunRow

MOST_NAMED = 60
"""Characters of a folder's name."""
REPORTS, EXPORTS, PREDICTIONS = "reports", "exports", "predictions"
"""Folders of the home that results lie in."""
FORMATS = {".onnx": "--onnx", ".csv": "--csv", ".json": "--json", ".parquet": "--parquet"}
"""Option of `resnet-tui export` by the end of the file's name."""
ONE_RUN = "one run at a time: choose it, and drop the marks with esc"


class FileActions:
    """Opens the dialogs in which verbs write files about the chosen runs."""

    def __init__(self, screen: RunsScreen) -> None:
        self._screen = screen
        self._images = ""
        """Folder whose images were predicted last."""

    def handlers(self) -> Handlers:
        return {"report": self.report, "export": self.export, "predict": self.predict}

    def report(self) -> None:
        """Write the report of the marked runs, or of the highlighted run's sweep."""
        rows = self._chosen("report")
        sweep = rows[0].sweep if len(rows) == 1 else ""
        if rows:
            self._open(report_dialog(self._home, [row.id for row in rows], sweep))

    def report_all(self) -> None:
        self._open(report_dialog(self._home, ()))

    def export(self) -> None:
        """Write the network of a run, or the table of several."""
        rows = self._chosen("export")
        if rows:
            ids = sorted(row.id for row in rows)
            name = f"{_file_name(ids)}{'.onnx' if len(ids) == 1 else '.csv'}"
            dialog = TaskScreen(
                self._home,
                f"Export of {numbered(ids)}",
                partial(export_call, self._home, ids),
                question="File: .onnx is the network; .csv, .json and .parquet are tables of the numbers",
                default=f"{EXPORTS}/{name}",
            )
            self._open(dialog)

    def predict(self) -> None:
        """Predict images with the chosen run's best weights."""
        rows = self._chosen("predict")
        if len(rows) > 1:
            self._screen.notify(f"predictions are of {ONE_RUN}", severity="warning")
        elif rows:
            dialog = TaskScreen(
                self._home,
                f"Predictions of {numbered([rows[0].id])}",
                partial(self._prediction_call, rows[0].id),
                question="Folder with images, an image, or a table of image names",
                default=self._images,
                hint="images/new",
            )
            self._open(dialog)

    def _prediction_call(self, run_id: int, text: str) -> VerbCall:
        call = prediction_call(self._home, run_id, text)
        self._images = text
        return call

    @property
    def _home(self) -> Home:
        return self._screen.port.home

    def _chosen(self, command_id: str) -> list[RunRow]:
        """Return the chosen runs; none, with a warning, where none of them fits."""
        rows = self._screen.chosen_rows()
        if rows and (problem := lacking(command_id, rows)):
            self._screen.notify(problem, severity="warning")
            return []
        return rows

    def _open(self, dialog: TaskScreen) -> None:
        self._screen.app.push_screen(dialog)


def report_dialog(home: Home, run_ids: Sequence[int], sweep: str = "") -> TaskScreen:
    """Make the dialog of a report of runs, of a sweep, or of all runs where neither is given."""
    ids = sorted(run_ids)
    of = f"sweep {sweep}" if sweep else numbered(ids) if ids else "all runs"
    out = home.root / REPORTS / (slug(sweep) if sweep else _file_name(ids) if ids else "all")
    named = (f"--sweep={sweep}",) if sweep else ()
    call = VerbCall(
        "report",
        (f"--out={out}", *named),
        () if sweep else tuple(map(str, ids)),
        out / "report.html",
        prefix="report: ",
    )
    return TaskScreen(home, f"Report of {of}", lambda _text: call)


def export_call(home: Home, run_ids: Sequence[int], text: str) -> VerbCall:
    """Return the call that writes runs into the file that a user named. Raises VerbFailed."""
    if not text:
        raise VerbFailed("type the name of a file")
    file, made = home.resolve(text), home.root / EXPORTS
    option = FORMATS.get(file.suffix.lower())
    if option is None:
        raise VerbFailed(f"{file.name}: end the name in {', '.join(FORMATS)}: it says what is written")
    if option == "--onnx" and len(run_ids) > 1:
        raise VerbFailed(f"a network is of one run, not of {len(run_ids)}: end the name in .csv for a table")
    if problem := new_file_problem(home, file, made=made):
        raise VerbFailed(problem)
    arguments = tuple(map(str, run_ids))
    return VerbCall(
        "export", (f"{option}={file}",), arguments, file, makes=made if file.parent == made else None
    )


def prediction_call(home: Home, run_id: int, text: str) -> VerbCall:
    """Return the call that predicts the images that a user named. Raises VerbFailed."""
    images = home.resolve(text)
    if not text or not images.exists():
        raise VerbFailed(
            f"{images} does not exist: type another folder" if text else "type a folder of images"
        )
    made = home.root / PREDICTIONS
    result = free_name(made / f"run-{run_id}-{slug(images.name) or 'images'}.csv")
    return VerbCall(
        "predict",
        (),
        (str(run_id), str(images)),
        result,
        makes=made,
        takes_output=True,
        part_failed="could not be used",
    )


def free_name(file: Path) -> Path:
    """Return a name with a number before its end where there is such a file already."""
    number, found = 1, file
    while found.exists():
        number += 1
        found = file.with_stem(f"{file.stem}-{number}")
    return found


def _file_name(ids: Sequence[int]) -> str:
    """Name runs in a file's name: `run-7`, `runs-2-3`."""
    if len(ids) == 1:
        return f"run-{ids[0]}"
    name = "-".join(["runs", *map(str, ids)])
    return name if len(name) <= MOST_NAMED else f"runs-{ids[0]}-to-{ids[-1]}-{len(ids)}-runs"
