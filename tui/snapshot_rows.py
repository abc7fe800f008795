"""Rows of the run table made into the frozen views of a snapshot. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.analysis.finding import NO_FINDINGS, Finding, head_of
from engine.spec.plugin_name import arch_shown
from engine.store.status import ASKED, ENDED, WAITS
from tui.detail_view import Curve, Detail, FindingView, MatrixView
from tui.formatting import forecast, learning_rate
from tui.formatting import plain as plain_once
from tui.run_row import RunRow
from tui.snapshot import WorkerView

if TYPE_CHECKING:  # a snapshot is drawn before the store is loaded
    from engine.queries.waiting import Waiting
    from engine.store.history import Matrix
    from engine.store.measurement_tables import EpochMetrics
    from engine.store.overview import Listed
    from engine.store.tables import Run, Worker

plain = functools.lru_cache(maxsize=65_536)(plain_once)
"""Ten thousand rows say the same few things."""
SOON = timedelta(seconds=30)
"""A start nearer than this needs no clock."""


def make_row(
    run: Listed, waiting: Waiting | None, settings: str = "", part: tuple[int, int] = (0, 0)
) -> RunRow:
    """`settings`: those that tell it from recipes that look like it. `part`: its fold, and how many there are."""
    remark, ends = _of_waiting(run, waiting)
    headline, severity = head_of(run.headline, run.severity, run.verdict)
    if run.status == "failed":  # how it ended says more
        headline = severity = ""
    return RunRow(
        id=run.id or 0,
        status=run.status,
        asked=run.request,
        name=plain(run.name),
        note=plain(run.note),
        tags=tuple(map(plain, run.tags)),
        sweep=plain(run.sweep),
        user=plain(run.user_name),
        priority=run.priority,
        data=plain(run.data),
        arch=run.arch,
        pretrained=plain(run.pretrained),
        lr=run.lr,
        settings=settings,
        seed=run.seed,
        batch_size=run.batch_size,
        epoch=run.epoch,
        epochs=run.epochs,
        progress=progress(run),
        best=run.best_acc,
        kappa=run.best_kappa,
        headline=plain(headline),
        severity=severity,
        remark=remark,
        slow=waiting.slow if waiting is not None else "",
        ends=ends,
        rank=_rank(run),
        cause=run.cause or "",
        chosen=run.chosen,
        group=run.group_key,
        part=part,
    )


def waiting_again(row: RunRow, run: Listed, waiting: Waiting | None) -> RunRow:
    """Update what a run that has not changed waits for."""
    remark, ends = _of_waiting(run, waiting)
    slow = waiting.slow if waiting is not None else ""
    now = remark, ends, slow
    return (
        row if now == (row.remark, row.ends, row.slow) else row._replace(remark=remark, ends=ends, slow=slow)
    )


def _of_waiting(run: Listed, waiting: Waiting | None) -> tuple[str, int | None]:
    match run.status:
        case "queued":
            remark = waiting_text(waiting)
        case "failed":
            remark = run.error or run.cause or ""
        case "running":
            remark = run.doing
        case _:
            remark = ""
    ends = round(waiting.ends[1].timestamp() / 60) * 60 if waiting and waiting.ends else None
    return plain(remark), ends


def _rank(run: Listed) -> tuple[int, int, int, int]:
    run_id = run.id or 0
    if run.status == "running":
        return 0, run_id, 0, 0
    return (2, -run_id, 0, 0) if run.status in ENDED else (1, -run.priority, run.position, run_id)


def waiting_text(waiting: Waiting | None) -> str:
    """Write `2 ahead`, `starts ≈ 15:52` or `waits for #12`: a time says more than a place."""
    if waiting is None or waiting.reason is None:
        return ""
    return start_shown(waiting) or waiting.reason


def start_shown(waiting: Waiting) -> str:
    """Write `starts ≈ 15:52` in local time; empty where it is unknown, or less than SOON away."""
    if waiting.starts and waiting.starts[1] - datetime.now(UTC) > SOON:
        return f"starts {forecast(waiting.starts[1])}"
    return ""


def progress(run: Listed) -> float:
    total = run.epochs * run.steps_per_epoch
    if run.status == "done" or not total:
        return 1.0 if run.status == "done" else 0.0
    return float(min(max(run.step, run.epoch * run.steps_per_epoch) / total, 1.0))


def make_detail(
    run: Run, epochs: Sequence[EpochMetrics], matrix: Matrix | None, waiting: str, settings: str = ""
) -> Detail:
    """`settings`: those that tell the run from recipes that look like it in the table."""
    # An untrained network's accuracy would squash the curve: it is shown only while there is no other.
    drawn = [row for row in epochs if row.epoch > 0] or list(epochs)
    parts = title_parts(run, settings)
    names = tuple(map(plain, run.class_names))
    shown = epochs[-1].epoch if epochs else 0
    return Detail(
        run_id=run.id or 0,
        title=plain(f"#{run.id} {' · '.join(parts)}"),
        curve=Curve(
            tuple(row.epoch for row in drawn),
            tuple(row.train_acc for row in drawn),
            tuple(row.test_acc for row in drawn),
            run.baseline,
            max(run.epochs, shown, 1),
            best=_best(run, drawn),
        ),
        matrix=MatrixView(tuple(map(tuple, matrix)), names, shown, run.epochs) if matrix else None,
        findings=findings_shown(run, epochs, matrix, waiting),
        settings=settings,
        data=plain(run.data),
    )


def _best(run: Run, drawn: Sequence[EpochMetrics]) -> tuple[int, float] | None:
    return next(
        (
            (row.epoch, row.test_acc)
            for row in drawn
            if row.epoch == run.best_epoch and row.test_acc is not None
        ),
        None,
    )


def title_parts(run: Run | RunRow, settings: str) -> list[str]:
    """Return what names a run or group in the detail's title, the settings that the table may lack the room for early:
    its end may be cut."""
    start = [
        arch_shown(run.arch),
        settings,
        run.pretrained,
        f"lr {learning_rate(run.lr)}",
        run.data,
        run.name,
    ]
    return [part for part in start if part]


def findings_shown(
    run: Run, epochs: Sequence[EpochMetrics], matrix: Matrix | None, waiting: str = ""
) -> tuple[FindingView, ...]:
    """Return what is said of a run: why it failed, its findings, that there are none, or what it waits for.

    `matrix` is the confusion matrix of any of its epochs."""
    from engine.queries.judged import findings_of  # knows the specs, which a first frame does without

    if run.status == "failed":
        error, advice = plain(run.error or ""), plain(run.suggestion or "")
        return (FindingView(plain(f"failed: {run.cause}"), "error", error, suggestion=advice),)
    findings = findings_of(run, epochs, matrix)
    if findings:
        return tuple(map(_finding_view, findings))
    if findings is not None:
        parts = filter(None, (run.verdict_evidence, run.verdict_ruled_out))
        return (FindingView(NO_FINDINGS, evidence=plain("; ".join(parts))),)
    return (FindingView("waiting", evidence=plain(waiting)),) if waiting else ()


def _finding_view(finding: Finding) -> FindingView:
    since = f"since epoch {finding.since_epoch}" if finding.since_epoch is not None else ""
    return FindingView(
        plain(finding.headline),
        finding.severity,
        plain(finding.evidence),
        plain(finding.ruled_out),
        plain(finding.suggestion),
        since,
    )


def make_workers(workers: Sequence[Worker], running: Iterable[Listed]) -> tuple[WorkerView, ...]:
    held = {run.worker_id: run for run in running}
    views = []
    for worker in workers:
        run = held.get(worker.id)
        views.append(
            WorkerView(
                id=worker.id or 0,
                device=plain(worker.device),
                name=plain(worker.device_name),
                load=describe_load(worker.telemetry),
                run_id=run.id if run else None,
                images_per_s=run.images_per_s if run else None,
                waits=plain(worker.state) if worker.state.startswith(WAITS) else "",
                leaves=worker.state if worker.state in ASKED else "",
                host=worker.host,
                host_id=worker.host_id,
                user=plain(worker.user_name),
                pid=worker.pid,
                pid_started=worker.pid_started,
                seen_s=worker.seen_s,
                gauges=_gauges(worker.telemetry),
            )
        )
    return tuple(views)


def _gauges(telemetry: Mapping[str, Any]) -> tuple[float | None, float | None, float | None, float | None]:
    percent = telemetry.get("gpu_percent", telemetry.get("cpu_percent"))
    return (
        percent,
        telemetry.get("memory_gb"),
        telemetry.get("memory_total_gb"),
        telemetry.get("temperature_c"),
    )


def describe_load(telemetry: Mapping[str, Any]) -> str:
    """Write `97 %  41/80 GiB  63 °C`, as far as it is known."""
    percent, used, total, temperature = _gauges(telemetry)
    parts = [f"{percent:.0f} %"] if percent is not None else []
    if used is not None:
        parts.append(f"{used:.0f}/{total:.0f} GiB" if total else f"{used:.1f} GiB")
    if temperature is not None:
        parts.append(f"{temperature:.0f} °C")
    return "  ".join(parts)


def seconds_left(waits: Mapping[int, Waiting], now: datetime) -> float | None:
    """Return the seconds until the last waiting or running run will have ended; None where any of them is unknown."""
    ends = [waiting.ends for waiting in waits.values()]
    known = [end[1] for end in ends if end is not None]
    return max((max(known) - now).total_seconds(), 0.0) if known and len(known) == len(ends) else None
