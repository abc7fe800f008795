"""`resnet-tui export`: runs and epochs as tables and TensorBoard files, a network as ONNX."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.export.columns import ExportedRun, epoch_columns, epoch_values, run_columns, run_values
from engine.export.event_files import check_events, write_events
from engine.export.read_runs import read_runs
from engine.export.tables import WRITERS, ExportError
from engine.files.paths import SHARED, Home, write_atomic
from engine.store.database import open_store
from engine.torch_subprocess import ask
from tui.cli.ids import find_ids
from tui.cli.options import takes_home
from tui.cli.output import CliError, check_new_file, checked_text, print_message

STANDARD_OUTPUT = "-"


RunIds = Annotated[
    list[str] | None, typer.Argument(metavar="[ID…]", help="Runs, as in 3-7,9 (default: all).")
]
Sweep = Annotated[str | None, typer.Option(help="Runs of this sweep.")]
ByEpoch = Annotated[bool, typer.Option("--epochs", help="Tables with one row an epoch, not a run.")]
Csv = Annotated[str | None, typer.Option(metavar="FILE", help="A table as CSV; - is standard output.")]
Json = Annotated[str | None, typer.Option(metavar="FILE", help="The same as JSON; - is standard output.")]
Parquet = Annotated[str | None, typer.Option(metavar="FILE", help="The same as Parquet (needs pyarrow).")]
Tensorboard = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A folder with event files for each run (needs tensorboard)."),
]
Onnx = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The best network of one run as ONNX (needs onnx, onnxscript)."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]


@takes_home
def export(
    home: Home,
    run_ids: RunIds = None,
    sweep: Sweep = None,
    epochs: ByEpoch = False,
    csv: Csv = None,
    json: Json = None,
    parquet: Parquet = None,
    tensorboard: Tensorboard = None,
    onnx: Onnx = None,
    overwrite: Overwrite = False,
) -> int:
    """Write runs for other programs: `export --csv runs.csv`, `export 7 --onnx net.onnx`.

    A table has one row a run with every setting and the metrics of its best and last epoch, or with `--epochs` one
    row an epoch. Several formats may be given in one call."""
    given = (("csv", csv), ("json", json), ("parquet", parquet))
    tables = {name: path for name, path in given if path is not None}
    if not tables and tensorboard is None and onnx is None:
        raise CliError(
            "say what to write: --csv FILE, --json FILE, --parquet FILE, --tensorboard DIR or --onnx FILE"
        )
    if run_ids and sweep is not None:
        raise CliError("give run numbers or --sweep, not both")
    checked_text("--sweep", sweep or "")
    _check_files(home, [*tables.values(), *([onnx] if onnx is not None else [])], overwrite=overwrite)
    store = open_store(home.database, create=False)
    runs = read_runs(store, run_ids=find_ids(store, run_ids) if run_ids else None, sweep=sweep)
    if onnx is not None:
        _check_network(home, runs)
    if tensorboard is not None:
        check_events(tensorboard, [run for run in runs if run.epochs])
    _write_tables(tables, runs, by_epoch=epochs)
    if tensorboard is not None:
        _write_events(home, runs, tensorboard)
    if onnx is not None:
        _write_onnx(home, runs[0], onnx)
    return 0


def _write_events(home: Home, runs: list[ExportedRun], folder: Path) -> None:
    for run in runs:
        if run.epochs:
            print_message(str(write_events(folder, run, home.run(run.row.id or 0))))


def _check_files(home: Home, paths: Sequence[str | Path], *, overwrite: bool) -> None:
    if paths.count(STANDARD_OUTPUT) > 1:
        raise CliError("two formats name standard output: give one of them a file")
    _check_free(home, [Path(path) for path in paths if path != STANDARD_OUTPUT], overwrite=overwrite)


def _check_free(home: Home, files: list[Path], *, overwrite: bool) -> None:
    if len(set(map(Path.absolute, files))) < len(files):
        raise CliError("two formats name one file: give each its own")
    for file in files:
        check_new_file(home, file, overwrite=overwrite)


def _check_network(home: Home, runs: list[ExportedRun]) -> None:
    if len(runs) != 1:
        raise CliError(f"--onnx writes the network of one run, not of {len(runs)}: give its number")
    run = runs[0].row
    weights = home.run(run.id or 0).best
    if not weights.exists():
        raise ExportError(
            f"run {run.id} ({run.status}) has no weights at {weights}: choose a run that has trained"
        )


def _write_tables(tables: Mapping[str, str], runs: list[ExportedRun], *, by_epoch: bool) -> None:
    """Write the table of each format, after all are made: one that cannot be made leaves no other."""
    columns = epoch_columns() if by_epoch else run_columns()
    rows = [row for run in runs for row in (epoch_values(run) if by_epoch else [run_values(run)])]
    contents = {path: WRITERS[name](columns, rows) for name, path in tables.items()}
    for path, content in contents.items():
        if path == STANDARD_OUTPUT:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            continue
        write_atomic(Path(path), content, mode=SHARED)
        print_message(f"{path}: {len(rows):,} row{'' if len(rows) == 1 else 's'}, {len(columns)} columns")


def _write_onnx(home: Home, run: ExportedRun, out: Path) -> None:
    run_id = run.row.id or 0
    weights = home.run(run_id).best
    arguments = ["--weights", str(weights), "--home", str(home.root), "--", str(out.absolute())]
    document = ask("prediction.onnx_export", arguments, what=f"the ONNX file of run {run_id}")
    apart = document["difference"]
    checked = (
        "not compared with torch, for onnxruntime is not installed"
        if apart is None
        else f"onnxruntime gives torch's outputs to {apart:.0e} of the largest"
    )
    print_message(f"{out}: {document['bytes'] / 1e6:.1f} MB; {checked}")
