"""Dependencies: the links between runs, and the count of unfinished targets on each row."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, and_, func, insert, or_, select
from sqlmodel import Session

from engine.spec.grid import load_spec
from engine.spec.pretrained import RUN_PREFIX
from engine.store.errors import QueueError
from engine.store.run_numbers import numbered
from engine.store.schema import dependency_table, run_table
from engine.store.status import ENDED, LinkKind, Status

Key = TypeVar("Key", int, str)
IDS_AT_ONCE = 500
"""Number of ids in one statement: databases limit their number."""

Links = Mapping[int, LinkKind]
"""For each run that is waited for, how: `ok`, `any` or `source`, as `RunDependency.kind` has it."""


def some_of(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """Ids or digests in portions that fit a statement."""
    wanted = list(keys)
    for start in range(0, len(wanted), IDS_AT_ONCE):
        yield wanted[start : start + IDS_AT_ONCE]


def met(status: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a dependency is met, by its target's status."""
    return or_(status == "done", and_(dependency_table.c.kind == "any", status.in_(ENDED)))


def is_met(status: Status, kind: LinkKind) -> bool:
    """Return what `met` says in SQL."""
    return status == "done" or (kind == "any" and status in ENDED)


def recount(session: Session, run_ids: Iterable[int], changed: int) -> None:
    """Bring `blocked` of these runs up to date. One that has trained an epoch goes on from its own checkpoint, and
    nothing holds it up."""
    target = run_table.alias("target")
    unfinished = (
        select(func.count())
        .select_from(dependency_table.join(target, target.c.id == dependency_table.c.after_id))
        .where(dependency_table.c.run_id == run_table.c.id, ~met(target.c.status), run_table.c.epoch == 0)
        .correlate(run_table)
        .scalar_subquery()
    )
    for some in some_of(run_ids):
        session.execute(
            run_table.update()
            .where(run_table.c.id.in_(some), run_table.c.blocked != unfinished)
            .values(blocked=unfinished, changed=changed)
        )


def recount_after(session: Session, target_ids: Iterable[int], changed: int) -> None:
    """Bring `blocked` up to date for those that wait for these runs: call after their status has changed."""
    for some in some_of(target_ids):
        waiting = select(dependency_table.c.run_id).where(dependency_table.c.after_id.in_(some)).distinct()
        recount(session, list(session.execute(waiting).scalars()), changed)


def links_of(session: Session, run_ids: Iterable[int]) -> dict[int, dict[int, LinkKind]]:
    """Return the runs that each of these waits for, ended or not."""
    found: dict[int, dict[int, LinkKind]] = {run_id: {} for run_id in run_ids}
    table = dependency_table.c
    for some in some_of(list(found)):
        rows = select(table.run_id, table.after_id, table.kind).where(table.run_id.in_(some))
        for run_id, after_id, kind in session.execute(rows.order_by(table.run_id, table.after_id)):
            found[run_id][after_id] = kind
    return found


def dependents_of(session: Session, run_ids: Collection[int]) -> dict[int, dict[int, LinkKind]]:
    """Return the runs that wait for or start from each of these, and how; runs without any are left out."""
    found: dict[int, dict[int, LinkKind]] = defaultdict(dict)
    table = dependency_table.c
    for some in some_of(run_ids):
        rows = select(table.run_id, table.after_id, table.kind).where(table.after_id.in_(some))
        for run_id, after_id, kind in session.execute(rows.order_by(table.after_id, table.run_id)):
            found[after_id][run_id] = kind
    return dict(found)


class Reader(NamedTuple):
    """Run that has not read its source run's weights yet."""

    id: int
    status: Status
    network: str
    """As `RunSpec.network` says it."""


def starting_from(session: Session, run_ids: Iterable[int]) -> dict[int, list[Reader]]:
    """Return, for each of these runs, the queued or running ones that have not read its weights yet."""
    found: dict[int, list[Reader]] = defaultdict(list)
    table = run_table.c
    source_of = {f"{RUN_PREFIX}{run_id}": run_id for run_id in run_ids}
    for some in some_of(source_of):
        to_come = table.status.not_in(ENDED) & (table.epoch == 0)
        rows = select(table.pretrained, table.id, table.status, table.spec)
        for row in session.execute(rows.where(table.pretrained.in_(some), to_come).order_by(table.id)):
            reader = Reader(row.id, row.status, load_spec(row.spec).network)
            found[source_of[row.pretrained]].append(reader)
    return found


def first_misfit(session: Session, network_of: Mapping[int, str]) -> str | None:
    """Name the runs that could not start from one of these with this network; None where all fit."""
    for run_id, readers in starting_from(session, network_of).items():
        others = [
            other.id for other in readers if network_of.get(other.id, other.network) != network_of[run_id]
        ]
        if others:
            start = "starts" if len(others) == 1 else "start"
            return f"{numbered(others)} {start} from run {run_id} and could not from a {network_of[run_id]}"
    return None


def replace_links(session: Session, run_id: int, links: Links) -> None:
    """Let a run wait for exactly these. Raises QueueError where it would wait for itself."""
    check_no_circle(session, run_id, links)
    session.execute(dependency_table.delete().where(dependency_table.c.run_id == run_id))
    rows = [{"run_id": run_id, "after_id": after_id, "kind": kind} for after_id, kind in links.items()]
    if rows:
        session.execute(insert(dependency_table), rows)


def check_no_circle(session: Session, run_id: int, targets: Iterable[int]) -> None:
    """Raise QueueError where one of the targets waits, directly or through others, for the run."""
    seen: set[int] = set()
    ahead = set(targets)
    while ahead:
        if run_id in ahead:
            raise QueueError(f"run {run_id} would wait for itself: choose another run to wait for")
        seen |= ahead
        found = links_of(session, ahead)
        ahead = {after_id for links in found.values() for after_id in links} - seen
