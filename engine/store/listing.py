"""Reading the run table: rows by filter, what changed since, and why a run waits."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from engine.store.fencing import QueueError
from engine.store.status import ENDED, Status
from engine.store.tables import Clock, Run, RunDependency


def latest_change(session: Session) -> int:
    """The number of the newest write to any run."""
    return session.exec(select(Clock.changed)).one()


def list_runs(
    session: Session,
    *,
    status: Collection[str] = (),
    sweep: str | None = None,
    ids: Collection[int] | None = None,
    changed_after: int | None = None,
) -> list[Run]:
    """Runs that fit every given filter, by id."""
    statement = select(Run).order_by(col(Run.id))
    if status:
        statement = statement.where(col(Run.status).in_(list(status)))
    if sweep is not None:
        statement = statement.where(Run.sweep == sweep)
    if ids is not None:
        statement = statement.where(col(Run.id).in_(list(ids)))
    if changed_after is not None:
        statement = statement.where(Run.changed > changed_after)
    return list(session.exec(statement))


def get_run(session: Session, run_id: int) -> Run:
    """One run. Raises QueueError where it is not there."""
    run = session.get(Run, run_id)
    if run is None:
        raise QueueError(f"there is no run {run_id}: resnet-tui ls shows them all")
    return run


def run_ids(session: Session) -> set[int]:
    return set(session.exec(select(col(Run.id))).all())  # type: ignore[arg-type]


def memory_peaks(session: Session) -> list[tuple[int, str, float]]:
    """Id, spec and peak in GiB of the latest thousand runs that trained on a card, newest first."""
    on_card = func.coalesce(col(Run.environment)["device"].as_string(), "cpu") != "cpu"
    known = select(col(Run.id), Run.spec, Run.peak_memory_gb).where(
        col(Run.peak_memory_gb).is_not(None), on_card
    )
    return list(session.exec(known.order_by(col(Run.id).desc()).limit(1000)))  # type: ignore[arg-type]


def queue_order(session: Session) -> list[int]:
    """The queued runs in the order in which they will be claimed."""
    queued = select(col(Run.id)).where(Run.status == "queued")
    return list(session.exec(queued.order_by(col(Run.priority).desc(), col(Run.position))))  # type: ignore[arg-type]


def next_waiting(session: Session) -> int | None:
    """The run that the next claim would take."""
    claimable = select(Run.id).where(text("status = 'queued'"), Run.blocked == 0)
    return session.exec(claimable.order_by(col(Run.priority).desc(), col(Run.position)).limit(1)).first()


def unmet(session: Session) -> dict[int, dict[int, Status]]:
    """For each waiting run the runs it waits for that are not done, with their status."""
    waits: dict[int, dict[int, Status]] = defaultdict(dict)
    statement = (
        select(RunDependency.run_id, RunDependency.after_id, Run.status)
        .join(Run, col(Run.id) == RunDependency.after_id)
        .where(Run.status != "done")
    )
    for run_id, after_id, status in session.exec(statement):
        waits[run_id][after_id] = status  # type: ignore[assignment]
    return dict(waits)


def stuck(waits: dict[int, dict[int, Status]]) -> dict[int, int]:
    """The runs that wait, directly or through others, for one that failed or was cancelled: that one's id."""
    dead: dict[int, int] = {}
    grew = True
    while grew:
        grew = False
        for run_id, targets in waits.items():
            if run_id in dead:
                continue
            for target, status in targets.items():
                if status in ENDED or target in dead:
                    dead[run_id] = dead.get(target, target)
                    grew = True
                    break
    return dead


def pending(session: Session) -> Sequence[int]:
    """The runs that are running or that some worker may still claim."""
    rows = session.exec(select(Run.id, Run.status).where(col(Run.status).in_(["queued", "running"]))).all()
    hopeless = stuck(unmet(session))
    return [
        run_id
        for run_id, status in rows
        if run_id is not None and (status == "running" or run_id not in hopeless)
    ]


def spec_hashes(session: Session) -> frozenset[str]:
    """The digests of all runs' specs: finds repeats."""
    return frozenset(session.exec(select(Run.spec_hash).distinct()))


def waiting_sources(session: Session) -> list[tuple[str, str]]:
    """Arch and `pretrained` of the runs that have not started from them yet, each pair once."""
    waits = col(Run.status).in_(["queued", "paused"])
    pairs = select(Run.arch, Run.pretrained).where(waits, Run.epoch == 0).distinct()
    return sorted((arch, pretrained) for arch, pretrained in session.exec(pairs))
