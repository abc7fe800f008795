"""Place of runs in the queue: priority, moves within a priority, needs of a worker."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import and_, bindparam, or_, select
from sqlmodel import Session

from engine.store.database import Store
from engine.store.dependencies import some_of
from engine.store.edit_journal import Editing, editing
from engine.store.errors import QueueError
from engine.store.needs import Needs
from engine.store.run_numbers import numbered
from engine.store.schema import QUEUE_ORDER, run_table
from engine.store.status import ENDED
from engine.store.tables import POSITION_GAP

Direction = Literal["up", "down", "top", "bottom"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
MAX_PRIORITY = 1_000_000
WAITING = ("queued", "paused")


def set_priority(store: Store, run_ids: Collection[int], priority: int) -> None:
    """Higher goes first; a run's position among its equals stays. Raises QueueError."""
    if abs(priority) > MAX_PRIORITY:
        raise QueueError(f"priority {priority} is out of range: give -{MAX_PRIORITY} to {MAX_PRIORITY}")
    with editing(store, "priority", run_ids, ("priority",)) as edit:
        for run_id, status in edit.was.items():
            if status in ENDED:
                raise QueueError(f"run {run_id} is {status}: it waits for nothing")
        edit.write(edit.was, priority=priority)
        edit.text = f"priority {priority} for {numbered(edit.was)}"


def set_needs(store: Store, run_ids: Collection[int], needs: Needs) -> None:
    """Replace what waiting runs need of a worker. Raises QueueError for a run that does not wait."""
    with editing(store, "needs", run_ids, tuple(needs.columns())) as edit:
        for run_id, status in edit.was.items():
            if status not in WAITING:
                raise QueueError(f"run {run_id} is {status}: only a waiting run has needs")
        edit.write(edit.was, **needs.columns())
        edit.text = f"{numbered(edit.was)} needs {needs.words() or 'nothing'}"


def move(store: Store, run_ids: Collection[int], direction: Direction) -> None:
    """Swap each run with its neighbour in the queue, or put all before or behind those of their priority.

    Runs that are moved together keep their order. Raises QueueError for a run that does not wait, or has no
    neighbour of its priority on that side."""
    with editing(store, "move", run_ids, ("position",)) as edit:
        for run_id, status in edit.was.items():
            if status not in WAITING:
                raise QueueError(f"run {run_id} is {status}: only a waiting run can be moved")
        if direction in ("top", "bottom"):
            _put_at_end(edit, run_ids, direction)
        else:
            for place in _waiting(edit.session, run_ids, backward=direction == "down"):
                _swap(edit, place.run_id, direction)
        edit.text = (
            f"move {numbered(run_ids)} {'to the ' if direction in ('top', 'bottom') else ''}{direction}"
        )


def _waiting(
    session: Session, run_ids: Collection[int] | None = None, *, backward: bool = False
) -> list["_Place"]:
    """Return the places of the waiting runs, or of these, in the queue's order."""
    table = run_table.c
    columns = select(table.id, table.priority, table.position).where(table.status.in_(WAITING))
    wanted = None if run_ids is None else set(run_ids)
    rows = session.execute(columns.order_by(*QUEUE_ORDER))
    found = [_Place(*row) for row in rows if wanted is None or row.id in wanted]
    return found[::-1] if backward else found


def _swap(edit: Editing, run_id: int, direction: Direction) -> None:
    place, neighbour = _with_neighbour(edit, run_id, direction)
    if neighbour.position == place.position:
        _respace(edit, place.priority)
        place, neighbour = _with_neighbour(edit, run_id, direction)
    edit.also([neighbour.run_id])
    edit.write([run_id], position=neighbour.position)
    edit.write([neighbour.run_id], position=place.position)


def _with_neighbour(edit: Editing, run_id: int, direction: Direction) -> tuple["_Place", "_Place"]:
    """Return a run's position and that of its neighbour of the same priority. Raises QueueError if it has none."""
    place = _Place.of(edit.session, [run_id])[run_id]
    table, up = run_table.c, direction == "up"
    beyond = table.position < place.position if up else table.position > place.position
    level = table.id < run_id if up else table.id > run_id
    on_that_side = or_(beyond, and_(table.position == place.position, level))
    order = (table.position.desc(), table.id.desc()) if up else (table.position, table.id)
    beside = (
        select(table.id)
        .where(table.status == "queued", table.priority == place.priority, on_that_side)
        .order_by(*order)
        .limit(1)
    )
    found = edit.session.execute(beside).scalar()
    if found is None:
        end, other = ("first", "higher") if up else ("last", "lower")
        raise QueueError(
            f"run {run_id} is the {end} of priority {place.priority}: "
            f"resnet-tui priority {run_id} N gives it a {other} one"
        )
    return place, _Place.of(edit.session, [found])[found]


def _put_at_end(edit: Editing, run_ids: Collection[int], direction: Direction) -> None:
    """Put each run before or behind all waiting runs of its priority. They are read once, however many are moved."""
    wanted, step = set(run_ids), -POSITION_GAP if direction == "top" else POSITION_GAP
    by_priority: dict[int, list[_Place]] = defaultdict(list)
    for place in _waiting(edit.session, backward=direction == "top"):
        by_priority[place.priority].append(place)
    for places in by_priority.values():
        moved = [place for place in places if place.run_id in wanted]
        others = [place.position for place in places if place != moved[0]] if moved else []
        if others:
            end = min(others) if direction == "top" else max(others)
            for number, place in enumerate(moved, 1):
                edit.write([place.run_id], position=end + number * step)


def _respace(edit: Editing, priority: int) -> None:
    """Gaps again between all runs of a priority, ended ones too: they would come back to their place."""
    table = run_table.c
    alike = select(table.id, table.position).where(table.priority == priority)
    rows = edit.session.execute(alike.order_by(*QUEUE_ORDER)).all()
    edit.also([row.id for row in rows])
    first = rows[0].position
    spaced = [{"this": row.id, "to": first + number * POSITION_GAP} for number, row in enumerate(rows)]
    written = run_table.update().where(table.id == bindparam("this"))
    values = {"position": bindparam("to"), "changed": edit.changed}
    edit.session.connection().execute(written.values(**values), spaced)


@dataclass(frozen=True)
class _Place:
    """Position of a run in the queue."""

    run_id: int
    priority: int
    position: int

    @classmethod
    def of(cls, session: Session, run_ids: Collection[int]) -> dict[int, "_Place"]:
        table = run_table.c
        found: dict[int, _Place] = {}
        for some in some_of(run_ids):
            rows = select(table.id, table.priority, table.position).where(table.id.in_(some))
            found |= {row.id: cls(*row) for row in session.execute(rows)}
        return found
