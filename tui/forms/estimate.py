"""How long the runs of a form would take, by what earlier ones measured: pure arithmetic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from engine.analysis.forecast import Knowledge, Pace, Task
from engine.spec.archs import find_arch
from engine.spec.run_spec import RunSpec
from engine.spec.stems import Stem
from tui.formatting import duration


@dataclass(frozen=True)
class Measured:
    """What is known of this home's machines."""

    known: Knowledge
    devices: tuple[str, ...]
    """Names of the workers' devices; without workers, of that of the newest run."""


def time_shown(specs: Sequence[RunSpec], images: Callable[[RunSpec], int | None], measured: Measured) -> str:
    """`about 2 h 10 m`, on so many workers at once; `roughly` where a run's pace is guessed from another
    architecture's or size; empty where nobody can know. `images`: training images of a run's data."""
    if not measured.devices:
        return ""
    total, rough = 0.0, False
    for spec in specs:
        per_device = [_seconds(spec, images(spec), device, measured.known) for device in measured.devices]
        told = [each for each in per_device if each is not None]
        if not told:
            return ""
        total += min(seconds for seconds, _ in told)
        rough = rough or any(guessed for _, guessed in told)
    workers = len(measured.devices)
    where = measured.devices[0] if workers == 1 else f"{workers} workers"
    return f"{'roughly' if rough else 'about'} {duration(total / workers)} on {where}"


def _seconds(spec: RunSpec, images: int | None, device: str, known: Knowledge) -> tuple[float, bool] | None:
    """Of a run on a device, and whether its pace is a guess."""
    task = Task(
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
    pace = known.paces.get((task.kind, device))
    usual = pace.usual if pace is not None else _guessed(spec, device, known)
    return (shown * spec.passes * spec.epochs / usual, pace is None) if usual else None


def _guessed(spec: RunSpec, device: str, known: Knowledge) -> float | None:
    """Images/s by the multiply-adds of a pass, from the measured kind that is nearest in them; None for a plug-in,
    whose multiply-adds nobody has counted."""
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
    """Multiply-adds of an image's forward pass, as `resnet-tui arch` counts them."""
    info = find_arch(arch)
    return None if info is None else info.cost(cast(Stem, stem)).multiply_adds_at(size_px)
