"""Places of new runs in the queue: users take turns at equal priority."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import Row, bindparam, func, select
from sqlmodel import Session

from engine.store.schema import QUEUE_ORDER, run_table
from engine.store.tables import POSITION_GAP

WAITING = ("queued", "paused")


def new_positions(session: Session, user: str, priorities: Sequence[int], changed: int) -> list[int]:
    """Return a position for each new run of a user, in the order of their priorities.

    Behind all others, unless runs of other users wait with its priority: then the user's n-th waiting run stands
    behind the n-th of each other user, and before their next ones. Where there is no room between two, the
    runs of the priority are spaced anew."""
    end = int(session.execute(select(func.coalesce(func.max(run_table.c.position), 0))).scalar_one())
    shared = [priority for priority in dict.fromkeys(priorities) if _others_wait(session, user, priority)]
    if not shared:
        return [end + number * POSITION_GAP for number in range(1, len(priorities) + 1)]
    places: dict[int, list[int]] = {}
    for priority in dict.fromkeys(priorities):
        count = priorities.count(priority)
        if priority in shared:
            places[priority] = _between(session, user, priority, count, changed)
        else:
            places[priority] = [end + number * POSITION_GAP for number in range(1, count + 1)]
        end = max(end, *places[priority])
    left = {priority: iter(found) for priority, found in places.items()}
    return [next(left[priority]) for priority in priorities]


def respace(session: Session, priority: int, changed: int) -> None:
    """Make gaps again between all runs of a priority, ended ones too: they would come back to their place."""
    table = run_table.c
    rows = session.execute(
        select(table.id, table.position).where(table.priority == priority).order_by(*QUEUE_ORDER)
    ).all()
    spaced = [
        {"this": row.id, "to": rows[0].position + number * POSITION_GAP} for number, row in enumerate(rows)
    ]
    written = run_table.update().where(table.id == bindparam("this"))
    session.connection().execute(written.values(position=bindparam("to"), changed=changed), spaced)


def _others_wait(session: Session, user: str, priority: int) -> bool:
    table = run_table.c
    others = select(table.id).where(
        table.status.in_(WAITING), table.priority == priority, table.user_name.not_in(("", user))
    )
    return session.execute(others.limit(1)).first() is not None


def _between(session: Session, user: str, priority: int, count: int, changed: int) -> list[int]:
    found = _fitted(_waiting(session, priority), user, count)
    if found is None:
        respace(session, priority, changed)
        found = _fitted(_waiting(session, priority), user, count)
    assert found is not None, "a gap holds more runs than an edit may add"
    return found


def _waiting(session: Session, priority: int) -> Sequence[Row[tuple[int, str]]]:
    table = run_table.c
    alike = select(table.position, table.user_name).where(
        table.status.in_(WAITING), table.priority == priority
    )
    return session.execute(alike.order_by(*QUEUE_ORDER)).all()


def _fitted(rows: Sequence[Row[tuple[int, str]]], user: str, count: int) -> list[int] | None:
    """Return the positions of `count` new runs among the waiting ones; None where a gap is too small.

    Runs of nobody, from earlier versions, count as the user's own."""
    taken: dict[str, int] = defaultdict(int)
    last_of_turn: dict[int, int] = {}
    behind = 0
    for place, row in enumerate(rows, 1):
        owner = row.user_name or user
        last_of_turn[taken[owner]] = place
        taken[owner] += 1
        behind = place if owner == user else behind
    behind = max([behind, *(place for turn, place in last_of_turn.items() if turn < taken[user])])
    gaps: Counter[int] = Counter()
    for turn in range(taken[user], taken[user] + count):
        behind = max(behind, last_of_turn.get(turn, 0))
        gaps[behind] += 1
    found: list[int] = []
    for gap, many in gaps.items():
        low = rows[gap - 1].position if gap else rows[0].position - (many + 1) * POSITION_GAP
        high = rows[gap].position if gap < len(rows) else low + (many + 1) * POSITION_GAP
        step = (high - low) // (many + 1)
        if step < 1:
            return None
        found += [low + number * step for number in range(1, many + 1)]
    return found
