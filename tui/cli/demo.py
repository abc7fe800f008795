"""`resnet-tui demo`: a study on images that need no download, in the app or headless."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.analysis.final_table import final_table
from engine.analysis.finding import GRAVE, SIGNS, head_of
from engine.files.paths import Home
from engine.hardware.cores import usable_cores
from engine.hardware.telemetry import nvidia
from engine.hardware.worker_start import last_words, logout_warning, start_worker
from engine.queries.read_study import collect
from engine.queries.worker_options import WorkerOptions
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

SMALL: dict[str, Any] = {"image_size": 32}
"""Of all its runs, so that the study ends in minutes on two cores."""
DIGITS: dict[str, Any] = {**SMALL, "data": "digits", "epochs": 3, "batch_size": 32, "lr": 0.01}
SOURCE: dict[str, Any] = {
    **SMALL,
    "data": "fundus-balanced",
    "epochs": 4,
    "batch_size": 16,
    "optimizer": "adamw",
    "lr": 0.001,
}
"""Of the runs that the warm starts take their weights from."""
COMPARED: dict[str, Any] = {**SMALL, "data": "fundus", "epochs": 4, "batch_size": 64, "lr": 1e-4}
"""Of the comparison, the same from scratch and warm-started, with the small lr of the study's figures."""
ARCHS = ("resnet18", "resnet50")
MOST_THREADS = 4
"""Of a run: images so small keep no more busy."""


def add_study(store: Store, threads: int) -> None:
    """Queue the study once: digits first, so that the first live curve is of real images; then the sources of the
    warm starts, the larger one first; then each arch from scratch and warm-started. `threads`: of each run."""
    with store.read() as session:
        if listing.list_runs(session, sweep=SWEEP):
            return
    shared = {"threads": threads}
    add_runs(store, [make_spec(DIGITS | shared)], sweep=SWEEP, name="real handwritten digits")
    label = "warm start (same synthetic task, more labels)"
    larger_first = ARCHS[::-1]
    specs = [make_spec({**SOURCE, **shared, "arch": arch}) for arch in larger_first]
    sources = dict(
        zip(larger_first, add_runs(store, specs, sweep=SWEEP, name="source of a warm start").ids, strict=True)
    )
    for arch in ARCHS:
        scratch, warm = {**COMPARED, **shared, "arch": arch}, {"pretrained": f"run:{sources[arch]}"}
        add_runs(store, [make_spec(scratch)], sweep=SWEEP, name="from scratch")
        add_runs(store, [make_spec(scratch | warm)], sweep=SWEEP, name=label)


@dataclass(frozen=True)
class Pace:
    """Runs at once, and the threads of each; 0: as many as a run takes by itself."""

    runs: int
    threads: int

    @classmethod
    def here(cls) -> "Pace":
        """Return two runs at once that share the cores, which end sooner than one after the other; one on a card."""
        return cls(1, 0) if nvidia().cards else cls(2, min(max(usable_cores() // 2, 1), MOST_THREADS))

    def worker_arguments(self) -> list[str]:
        return WorkerOptions(slots=str(self.runs), drain=True).arguments()


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
    pace = Pace.here()
    add_study(store, pace.threads)
    if headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _headless(home, store, pace)
    with store.read() as session:
        if not present(session) and listing.pending(session):
            if warning := logout_warning():
                print_message(warning)
            start_worker(home, pace.worker_arguments())
    from tui.open_app import run_app

    return run_app(home)


demo = takes_home(run_demo, default=Path("demo"))


def _headless(home: Home, store: Store, pace: Pace) -> int:
    print_message(f"the study is in {home.root}; watch it with: resnet-tui --home {home.root}")
    with _worker(home, store, pace) as worker:
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
def _worker(home: Home, store: Store, pace: Pace) -> Iterator["subprocess.Popen[bytes] | None"]:
    """Run a worker until the study ends, unless one is running already.

    When this program is interrupted, the worker stops and puts its run back into the queue. Raises CliError where
    the worker cannot start."""
    with store.read() as session:
        if present(session):
            yield None
            return
    worker = start_worker(home, pace.worker_arguments())
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
