"""Several opened runs of one group as one subject of a comparison: means with bands, sums of matrices. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.metrics.catalogue import numbers
from engine.spec.run_spec import RunSpec
from engine.store.run_numbers import numbered
from tui.snapshot import MatrixView
from tui.views.band import BandPoint, mean_band
from tui.views.folding import mean_and_sd
from tui.views.run_view import Points, RunView

Band = tuple[tuple[float, float, float], ...]
"""Place, mean less and mean plus one standard deviation."""


@dataclass(frozen=True)
class GroupView:
    """Members of a group, by id. Its numbers are those of the members that are done; its curves those of all."""

    members: tuple[RunView, ...]

    @property
    def short(self) -> str:
        """Return its name in tables: `#1-3`."""
        return f"#{numbered(view.run_id for view in self.members).removeprefix('runs ')}"

    @property
    def done(self) -> tuple[RunView, ...]:
        return tuple(view for view in self.members if view.status == "done")

    @property
    def state(self) -> str:
        return f"{len(self.done)}/{len(self.members)} done"

    @property
    def spec(self) -> RunSpec:
        """Return the settings of the first; the others' differ in what a group varies."""
        return self.members[0].spec

    @property
    def epoch(self) -> int:
        return max(view.epoch for view in self.members)

    @property
    def last_epoch(self) -> int:
        return max(view.last_epoch for view in self.members)

    @property
    def baseline(self) -> float | None:
        """Return the baseline that all members share; None where they differ."""
        levels = {view.baseline for view in self.members if view.baseline is not None}
        return next(iter(levels)) if len(levels) == 1 else None

    @property
    def is_optimistic(self) -> bool:
        return self.members[0].is_optimistic

    @property
    def class_names(self) -> tuple[str, ...]:
        return next((view.class_names for view in self.members if view.class_names), ())

    @property
    def test_images(self) -> int:
        return next((view.test_images for view in self.members if view.test_images), 0)

    @property
    def test_set(self) -> tuple[str, float, int]:
        return next((view.test_set for view in self.members if view.test_images), self.members[0].test_set)

    @cached_property
    def _bands(self) -> Mapping[str, tuple[BandPoint, ...]]:
        return {each.key: mean_band(view.curves[each.key] for view in self.members) for each in numbers()}

    @cached_property
    def _losses(self) -> tuple[BandPoint, ...]:
        return mean_band(view.losses for view in self.members)

    @cached_property
    def curves(self) -> Mapping[str, Points]:
        """Return the means per epoch of the members that have measured it, by the keys of metrics."""
        return {key: _means(points) for key, points in self._bands.items()}

    @property
    def losses(self) -> Points:
        return _means(self._losses)

    def band(self, key: str) -> Band:
        return _ends(self._bands[key])

    @property
    def loss_band(self) -> Band:
        return _ends(self._losses)

    def mean_and_sd(self, of: Callable[[RunView], float | None]) -> tuple[float | None, float | None]:
        """Return mean and sample standard deviation of a number over the members that are done."""
        return mean_and_sd([value for view in self.done if (value := of(view)) is not None])


def _means(points: Sequence[BandPoint]) -> Points:
    return tuple((point.x, point.mean) for point in points)


def _ends(points: Sequence[BandPoint]) -> Band:
    return tuple(
        (point.x, point.low, point.high)
        for point in points
        if point.low is not None and point.high is not None
    )


def summed(matrices: Sequence[MatrixView]) -> MatrixView | None:
    """Return the sum of matrices; None where there is none, or they are of different classes."""
    if not matrices or len({matrix.class_names for matrix in matrices}) > 1:
        return None
    counts = tuple(
        tuple(map(sum, zip(*rows, strict=True)))
        for rows in zip(*(matrix.counts for matrix in matrices), strict=True)
    )
    newest = max(matrix.epoch for matrix in matrices)
    return MatrixView(counts, matrices[0].class_names, newest, matrices[0].epochs, len(matrices))
