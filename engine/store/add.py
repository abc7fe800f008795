"""Put new runs into the queue, all or none."""

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlmodel import Session

from engine.spec import RunSpec
from engine.store.database import Store
from engine.store.fencing import QueueError, dependency_table, next_change, run_table, statuses
from engine.store.status import Status
from engine.store.tables import POSITION_GAP, Run, utc_now


@dataclass(frozen=True)
class Added:
    """New run ids in the order of their specs, and for each repeat the earlier run with the same spec."""

    ids: tuple[int, ...]
    repeats: dict[int, int]


def add_runs(
    store: Store,
    specs: Sequence[RunSpec],
    *,
    name: str = "",
    sweep: str = "",
    after: Collection[int] = (),
    priority: int = 0,
    max_attempts: int = 3,
) -> Added:
    """Queue one run a spec; a spec that starts from another run's weights waits for that run too.

    All or none is added. Raises QueueError where a run to wait for does not exist or has another arch."""
    digests = [spec.digest() for spec in specs]
    with store.write() as session:
        first_id, first_position = _next_id(session), _next_position(session)
        earlier = _earlier_runs(session, set(digests))
        sources = _check_sources(session, specs, after)
        shared = {
            "created_at": utc_now(),
            "changed": next_change(session),
            "name": name,
            "sweep": sweep,
            "priority": priority,
        }
        rows: list[dict[str, Any]] = []
        links: list[dict[str, int]] = []
        for run_id, (spec, digest) in enumerate(zip(specs, digests, strict=True), first_id):
            waits = {*after, *([spec.source_run] if spec.source_run is not None else [])}
            links += [{"run_id": run_id, "after_id": target} for target in sorted(waits)]
            own = {
                "id": run_id,
                "position": first_position + (run_id - first_id) * POSITION_GAP,
                "blocked": sum(sources[target] != "done" for target in waits),
                "max_attempts": max_attempts,
            }
            rows.append(
                _defaults() | _mirrored(spec) | {"spec": spec.to_json(), "spec_hash": digest} | shared | own
            )
        if rows:
            session.execute(insert(run_table), rows)
        if links:
            session.execute(insert(dependency_table), links)
    ids = tuple(range(first_id, first_id + len(specs)))
    repeats = {
        run_id: earlier[digest] for run_id, digest in zip(ids, digests, strict=True) if digest in earlier
    }
    return Added(ids, repeats)


def _next_id(session: Session) -> int:
    """One past the highest id ever given, so that a removed run's number is not given again."""
    if session.get_bind().dialect.name == "sqlite":
        used = session.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'run'")).scalar()
        return int(used or 0) + 1
    return int(session.execute(select(func.coalesce(func.max(run_table.c.id), 0))).scalar_one()) + 1


def _next_position(session: Session) -> int:
    return (
        int(session.execute(select(func.coalesce(func.max(run_table.c.position), 0))).scalar_one())
        + POSITION_GAP
    )


def _earlier_runs(session: Session, digests: Collection[str]) -> dict[str, int]:
    wanted = sorted(digests)
    earlier: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        some = run_table.c.spec_hash.in_(wanted[start : start + 500])
        statement = (
            select(run_table.c.spec_hash, func.min(run_table.c.id))
            .where(some)
            .group_by(run_table.c.spec_hash)
        )
        earlier |= {digest: run_id for digest, run_id in session.execute(statement)}
    return earlier


def _check_sources(session: Session, specs: Sequence[RunSpec], after: Collection[int]) -> dict[int, Status]:
    sources = {spec.source_run: spec for spec in specs if spec.source_run is not None}
    found = statuses(session, [*after, *sources])
    arch_of = dict(
        session.execute(
            select(run_table.c.id, run_table.c.arch).where(run_table.c.id.in_(list(sources)))
        ).all()
    )
    for spec in specs:
        if spec.source_run is not None and arch_of[spec.source_run] != spec.arch:
            raise QueueError(
                f"run {spec.source_run} is a {arch_of[spec.source_run]}: its weights do not fit a {spec.arch}"
            )
    return found


@functools.cache
def _defaults() -> dict[str, Any]:
    """A new row's columns but for what each run has of its own; never changed."""
    blank = Run(spec="", spec_hash="", data="", arch="", pretrained="", lr=0, epochs=0, batch_size=0, seed=0)
    return blank.model_dump(exclude={"id", "created_at"})


def _mirrored(spec: RunSpec) -> dict[str, Any]:
    names = ("data", "arch", "pretrained", "lr", "epochs", "batch_size", "seed")
    return {name: getattr(spec, name) for name in names}
