"""Put new runs into the queue, all or none."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session

from engine.spec.conflicts import source_misfit
from engine.spec.grid import load_spec
from engine.spec.run_spec import RunSpec
from engine.store.alerts import NewChannel, add_channel
from engine.store.backends.protocol import backend_of
from engine.store.clock import next_change
from engine.store.database import Store
from engine.store.dependencies import some_of
from engine.store.edit_journal import note
from engine.store.errors import QueueError
from engine.store.listing import statuses
from engine.store.needs import Needs
from engine.store.people import new_owner
from engine.store.run_numbers import numbered
from engine.store.schema import dependency_table, run_table
from engine.store.spec_columns import of_spec
from engine.store.status import ENDED, LinkKind, Status
from engine.store.tables import Run
from engine.store.turns import new_positions
from engine.store.utc import utc_now

MANY = 1_000
"""New runs after which the database is to count its rows anew."""


@dataclass(frozen=True)
class Batch:
    """New runs that share all but their specs; `after` must be done first, `after_any` have ended in any way."""

    specs: Sequence[RunSpec]
    name: str = ""
    sweep: str = ""
    after: Collection[int] = ()
    after_any: Collection[int] = ()
    priority: int = 0
    max_attempts: int = 3
    needs: Needs = Needs()

    def links(self, spec: RunSpec) -> dict[int, LinkKind]:
        """Map the runs that this batch waits for to the kind; the strictest kind where a run is named twice."""
        source: dict[int, LinkKind] = {} if spec.source_run is None else {spec.source_run: "source"}
        return {**dict.fromkeys(self.after_any, "any"), **source, **dict.fromkeys(self.after, "ok")}


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
    after_any: Collection[int] = (),
    priority: int = 0,
    max_attempts: int = 3,
) -> Added:
    """Queue one run a spec; a spec that starts from another run's weights waits for that run too.

    All or none is added. Raises QueueError where a run to wait for does not exist or has another network."""
    return add_batches(store, [Batch(specs, name, sweep, after, after_any, priority, max_attempts)])


def add_batches(store: Store, batches: Sequence[Batch], channels: Collection[NewChannel] = ()) -> Added:
    """Queue several batches as one edit, with addresses that are to be told of them. Raises QueueError, and then adds
    none."""
    specs = [spec for batch in batches for spec in batch.specs]
    digests = [spec.digest() for spec in specs]
    with store.write() as session:
        earlier = earlier_runs(session, set(digests))
        found = _check_targets(session, batches)
        ids = _insert(session, batches, found)
        for channel in channels:
            add_channel(session, channel)
        if ids:
            note(session, "add", f"add {numbered(ids)}", [{"id": run_id, "added": True} for run_id in ids])
        if len(ids) >= MANY:
            backend_of(session).many_written(session, (run_table, dependency_table))
    pairs = zip(ids, digests, strict=True)
    return Added(ids, {run_id: earlier[digest] for run_id, digest in pairs if digest in earlier})


def _insert(session: Session, batches: Sequence[Batch], found: Mapping[int, Status]) -> tuple[int, ...]:
    count = sum(len(batch.specs) for batch in batches)
    if not count:
        return ()
    first_id = backend_of(session).next_run_id(session, count)
    changed, user = next_change(session), new_owner(session)
    priorities = [batch.priority for batch in batches for _ in batch.specs]
    positions = new_positions(session, user, priorities, changed)
    shared = {"created_at": utc_now(), "changed": changed, "user_name": user}
    rows: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for batch in batches:
        names = ("name", "sweep", "priority", "max_attempts")
        of_batch = (
            _defaults() | shared | {name: getattr(batch, name) for name in names} | batch.needs.columns()
        )
        for spec in batch.specs:
            waits = batch.links(spec)
            own = {
                "id": first_id + len(rows),
                "position": positions[len(rows)],
                "blocked": sum(_holds_up(kind, found[target]) for target, kind in waits.items()),
            }
            of_run = {"run_id": own["id"]}
            links += [of_run | {"after_id": target, "kind": waits[target]} for target in sorted(waits)]
            rows.append(of_batch | of_spec(spec) | own)
    session.execute(insert(run_table), rows)
    if links:
        session.execute(insert(dependency_table), links)
    return tuple(range(first_id, first_id + len(rows)))


def _holds_up(kind: LinkKind, status: Status) -> bool:
    return status not in ENDED if kind == "any" else status != "done"


def earlier_runs(
    session: Session, digests: Collection[str], *, but_not: Collection[int] = ()
) -> dict[str, int]:
    """Return the first run of each spec digest, leaving out the runs `but_not`."""
    earlier: dict[str, int] = {}
    for some in some_of(sorted(digests)):
        statement = (
            select(run_table.c.spec_hash, run_table.c.id)
            .where(run_table.c.spec_hash.in_(some), run_table.c.status != "failed")  # it has no result
            .order_by(run_table.c.id.desc())  # the first run comes last and stays
        )
        earlier |= {digest: run_id for digest, run_id in session.execute(statement) if run_id not in but_not}
    return earlier


def _check_targets(session: Session, batches: Sequence[Batch]) -> dict[int, Status]:
    """Return the status of every run that is waited for. Raises QueueError."""
    specs = [spec for batch in batches for spec in batch.specs if spec.source_run is not None]
    named = [target for batch in batches for target in (*batch.after, *batch.after_any)]
    found = statuses(session, [*named, *(spec.source_run for spec in specs if spec.source_run is not None)])
    check_sources(session, specs)
    return found


def check_sources(session: Session, specs: Sequence[RunSpec]) -> None:
    """Raise QueueError where a run's weights do not fit the spec that starts from them."""
    sources = {spec.source_run for spec in specs if spec.source_run is not None}
    spec_of: dict[int, RunSpec] = {}
    for some in some_of(sources):
        rows = select(run_table.c.id, run_table.c.spec).where(run_table.c.id.in_(some))
        spec_of |= {run_id: load_spec(text) for run_id, text in session.execute(rows)}
    for spec in specs:
        source = spec_of.get(spec.source_run or 0)
        if source is not None and (misfit := source_misfit(spec, source)) is not None:
            raise QueueError(misfit.text)


@functools.cache
def _defaults() -> dict[str, Any]:
    """Return the columns that all new rows share. The caller must not change the result."""
    blank = Run(spec="", spec_hash="", data="", arch="", pretrained="", lr=0, epochs=0, batch_size=0, seed=0)
    return blank.model_dump(exclude={"id", "created_at"})
