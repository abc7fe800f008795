"""Writing of a row in place of the one with its primary key, in one statement: a far server is asked once."""

from sqlmodel import Session, SQLModel

from engine.store.backends.protocol import backend_of
from engine.store.schema import table_of


def replace_row(session: Session, row: SQLModel) -> None:
    """Insert a row, or give the one that has its primary key all its values."""
    table = table_of(type(row))
    new = backend_of(session).insert(table).values(row.model_dump())
    keys = [column.name for column in table.primary_key]
    changed = {column.name: new.excluded[column.name] for column in table.c if column.name not in keys}
    session.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))
