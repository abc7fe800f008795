"""What a run was trained with, as the column `run.environment` records it: the only reader of its keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func

from engine.store.schema import run_table

CHANGES, ATTEMPT = "changes", "attempt"
"""The key of the list of later changes, and the one of the attempt that each began with."""


@dataclass(frozen=True)
class RunEnvironment:
    """The environment at a run's first start, and what later attempts found changed. Empty before the first start."""

    recorded: Mapping[str, Any]

    @property
    def device(self) -> str:
        """`cpu` or `cuda:N`; empty where it is not known."""
        return str(self.recorded.get("device") or "")

    @property
    def device_name(self) -> str:
        return str(self.recorded.get("device_name") or "")

    @property
    def device_kind(self) -> str:
        """The device's name, or the device where it has none: equal cards share their throughput."""
        return self.device_name or self.device

    @property
    def data_fingerprint(self) -> str:
        """Of the data set's names, labels, splits and groups; empty where it is not known."""
        return str(self.recorded.get("data_fingerprint") or "")

    @property
    def threads(self) -> int | None:
        return self.recorded.get("threads")

    @property
    def precision(self) -> str | None:
        return self.recorded.get("precision")

    @property
    def micro_batch(self) -> int | None:
        return self.recorded.get("micro_batch")

    @property
    def changes(self) -> tuple[Mapping[str, Any], ...]:
        """What differed from before at the start of later attempts, each with its number under ATTEMPT."""
        return tuple(self.recorded.get(CHANGES, ()))

    @property
    def facts(self) -> dict[str, Any]:
        """All that was recorded at the first start."""
        return {name: value for name, value in self.recorded.items() if name != CHANGES}

    def as_text(self) -> dict[str, str]:
        """Return the environment of a run as text; a value that changed also with the later ones and their attempts."""
        found = {
            name: str(value)
            for name, value in sorted(self.facts.items())
            if isinstance(value, str | int | float)
        }
        for change in self.changes:
            since = f"from attempt {change[ATTEMPT]}"
            for name in sorted(change.keys() - {ATTEMPT}):
                found[name] = f"{found.get(name, 'unknown')}, {since} {change[name]}"
        return found


def trained_on_card() -> ColumnElement[bool]:
    """Whether a row's run was trained on a graphics card, as an SQL expression."""
    return func.coalesce(run_table.c.environment["device"].as_string(), "cpu") != "cpu"
