"""Runs that others are to start from, as the run table has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from engine.spec.grid import load_spec
from engine.spec.run_spec import RunSpec
from engine.store.add import earlier_runs
from engine.store.dependencies import some_of
from engine.store.schema import run_table
from engine.store.status import Status


@dataclass(frozen=True)
class Source:
    """Run whose best weights another starts from."""

    spec: RunSpec
    status: Status
    class_names: tuple[str, ...]
    """Empty until it has read its data."""


def source_runs(
    session: Session, specs: Sequence[RunSpec], changing: Mapping[int, RunSpec]
) -> dict[int, Source]:
    """Return the existing source runs of the specs, by id; runs that change in the same call with their new spec."""
    wanted = {spec.source_run for spec in specs if spec.source_run is not None}
    columns = (run_table.c.id, run_table.c.spec, run_table.c.status, run_table.c.class_names)
    found = {}
    for some in some_of(sorted(wanted)):
        for run_id, text, status, names in session.execute(select(*columns).where(run_table.c.id.in_(some))):
            spec = changing.get(run_id) or load_spec(text)
            found[run_id] = Source(spec, status, tuple(names or ()))
    return found


def repeated_runs(
    session: Session, specs: Sequence[RunSpec], changing: Mapping[int, RunSpec]
) -> list[int | None]:
    """For each spec the first run with the same settings and data, but for those that change in the same call; None
    where it is new."""
    digests = [spec.digest() for spec in specs]
    earlier = earlier_runs(session, set(digests), but_not=changing)
    return [earlier.get(digest) for digest in digests]
