"""Estimate of a form's training time from the throughput of earlier runs. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from engine.analysis.forecast import Knowledge, QueuedRun
from engine.analysis.paces import Pace
from engine.spec.archs import find_arch
from engine.spec.run_spec import RunSpec
from engine.spec.stems import Stem
from tui.formatting import duration


@dataclass(frozen=True)
class Measured:
    """Throughput of this home's machines, as earlier runs measured it."""

    known: Knowledge
    devices: tuple[str, ...]
    """Names of the workers' devices; without workers, the name of the newest run's device."""


def time_shown(specs: Sequence[RunSpec], images: Callable[[RunSpec], int | None], measured: Measured) -> str:
    """Format the time that the runs take on all workers together: `about 2 h 10 m on cuda:0`.

    `roughly` where a throughput is derived from another architecture or image size; empty without an estimate.
    `images` returns the training images of a spec's data."""
    if not measured.devices:
        return ""
    total, rough = 0.0, False
    for spec in specs:
        per_device = [_seconds(spec, images(spec), device, measured.known) for device in measured.devices]
        known = [each for each in per_device if each is not None]
        if not known:
            return ""
        total += min(seconds for seconds, _ in known)
        rough = rough or any(guessed for _, guessed in known)
    workers = len(measured.devices)
    where = measured.devices[0] if workers == 1 else f"{workers} workers"
    return f"{'roughly' if rough else 'about'} {duration(total / workers)} on {where}"


def _seconds(spec: RunSpec, images: int | None, device: str, known: Knowledge) -> tuple[float, bool] | None:
    """Estimate a run's seconds on a device; True where its throughput is derived from another kind of run."""
    task = QueuedRun(
        0, spec.arch, spec.image_size, spec.precision, spec.stem, spec.data, spec.passes, spec.needs_card, spec.epochs,
        spec.batch_size, 0, 0, 0,
    )  # fmt: skip
    if not spec.epochs:
        return 0.0, True
    exact = known.seconds(task, device)
    if exact is not None:
        return exact.mid, False
    shown = known.images.get(spec.data, images)
    if shown is None:
        return None
    pace = known.pace(task.kind, device)
    usual = pace.usual if pace is not None else _guessed(spec, device, known)
    return (shown * spec.passes * spec.epochs / usual, pace is None) if usual else None


def _guessed(spec: RunSpec, device: str, known: Knowledge) -> float | None:
    """Scale the images/s of the measured kind with the nearest multiply-adds; None for a plug-in, whose multiply-adds
    are unknown."""
    work = _work(spec.arch, spec.stem, spec.image_size)
    if work is None:
        return None
    measured: list[tuple[float, Pace]] = [
        (other, pace)
        for ((arch, size_px, precision, stem), where), pace in known.paces.items()
        if where == device and precision == spec.precision and (other := _work(arch, stem, size_px))
    ]
    if not measured:
        return None
    other, pace = min(measured, key=lambda each: max(each[0] / work, work / each[0]))
    return pace.usual * other / work


def _work(arch: str, stem: str, size_px: int) -> float | None:
    """Return the multiply-adds of one image's forward pass, as `resnet-tui arch` counts them."""
    info = find_arch(arch)
    return None if info is None else info.cost(cast(Stem, stem)).multiply_adds_at(size_px)
