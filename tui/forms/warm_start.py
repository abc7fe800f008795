"""What can be said of warm starts before they are queued: leaks that are known, classes that do not match."""

from collections.abc import Sequence

from engine.datasets.read_options import READ_FIELDS
from engine.files.paths import Home
from engine.spec.constants import PRETRAINED_WORDS
from engine.spec.run_spec import RunSpec
from engine.store.database import Store
from engine.store.errors import QueueError
from engine.store.listing import get_run

SHOWN = 12
"""Classes that a message names."""


def check_warm_starts(home: Home, store: Store, specs: Sequence[RunSpec]) -> list[str]:
    """A line for each leak that is allowed. Raises QueueError for one that is not, and where a run that only
    evaluates has other classes than its source; DataError.

    A source that has not run yet is judged when the run starts."""
    allowed: dict[str, None] = {}
    warm = [spec for spec in specs if spec.pretrained not in PRETRAINED_WORDS]
    for spec in {_what_matters(spec): spec for spec in warm}.values():
        if line := _leak(home, spec):
            allowed[line] = None
        if spec.epochs == 0 and spec.source_run is not None:
            _check_classes(home, store, spec, spec.source_run)
    return list(allowed)


def _what_matters(spec: RunSpec) -> tuple[object, ...]:
    read = tuple(getattr(spec, field) for field in READ_FIELDS)
    return *read, spec.pretrained, spec.allow_leak, spec.epochs == 0


def _leak(home: Home, spec: RunSpec) -> str | None:
    from engine.datasets.provenance import leak_known_early
    from engine.datasets.source import index_data

    leak = leak_known_early(home, spec, lambda: index_data(home, spec))
    if leak is None or not leak.found:
        return None
    if not spec.allow_leak:
        raise QueueError(
            f"{leak.describe()}: choose other data or another split, or accept it with --allow-leak"
        )
    return leak.describe()


def _check_classes(home: Home, store: Store, spec: RunSpec, source: int) -> None:
    from engine.datasets.source import index_data

    with store.read() as session:
        theirs = list(get_run(session, source).class_names)
    if not theirs:
        return
    ours = list(index_data(home, spec).class_names)
    if theirs != ours:
        raise QueueError(
            f"epochs 0 only evaluates, and run {source} answers other classes than {spec.data} has: "
            f"{_in_short(theirs)} against {_in_short(ours)}"
        )


def _in_short(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
