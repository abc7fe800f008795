"""Group of the opened run: how its other members did, as a band behind the run's own curve. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from engine.analysis.groups import Group
from engine.store.history import Accuracies
from tui.formatting import decimals
from tui.views.band import Band, ends_of, mean_band, means_of


@dataclass(frozen=True)
class GroupBand:
    """Test accuracy of the other members by epoch, and what the group's summary says."""

    says: str
    means: tuple[tuple[float, float], ...]
    band: Band
    """Mean ± sample standard deviation, where two members or more have measured the epoch."""


def make_group_band(group: Group, run_id: int, epochs: Iterable[Accuracies]) -> GroupBand:
    """Return the band of the members that the group's summary counts, but for this run; of all others where it counts
    none.

    `epochs`: the accuracies of all members, by run and epoch."""
    shown = {each.run_id for each in group.counted or group.members} - {run_id}
    curves = [
        [(float(row.epoch), row.test) for row in rows if row.epoch and row.test is not None]
        for member, rows in groupby(epochs, key=attrgetter("run_id"))
        if member in shown
    ]
    points = mean_band(curves)
    return GroupBand(_says(group), means_of(points), ends_of(points))


def _says(group: Group) -> str:
    """Write `group of 5 runs: .8407 ± .0123 at best epoch`, with n where not all of them count."""
    n, mean, sd = group.spread("test_acc")
    name = f"group of {len(group.members)} runs: "
    if mean is None:
        return f"{name}none is done"
    deviation = f" ± {decimals(sd)}" if sd is not None else ""
    counted = f", n {n}" if n != len(group.members) else ""
    return f"{name}{decimals(mean)}{deviation} at best epoch{counted}"
