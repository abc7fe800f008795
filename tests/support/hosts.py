"""Hosts that share a run table."""

import os
from pathlib import Path


def silent(database: Path, seconds: float) -> None:
    """The holder gave its last sign of life so long ago."""
    name = database.with_name(f"{database.name}.host")
    then = name.stat().st_mtime - seconds
    os.utime(name, (then, then))
