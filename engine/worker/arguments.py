"""Command line of `python -m engine.worker`."""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from engine.alerts.address import EXAMPLE, VARIABLE, with_addresses_shown
from engine.alerts.kinds import ALL, DEFAULT, NAMES
from engine.files.paths import GPU_CACHE_GIB, GPU_CACHE_VARIABLE, gibibytes
from engine.queries.worker_options import DEVICE_HELP, SLOTS_HELP, TAG_HELP, WorkerOptions
from engine.store.claims import LEASE_S
from engine.worker.alert_flags import FLAG, KINDS_FLAG
from engine.worker.run_claims import BUSY_GIB
from engine.worker.shutdown import next_time

SHORTEST_LEASE_S = 1.0


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line without secrets, and exit code 2."""
        self.exit(2, f"engine.worker: {with_addresses_shown(message)}\n")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = Parser(prog="python -m engine.worker", description="Train the queued runs.")
    parser.add_argument("--db", help="database URL (default: sqlite:///runs.db in the home)")
    parser.add_argument("--home", type=Path, help="folder of the runs (default: this one)")
    parser.add_argument("--cache", type=Path, help="folder of the packed images (default: HOME/cache)")
    _add_devices(parser)
    parser.add_argument("--tag", action="append", default=[], metavar="WORD", help=TAG_HELP)
    parser.add_argument("--drain", action="store_true", help="exit when the queue is empty")
    parser.add_argument(
        "--max-runs", type=_positive, metavar="N", help="exit after this many runs, of each card or slot"
    )
    parser.add_argument(
        "--until", type=_time, metavar="HH:MM", help="exit at this time, after the next checkpoint"
    )
    parser.add_argument(
        "--profile",
        action="store_true",
        help="profile a few steps of each run: profile.json.gz in its folder",
    )
    _add_alerts(parser)
    parser.add_argument(
        "--lease",
        type=_lease,
        metavar="SECONDS",
        default=LEASE_S,
        help="lease: other workers take over a run not renewed for this long (default: %(default)g)",
    )
    # Who started it reads here which workers are in the run table.
    parser.add_argument("--announce", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        WorkerOptions(options.device, options.slots, tuple(options.tag))
    except ValueError as error:
        parser.error(str(error))
    return options


def _add_devices(parser: argparse.ArgumentParser) -> None:
    """Add the options of what the runs are trained on."""
    parser.add_argument("--device", default=WorkerOptions.device, help=DEVICE_HELP)
    parser.add_argument("--slots", default=WorkerOptions.slots, metavar="N", help=SLOTS_HELP)
    # One of several workers that `--slots` has started on a card.
    parser.add_argument("--of-slots", type=_positive, default=1, help=argparse.SUPPRESS)
    # One of those that `--slots auto` has started on the CPU.
    parser.add_argument("--slots-that-pay", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--gpu-cache",
        type=_gibibytes,
        metavar="GIB",
        help=f"GPU memory for packed images (default: {GPU_CACHE_GIB:g}, or {GPU_CACHE_VARIABLE})",
    )
    parser.add_argument(
        "--others",
        type=_gibibytes,
        metavar="GIB",
        help=f"do not start runs while other processes use more GPU memory than this (default: {BUSY_GIB:g}; with "
        "--slots none, but for runs that train alone)",
    )


def _add_alerts(parser: argparse.ArgumentParser) -> None:
    """Add the options of whom to tell what happens to the runs."""
    parser.add_argument(
        FLAG,
        action="append",
        default=[],
        metavar="URL",
        help=f"address to send alerts to, such as {EXAMPLE}, or @FILE with one a line; may be given again. Others can "
        f"read command lines: better @FILE, or the environment variable {VARIABLE}. For all workers of a home: "
        "resnet-tui notify add",
    )
    parser.add_argument(
        KINDS_FLAG,
        action="append",
        default=[],
        metavar="EVENTS",
        help=f"events to tell these addresses of: {', '.join(NAMES)}, or {ALL} (default: {', '.join(DEFAULT)})",
    )


def _gibibytes(text: str) -> float:
    try:
        return gibibytes(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no amount of memory: give GiB, such as 2, or 0"
        ) from None


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, 1 or more")
    return int(text)


def _lease(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not SHORTEST_LEASE_S <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} must be seconds, {SHORTEST_LEASE_S:g} to 3600")
    return seconds


def _time(text: str) -> float:
    """Seconds since 1970 of the next such time."""
    try:
        return next_time(text, datetime.now()).timestamp()
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
