"""Environment that a run was trained in, from the column `run.environment`: the only reader of its keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func

from engine.store.schema import run_table

CHANGES, ATTEMPT = "changes", "attempt"
"""Keys of the list of later changes, and of the attempt with which each began."""


@dataclass(frozen=True)
class RunEnvironment:
    """Environment at a run's first start, with the changes of later attempts. Empty before the first start."""

    recorded: Mapping[str, Any]

    @property
    def device(self) -> str:
        """Return `cpu` or `cuda:N`; empty where it is not known."""
        return str(self.recorded.get("device") or "")

    @property
    def host(self) -> str:
        """Return the name of the host of the latest attempt; empty where it is not known."""
        moved = [change.get("host") for change in self.recorded.get(CHANGES) or () if change.get("host")]
        return str((moved or [self.recorded.get("host") or ""])[-1])

    @property
    def device_name(self) -> str:
        return str(self.recorded.get("device_name") or "")

    @property
    def device_kind(self) -> str:
        """Return the device's name, or the device where it has none: equal cards share their throughput."""
        return self.device_name or self.device

    @property
    def data_fingerprint(self) -> str:
        """Return the hash of the data set's names, labels, splits and groups; empty where it is not known."""
        return str(self.recorded.get("data_fingerprint") or "")

    @property
    def threads(self) -> int | None:
        return self.recorded.get("threads")

    @property
    def runs_at_once(self) -> int | None:
        """Return how many runs shared the cores when it started, itself included."""
        return self.recorded.get("runs_at_once")

    @property
    def precision(self) -> str | None:
        return self.recorded.get("precision")

    @property
    def channels_last_stages(self) -> int | None:
        """Return the stages of its network that lie in channels last; None where the run chose one order for all."""
        return self.recorded.get("channels_last_stages")

    @property
    def micro_batch(self) -> int | None:
        return self.recorded.get("micro_batch")

    @property
    def changes(self) -> tuple[Mapping[str, Any], ...]:
        """Return the changes found at the start of later attempts, each with the attempt's number under ATTEMPT."""
        return tuple(self.recorded.get(CHANGES, ()))

    @property
    def facts(self) -> dict[str, Any]:
        """Return everything that was recorded at the first start."""
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
    """Return an SQL expression: is a row's run trained on a graphics card?"""
    return func.coalesce(run_table.c.environment["device"].as_string(), "cpu") != "cpu"
