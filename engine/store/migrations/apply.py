"""Bring a database to the newest schema. Imported only where there is work: Alembic is slow to import."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text


def upgrade(engine: Engine, *, program_version: str) -> None:
    """Run the missing migrations in one transaction; several processes may call this at once."""
    with engine.begin() as connection:
        config = Config()
        folder = str(Path(__file__).parent).replace("%", "%%")  # ConfigParser would interpolate it
        config.set_main_option("script_location", folder)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.execute(text("UPDATE clock SET program_version = :version"), {"version": program_version})
