"""TensorBoard event files of runs: a folder for each run, written by TensorBoard's own writer."""

import json
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from engine.export.columns import ExportedRun
from engine.export.tables import ExportError
from engine.files.metrics_file import read_times
from engine.files.paths import RunPaths
from engine.metrics.catalogue import numbers

SETTINGS_TAG = "settings"


def write_events(folder: Path, run: ExportedRun, paths: RunPaths) -> Path:
    """Write a run's epochs into a new folder `ID-NAME` below `folder` and return it.

    A metric's splits share a chart: the tags are `acc/test`, `acc/val`. Steps are epochs. Raises ExportError where
    TensorBoard is missing or the run's folder is there already, and OSError."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError:
        raise ExportError(
            "--tensorboard needs the package tensorboard: pip install 'resnet-tui[export]', or give --csv"
        ) from None
    made = folder / folder_name(run)
    if made.exists():
        raise ExportError(f"{made} is there already: remove it, or choose another folder")
    times = wall_times(run, read_times(paths))
    writer = EventFileWriter(str(made))
    try:
        writer.add_event(Event(wall_time=min(times.values(), default=0.0), summary=_settings(run)))
        for epoch, tag, value in scalars(run):
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            writer.add_event(Event(wall_time=times[epoch], step=epoch, summary=summary))
    finally:
        writer.close()
    return made


def scalars(run: ExportedRun) -> Iterator[tuple[int, str, float]]:
    """Yield epoch, tag and value of each defined number."""
    for epoch in run.epochs:
        for each in numbers():
            if (value := epoch.number(each.key)) is not None:
                yield epoch.epoch, f"{each.metric.name}/{each.split}", value


def wall_times(run: ExportedRun, known: Mapping[int, float]) -> dict[int, float]:
    """Return when each epoch was measured, in seconds since 1970: as metrics.csv says, else the run's start plus the
    seconds of its training so far, which leaves out evaluation and pauses."""
    started = run.row.started_at
    start = started.timestamp() if started is not None else run.row.created_at.timestamp()
    spent = accumulate(epoch.number("seconds") or 0.0 for epoch in run.epochs)
    return {
        epoch.epoch: known.get(epoch.epoch, start + seconds)
        for epoch, seconds in zip(run.epochs, spent, strict=True)
    }


def folder_name(run: ExportedRun) -> str:
    """Return `7-NAME`, of letters, digits, dots, dashes and underscores alone."""
    name = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_"
        for letter in run.row.name
    )
    return f"{run.row.id}-{name[:80]}".rstrip("-.")


def _settings(run: ExportedRun) -> Any:
    """Return the run's settings as a text summary, a Markdown code block of JSON."""
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

    text = "```json\n" + json.dumps(run.spec.model_dump(), indent=1) + "\n```"
    data = SummaryMetadata.PluginData(plugin_name="text")
    value = Summary.Value(
        tag=SETTINGS_TAG,
        metadata=SummaryMetadata(plugin_data=data),
        tensor=TensorProto(dtype="DT_STRING", string_val=[text.encode(errors="backslashreplace")]),
    )
    return Summary(value=[value])
