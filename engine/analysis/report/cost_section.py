"""Cost: hours, images per second, memory and devices of the runs."""

from collections.abc import Iterator, Sequence

from engine.analysis.markdown import UNDEFINED
from engine.analysis.report.blocks import Block, Cell, Number, Section, paragraph, section, table
from engine.analysis.report.values import plural
from engine.analysis.study import StudyRun
from engine.time_line import STAGES

HEADER = (
    "run",
    "device",
    "epochs",
    "training, min",
    "wall time, min",
    "images/s",
    "peak memory, GiB",
    "energy, Wh",
)
NOTE = (
    "Training: the sum of the epochs' own times, without reading data and evaluation; wall time: from the newest start "
    "to the end. Machines that did other work besides make both longer. Images/s: training images shown in all "
    "epochs per second of training."
)

TIME_HEADER = ("run", "attempts", "wall time, min", *(f"{stage}, %" for stage in STAGES))
TIME_NOTE = (
    "Wall time: from the claim of each attempt to its last record; waiting in the queue is not in it. Start: waiting "
    "for a process, reading the list of images, checking for changed files, building the network. Packing decodes the "
    "images once; later runs on the same images have none."
)


def cost_section(runs: Sequence[StudyRun]) -> Section:
    hours = [_training_h(run) for run in runs]
    known = [each for each in hours if each is not None]
    said = (
        f"Training took {sum(known):.2f} hours in {plural(len(known), 'run')}. "
        if known
        else "The hours of training were not measured. "
    )
    rows = [_row(run) for run in runs]
    return section(
        "Cost",
        "cost",
        paragraph(f"{said}{_energy_said(runs)}"),
        table("Cost of the runs", HEADER, rows, left=("device",), note=NOTE, leave_out=UNDEFINED),
        *_time_table(runs),
    )


def _time_table(runs: Sequence[StudyRun]) -> Iterator[Block]:
    """Yield the table of where the time went; nothing where no run has a time line."""
    rows = [
        [
            f"#{run.id}",
            str(line.attempts),
            _minutes(line.wall_s / 3600),
            *(f"{100 * share:.1f}" if (share := line.share(stage)) else "0" for stage in STAGES),
        ]
        for run in runs
        if (line := run.time_line) is not None
    ]
    if rows:
        yield table("Where the time went", TIME_HEADER, rows, note=TIME_NOTE, leave_out="0")


def _row(run: StudyRun) -> list[Cell]:
    device = " ".join(filter(None, (run.environment.get("device_name"), run.environment.get("device"))))
    wall = None
    if run.started_at and run.ended_at:
        wall = (run.ended_at - run.started_at).total_seconds() / 3600
    return [
        f"#{run.id}",
        device or UNDEFINED,
        str(run.epoch),
        _minutes(_training_h(run)),
        _minutes(wall),
        _pace(run),
        _once(run, "peak_memory_gb", run.peak_memory_gb, 2),
        UNDEFINED if (energy := _energy_wh(run)) is None else f"{energy:,.2f}",
    ]


def _energy_said(runs: Sequence[StudyRun]) -> str:
    known = [energy for run in runs if (energy := _energy_wh(run)) is not None]
    if not known:
        return "Energy: not measured."
    return (
        f"It used {sum(known):,.1f} Wh in {plural(len(known), 'run')}, as the counter of the card or of the processors "
        "tells: that of the whole device, whatever else it did, so runs beside each other count the same energy twice."
    )


def _energy_wh(run: StudyRun) -> float | None:
    joules = [value for each in run.epochs if (value := each.number("energy_j")) is not None]
    return sum(joules) / 3600 if joules else None


def _once(run: StudyRun, key: str, value: float | None, places: int) -> Cell:
    return UNDEFINED if value is None else Number(f"{value:,.{places}f}", value, f"run {run.id} {key}")


def _pace(run: StudyRun) -> str:
    """Return training images per second over all epochs."""
    seconds = [(each.number("seconds"), each.number("images_per_s")) for each in run.epochs]
    known = [(spent, pace) for spent, pace in seconds if spent and pace is not None]
    total = sum(spent for spent, _ in known)
    return f"{sum(spent * pace for spent, pace in known) / total:,.0f}" if total else UNDEFINED


def _minutes(hours: float | None) -> str:
    return UNDEFINED if hours is None else f"{60 * hours:,.2f}"


def _training_h(run: StudyRun) -> float | None:
    seconds = [value for each in run.epochs if (value := each.number("seconds")) is not None]
    return sum(seconds) / 3600 if seconds else None
