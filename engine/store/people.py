"""People of a shared run table: whose a run is, and who may edit it."""

import contextlib
import os
import pwd
from collections.abc import Collection, Iterator, Mapping
from contextvars import ContextVar

from sqlalchemy import ColumnElement, select, true
from sqlmodel import Session

from engine.store.backends.protocol import backend_of
from engine.store.dependencies import some_of
from engine.store.errors import QueueError
from engine.store.schema import IS_QUEUED, run_table

_forced: ContextVar[bool] = ContextVar("forced", default=False)


def user_name() -> str:
    """Return the name of the user that this process belongs to, or the number where it has no name."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@contextlib.contextmanager
def forcing() -> Iterator[None]:
    """Let the edits of the block change the runs of others too."""
    before = _forced.set(True)
    try:
        yield
    finally:
        _forced.reset(before)


def new_owner(session: Session) -> str:
    """Return the user that new runs and workers belong to; nobody in a file, which its owner alone can use, as root
    or by another name too."""
    return user_name() if backend_of(session).path is None else ""


def may_change(owner: str) -> bool:
    """Return True for what is this user's or nobody's, and for all where the user insists (`forcing`)."""
    return _forced.get() or owner in ("", user_name())


def changeable(owner: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition of rows whose owner is one of those that `may_change` passes."""
    return true() if _forced.get() else owner.in_(("", user_name()))


def check_owner(session: Session, run_ids: Collection[int]) -> None:
    """Raise QueueError where one of the runs is another user's; those in a file, and of earlier versions, are
    nobody's."""
    table = run_table.c
    for some in some_of(run_ids):
        others = select(table.id, table.user_name).where(table.id.in_(some), ~changeable(table.user_name))
        found = session.execute(others.order_by(table.id).limit(1)).first()
        if found is not None:
            raise QueueError(
                f"run {found.id} is {found.user_name}'s: leave it, or change it all the same with a verb of the "
                "shell and --force"
            )


def owners_of_queue(session: Session) -> dict[int, str]:
    """Return the owner of each queued run that has one, as `of_several` gives them."""
    owned = select(run_table.c.id, run_table.c.user_name).where(IS_QUEUED, run_table.c.user_name != "")
    return of_several({row.id: row.user_name for row in session.execute(owned)})


def of_several(owners: Mapping[int, str]) -> dict[int, str]:
    """Return the owners of runs; nothing where they are all one user's, who takes turns with nobody."""
    return dict(owners) if len(set(owners.values())) > 1 else {}
