"""`resnet-tui demo`: a study on images that need no download, in the app or headless."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.analysis.final_table import final_table
from engine.analysis.finding import GRAVE, SIGNS, head_of
from engine.files.paths import Home
from engine.hardware.worker_start import last_words, logout_warning, start_worker
from engine.queries.read_study import collect
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.tables import Run
from engine.store.workers import present
from tui.cli.options import takes_home
from tui.cli.output import CliError, print_message
from tui.cli.report import report_of
from tui.formatting import decimals, plain

SWEEP = "demo"
POLL_S = 0.5

DIGITS: dict[str, Any] = {"data": "digits", "epochs": 4, "batch_size": 32, "lr": 0.01}
# Runs that the warm starts take their weights from.
SOURCES: dict[str, dict[str, Any]] = {
    "resnet18": {"data": "fundus-balanced", "epochs": 6, "batch_size": 16, "lr": 0.005},
    "resnet50": {"data": "fundus-balanced", "epochs": 8, "batch_size": 16, "lr": 0.003},
}
# Settings of the comparison, the same from scratch and warm-started, with the small lr of the study's figures.
COMPARED: dict[str, Any] = {"data": "fundus", "epochs": 3, "batch_size": 64, "lr": 1e-4}
ARCHS = tuple(SOURCES)


def add_study(store: Store) -> None:
    """Queue the study once: digits first, so that the first live curve is of real images; then the sources of the
    warm starts; then each arch from scratch and warm-started."""
    with store.read() as session:
        if listing.list_runs(session, sweep=SWEEP):
            return
    add_runs(store, [make_spec(DIGITS)], sweep=SWEEP, name="real handwritten digits")
    label = "warm start (same synthetic task, more labels)"
    sources = add_runs(
        store,
        [make_spec({**SOURCES[arch], "arch": arch}) for arch in ARCHS],
        sweep=SWEEP,
        name="source of a warm start",
    )
    add_runs(
        store,
        [make_spec({**COMPARED, "arch": arch}) for arch in ARCHS],
        sweep=SWEEP,
        name="from scratch",
    )
    warm = [
        make_spec({**COMPARED, "arch": arch, "pretrained": f"run:{source}"})
        for arch, source in zip(ARCHS, sources.ids, strict=True)
    ]
    add_runs(store, warm, sweep=SWEEP, name=label)


def run_demo(
    home: Home,
    headless: Annotated[
        bool, typer.Option("--headless", help="Print progress instead of opening the app.")
    ] = False,
) -> int:
    """Run the study in ./demo: ResNet-18 and -50 on real digits and synthetic fundus photographs."""
    try:
        home.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"{home.root} cannot be created ({error.strerror}): give another --home") from None
    store = open_store(home.database)
    add_study(store)
    if headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _headless(home, store)
    with store.read() as session:
        if not present(session) and listing.pending(session):
            if warning := logout_warning():
                print_message(warning)
            start_worker(home, ["--drain"])
    from tui.open_app import run_app

    return run_app(home)


demo = takes_home(run_demo, default=Path("demo"))


def _headless(home: Home, store: Store) -> int:
    print_message(f"the study is in {home.root}; watch it with: resnet-tui --home {home.root}")
    with _worker(home, store) as worker:
        _follow(store, worker)
    study = collect(store, run_ids=None, sweep=SWEEP)
    print(final_table(study, is_whole=not sys.stdout.isatty()))
    out = home.root / "report"
    report_of(home, study, out)
    print_message(f"report: {out / 'report.html'}")
    with store.read() as session:
        runs = listing.list_runs(session, sweep=SWEEP)
    return 0 if all(run.status == "done" for run in runs) else 1


@contextlib.contextmanager
def _worker(home: Home, store: Store) -> Iterator["subprocess.Popen[bytes] | None"]:
    """Run a worker until the study ends, unless one is running already.

    When this program is interrupted, the worker stops and puts its run back into the queue. Raises CliError where
    the worker cannot start."""
    with store.read() as session:
        if present(session):
            yield None
            return
    worker = start_worker(home, ["--drain"])
    try:
        yield worker
    except BaseException:
        worker.terminate()
        raise
    finally:
        worker.wait()
    if worker.returncode == 2:
        raise CliError(last_words(home))


def _follow(store: Store, worker: "subprocess.Popen[bytes] | None") -> None:
    """Print each epoch as it ends, until no run is left or the worker has exited."""
    began = time.monotonic()
    seen: dict[int, tuple[str, int]] = {}
    while True:
        with store.read() as session:
            runs = listing.list_runs(session, sweep=SWEEP)
            left = listing.pending(session)
        for run in runs:
            state = (run.status, run.epoch)
            if run.id is not None and seen.get(run.id) != state and run.status not in ("queued", "paused"):
                print_message(_progress(run, runs, time.monotonic() - began))
                seen[run.id] = state
        if not left or (worker is not None and worker.poll() is not None):
            return
        time.sleep(POLL_S)


def _progress(run: Run, runs: list[Run], elapsed_s: float) -> str:
    done = sum(each.status == "done" for each in runs)
    minutes, seconds = divmod(int(elapsed_s), 60)
    accuracy = f"test {decimals(run.last_acc)}" if run.last_acc is not None else ""
    headline, severity = head_of(run.headline, run.severity, run.verdict)
    warning = f"  {SIGNS[severity]} {headline}" if severity in GRAVE else ""
    text = f"#{run.id} {run.data} {run.arch}, {run.name}  epoch {run.epoch}/{run.epochs}  {accuracy}{warning}"
    if run.status != "running":
        text += f"  {run.status}" + (f": {run.error}" if run.error else "")
    return plain(f"{minutes:2}:{seconds:02}  {done}/{len(runs)} done  {text}")
