"""Read the run table: rows by filter, changes, the queue, and the runs that waiting runs wait for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from engine.store import workers
from engine.store.dependencies import met, some_of
from engine.store.errors import QueueError
from engine.store.needs import KEYS, Needs, has_none
from engine.store.obstacles import held_up, stuck
from engine.store.run_numbers import LARGEST_ID
from engine.store.schema import IS_QUEUED, QUEUE_ORDER, dependency_table, run_table
from engine.store.status import LinkKind, Status
from engine.store.tables import Clock, Run, Worker


def queue_paused(session: Session) -> bool:
    """Return whether the queue is paused: no run is claimed then."""
    return session.exec(select(Clock.queue_paused)).one()


def list_runs(
    session: Session,
    *,
    status: Collection[Status] = (),
    sweep: str | None = None,
    ids: Collection[int] | None = None,
    changed_after: int | None = None,
) -> list[Run]:
    """Return the runs that fit every given filter, by id."""
    statement = select(Run).order_by(col(Run.id))
    if status:
        statement = statement.where(col(Run.status).in_(list(status)))
    if sweep is not None:
        statement = statement.where(Run.sweep == sweep)
    if changed_after is not None:
        statement = statement.where(Run.changed > changed_after)
    if ids is None:
        return list(session.exec(statement))
    of_ids = (statement.where(col(Run.id).in_(some)) for some in some_of(sorted(set(ids))))
    return [run for each in of_ids for run in session.exec(each)]


def get_run(session: Session, run_id: int) -> Run:
    """Return one run. Raises QueueError where it does not exist."""
    run = find_run(session, run_id)
    if run is None:
        raise _no_run(run_id)
    return run


def change_of(session: Session, run_id: int) -> int:
    """Return the number of the newest change of a run. Raises QueueError where it does not exist."""
    found = changes_of(session, [run_id])
    if not found:
        raise _no_run(run_id)
    return found[run_id]


def changes_of(session: Session, run_ids: Iterable[int]) -> dict[int, int]:
    """Return the number of the newest change of each run that exists."""
    found: dict[int, int] = {}
    for some in some_of(filter(_can_exist, run_ids)):
        rows = core_select(run_table.c.id, run_table.c.changed).where(run_table.c.id.in_(some))
        found |= {row.id: row.changed for row in session.execute(rows)}
    return found


def find_run(session: Session, run_id: int) -> Run | None:
    return session.get(Run, run_id) if _can_exist(run_id) else None


def statuses(session: Session, run_ids: Iterable[int]) -> dict[int, Status]:
    """Return the status of each run, in the given order. Raises QueueError for one that does not exist."""
    wanted = list(run_ids)
    found = statuses_there(session, wanted)
    for run_id in wanted:
        if run_id not in found:
            raise _no_run(run_id)
    return found


def statuses_there(session: Session, run_ids: Iterable[int]) -> dict[int, Status]:
    """Return the status of each run that exists, in the given order."""
    wanted = list(dict.fromkeys(run_ids))
    found: dict[int, Status] = {}
    for some in some_of(filter(_can_exist, wanted)):
        rows = core_select(run_table.c.id, run_table.c.status).where(run_table.c.id.in_(some))
        found |= {row.id: row.status for row in session.execute(rows)}
    return {run_id: found[run_id] for run_id in wanted if run_id in found}


def _can_exist(run_id: int) -> bool:
    return 0 < run_id <= LARGEST_ID


def _no_run(run_id: int) -> QueueError:
    return QueueError(f"there is no run {run_id}: resnet-tui ls shows them all")


def ids_between(session: Session, first: int, last: int) -> list[int]:
    """Return the existing runs from one number to another, both included."""
    inside = select(col(Run.id)).where(col(Run.id).between(first, last))
    return list(session.exec(inside.order_by(col(Run.id))))  # type: ignore[arg-type]


def run_ids(session: Session) -> set[int]:
    return set(session.exec(select(col(Run.id))).all())  # type: ignore[arg-type]


def memory_peaks(session: Session) -> list[tuple[int, str, float]]:
    """Return id, memory key and peak in GiB of the latest thousand runs that trained on a card, newest first."""
    known = select(col(Run.id), Run.memory_key, Run.peak_memory_gb).where(
        col(Run.peak_memory_gb).is_not(None), Run.memory_place != ""
    )
    return list(session.exec(known.order_by(col(Run.id).desc()).limit(1000)))  # type: ignore[arg-type]


class NeedyRun(NamedTuple):
    """Needs of a run that not every worker meets."""

    id: int
    needs_card: bool
    gpus: int
    needs: Needs

    def lacks(self, there: Collection[Worker]) -> str:
        """Return what none of the workers has: `cuda`, `2 cards`, `tag=a100`, or several of them that no worker has
        together; empty where one can train it."""
        has_cards = [workers.can_train(each, needs_card=self.needs_card, gpus=self.gpus) for each in there]
        meets = [self.needs.met_by(each) for each in there]
        if any(map(all, zip(has_cards, meets, strict=True))):
            return ""
        cards = f"{self.gpus} cards" if self.gpus > 1 else "cuda" if self.needs_card else ""
        parts = [cards] * (any(meets) or not any(has_cards)) + [self.needs.words()] * (
            any(has_cards) or not any(meets)
        )
        return " and ".join(filter(None, parts))


def needy_runs(session: Session, changed_after: int = -1) -> list[NeedyRun]:
    """Return the queued runs that not every worker may take, of those written after a change (-1: all)."""
    table = run_table.c
    needy = core_select(table.id, table.needs_card, table.gpus, *(table[name] for name in KEYS.values()))
    needy = needy.where(IS_QUEUED, table.needs_card | (table.gpus > 1) | ~has_none())
    if changed_after >= 0:
        needy = needy.where(table.changed > changed_after)
    return [NeedyRun(row.id, row.needs_card, row.gpus, Needs(*row[3:])) for row in session.execute(needy)]


def lacking(session: Session, there: Collection[Worker]) -> dict[int, str]:
    """Map the queued runs that none of the workers can train to what is missing."""
    return {run.id: lacks for run in needy_runs(session) if (lacks := run.lacks(there))}


def queue_order(session: Session) -> list[int]:
    """Return the queued runs in the order in which they will be claimed."""
    queued = core_select(run_table.c.id).where(IS_QUEUED).order_by(*QUEUE_ORDER)
    return list(session.execute(queued).scalars().all())


def unmet(session: Session) -> dict[int, dict[int, Status]]:
    """Return the runs that each waiting run still waits for, with their status.

    A run that has trained an epoch waits for none."""
    mine, link = run_table.alias("mine"), dependency_table.c
    waits: dict[int, dict[int, Status]] = defaultdict(dict)
    statement = (
        core_select(link.run_id, link.after_id, run_table.c.status)
        .join(run_table, run_table.c.id == link.after_id)
        .join(mine, mine.c.id == link.run_id)
        .where(~met(run_table.c.status), _may_wait(mine))
    )
    for run_id, after_id, status in session.execute(statement):
        waits[run_id][after_id] = status
    return dict(waits)


def links_of_waiting(session: Session, changed_after: int = -1) -> dict[int, dict[int, LinkKind]]:
    """Return the runs, ended or not, that each run waits for which has not trained an epoch, of those runs written
    after a change (-1: all)."""
    mine, link = run_table.alias("mine"), dependency_table.c
    found: dict[int, dict[int, LinkKind]] = defaultdict(dict)
    statement = core_select(link.run_id, link.after_id, link.kind).join(mine, mine.c.id == link.run_id)
    statement = statement.where(_may_wait(mine))
    if changed_after >= 0:
        statement = statement.where(mine.c.changed > changed_after)
    for run_id, after_id, kind in session.execute(statement):
        found[run_id][after_id] = kind
    return dict(found)


def _may_wait(mine: FromClause) -> ColumnElement[bool]:
    return and_(mine.c.epoch == 0, mine.c.status.in_(["queued", "paused"]))


def pending(session: Session) -> Sequence[int]:
    """Return the runs that are running or that a worker will claim without any user's action."""
    alive = select(Run.id, Run.status).where(col(Run.status).in_(["queued", "running"]))
    rows = session.exec(alive.order_by(col(Run.id))).all()
    needy = set(lacking(session, workers.present(session)))
    waits = unmet(session)
    hopeless = needy | stuck(waits, needy).keys() | held_up(waits).keys()
    return [
        run_id
        for run_id, status in rows
        if run_id is not None and (status == "running" or run_id not in hopeless)
    ]


def waiting_sources(session: Session) -> list[tuple[str, str]]:
    """Return arch and `pretrained` of the waiting runs that have not loaded their first weights, each pair once."""
    waits = col(Run.status).in_(["queued", "paused"])
    pairs = select(Run.arch, Run.pretrained).where(waits, Run.epoch == 0).distinct()
    return sorted((arch, pretrained) for arch, pretrained in session.exec(pairs))
