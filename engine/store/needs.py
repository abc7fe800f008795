"""Needs of a run: the worker that may take it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, func, literal, or_

from engine.store.errors import QueueError
from engine.store.schema import run_table, worker_table
from engine.store.tables import Run, Worker

KEYS = {"memory": "needs_memory_gb", "host": "needs_host", "tag": "needs_tag"}
"""Words of `--needs`, and the columns of a run that hold them."""
MOST_GB = 1e6


@dataclass(frozen=True)
class Needs:
    """Conditions on a worker; each field has the name of its column."""

    needs_memory_gb: float = 0.0
    """Least memory of its card, GiB; 0: none."""
    needs_host: str = ""
    needs_tag: str = ""
    """Tag that the worker was started with."""

    def columns(self) -> dict[str, Any]:
        return asdict(self)

    def met_by(self, worker: Worker) -> bool:
        """Return for a worker's row what `meets` says in SQL."""
        return (
            (worker.memory_gb or 0.0) >= self.needs_memory_gb
            and self.needs_host in ("", worker.host)
            and (not self.needs_tag or self.needs_tag in tags_of(worker))
        )

    def words(self) -> str:
        """Return the needs as `--needs` takes them; empty where there are none."""
        values = {
            "memory": f"{self.needs_memory_gb:g}" if self.needs_memory_gb else "",
            "host": self.needs_host,
            "tag": self.needs_tag,
        }
        return " ".join(f"{key}={value}" for key, value in values.items() if value)


def parse_needs(given: Iterable[str]) -> Needs:
    """Read needs such as `memory=40`, `host=gpu03` and `tag=a100`, each in a text of its own or divided by commas.

    Raises QueueError."""
    found: dict[str, Any] = {}
    for part in (part.strip() for text in given for part in text.split(",")):
        key, is_pair, value = part.partition("=")
        column = KEYS.get(key)
        if column is None or not is_pair or not value:
            raise QueueError(f"{part!r} is no need: give memory=GIB, host=NAME or tag=WORD")
        if column in found:
            raise QueueError(f"{key} is given twice: give one")
        found[column] = _gigabytes(value) if key == "memory" else check_word(key, value)
    return Needs(**found)


def check_word(key: str, value: str) -> str:
    """Return a host's name or a tag. Raises QueueError for one with spaces or commas."""
    if not value.isprintable() or any(sign in value for sign in ", ="):
        raise QueueError(f"{value!r} is no {key}: give one word without spaces, commas and =")
    return value


def _gigabytes(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number <= MOST_GB:
        raise QueueError(f"memory={value} is no memory of a card: give GiB, such as memory=40")
    return number


def needs_of(run: Run) -> Needs:
    return Needs(**{column: getattr(run, column) for column in KEYS.values()})


def tags_text(tags: Sequence[str]) -> str:
    """Return tags as a worker's row holds them: each between commas."""
    return f",{','.join(tags)}," if tags else ""


def tags_of(worker: Worker) -> tuple[str, ...]:
    return tuple(filter(None, worker.tags.split(",")))


def meets() -> ColumnElement[bool]:
    """Return the condition that a row of the worker table meets the needs of a row of the run table."""
    run, worker = run_table.c, worker_table.c
    tag = literal(",", String).concat(run.needs_tag).concat(",")
    return (
        or_(run.needs_memory_gb == 0, worker.memory_gb >= run.needs_memory_gb)
        & or_(run.needs_host == "", worker.host == run.needs_host)
        & or_(run.needs_tag == "", func.replace(worker.tags, tag, "") != worker.tags)
    )


def has_none() -> ColumnElement[bool]:
    """Return the condition that a run has no needs."""
    run = run_table.c
    return (run.needs_memory_gb == 0) & (run.needs_host == "") & (run.needs_tag == "")
