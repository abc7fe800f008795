"""TensorBoard event files of runs: a folder for each run, its records made by TensorBoard's own writer."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from engine.export.columns import ExportedRun
from engine.export.tables import ExportError
from engine.files.metrics_file import read_times
from engine.files.paths import SHARED, RunPaths, made_folder, write_atomic
from engine.metrics.catalogue import numbers

SETTINGS_TAG = "settings"
FORMAT = "brain.Event:2"
"""First record of an event file."""


def check_events(folder: Path, runs: Sequence[ExportedRun]) -> None:
    """Raise ExportError where TensorBoard is missing or the folder of a run is there already."""
    try:
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError:
        raise ExportError(
            "--tensorboard needs the package tensorboard: pip install 'resnet-tui[export]', or give --csv"
        ) from None
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder} is a file: give the name of a folder")
    for made in (folder / folder_name(run) for run in runs):
        if made.exists():
            raise ExportError(f"{made} is there already: remove it, or choose another folder")


def write_events(folder: Path, run: ExportedRun, paths: RunPaths) -> Path:
    """Write a run's epochs into a new folder `ID-NAME` below `folder` and return it; after an exception there is none.

    A metric's splits share a chart: the tags are `acc/test`, `acc/val`. Steps are epochs."""
    times = wall_times(run, read_times(paths))
    made = folder / folder_name(run)
    start = int(min(times.values(), default=0.0))
    with made_folder(made):
        write_atomic(
            made / f"events.out.tfevents.{start:010}.{run.row.id}", _records(run, times), mode=SHARED
        )
    return made


def _records(run: ExportedRun, times: Mapping[int, float]) -> bytes:
    """Return the content of a run's event file."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    content = io.BytesIO()
    writer, start = RecordWriter(content), min(times.values(), default=0.0)
    writer.write(Event(wall_time=start, file_version=FORMAT).SerializeToString())
    writer.write(Event(wall_time=start, summary=_settings(run)).SerializeToString())
    for epoch, tag, value in scalars(run):
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        writer.write(Event(wall_time=times[epoch], step=epoch, summary=summary).SerializeToString())
    return content.getvalue()


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
