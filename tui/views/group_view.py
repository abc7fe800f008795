"""Several opened runs of one group as one subject of a comparison: means with bands, sums of matrices. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.analysis.groups import Group, Member, group_runs
from engine.analysis.test_sets import TestSet
from engine.metrics.catalogue import numbers
from engine.spec.run_spec import RunSpec
from engine.store.run_numbers import numbered
from tui.detail_view import MatrixView
from tui.views.band import Band, BandPoint, ends_of, mean_band, means_of
from tui.views.run_view import Points, RunView
from tui.views.x_axis import Pace

_KEY = "compared"
"""Group key of the members: the caller has chosen them."""


@dataclass(frozen=True)
class GroupView:
    """Members of a group, by id. Its numbers are the engine's summary of them; its curves leave out repeats."""

    members: tuple[RunView, ...]

    @property
    def short(self) -> str:
        """Return its name in tables: `#1-3`."""
        return f"#{numbered(view.run_id for view in self.members).removeprefix('runs ')}"

    @cached_property
    def group(self) -> Group:
        """Return them as the engine summarises them; where they turn out to have had different data, those that are on
        the data of the first."""
        spec = self.spec.to_json()
        members = tuple(map(_member, self.members))
        found = group_runs(members, {_KEY: spec})
        return found[0] if found else Group(_KEY, members, spec)

    @cached_property
    def counted(self) -> tuple[RunView, ...]:
        """Return the members that its summary counts."""
        run_ids = {each.run_id for each in self.group.counted}
        return tuple(view for view in self.members if view.run_id in run_ids)

    @cached_property
    def drawn(self) -> tuple[RunView, ...]:
        """Return the members whose curves are averaged: those of its data that repeat no other."""
        run_ids = set(self.group.run_ids) - self.group.repeats.keys()
        return tuple(view for view in self.members if view.run_id in run_ids)

    @property
    def state(self) -> str:
        done = sum(view.status == "done" for view in self.members)
        return f"{done}/{len(self.members)} done"

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
    def test_set(self) -> TestSet:
        return next((view.test_set for view in self.members if view.test_images), self.members[0].test_set)

    @cached_property
    def _bands(self) -> Mapping[str, tuple[BandPoint, ...]]:
        return {each.key: mean_band(view.curves[each.key] for view in self.drawn) for each in numbers()}

    @cached_property
    def _losses(self) -> tuple[BandPoint, ...]:
        return mean_band(view.losses for view in self.drawn)

    @cached_property
    def curves(self) -> Mapping[str, Points]:
        """Return the means per epoch of the members that have measured it, by the keys of metrics."""
        return {key: means_of(points) for key, points in self._bands.items()}

    @property
    def losses(self) -> Points:
        return means_of(self._losses)

    @cached_property
    def pace(self) -> Pace:
        """Return the steps of the first, and the mean seconds of each epoch."""
        return Pace(self.members[0].steps_per_epoch, self.curves["seconds"])

    def band(self, key: str) -> Band:
        return ends_of(self._bands[key])

    @property
    def loss_band(self) -> Band:
        return ends_of(self._losses)


def _member(view: RunView) -> Member:
    """Return a run as the engine's groups take it."""
    keys = [each.key for each in numbers()]
    return Member(
        run_id=view.run_id,
        group_key=_KEY,
        status=view.status,
        spec_hash=view.spec.digest(),
        seed=view.spec.seed,
        split_seed=view.spec.split_seed,
        fold=view.spec.fold,
        name=view.name,
        data_fingerprint=view.data_fingerprint,
        baseline=view.baseline,
        best={key: view.at_best(key) for key in keys},
        last={key: view.at_last(key) for key in keys},
    )


def summed(matrices: Sequence[MatrixView], folds: tuple[int, int] = (0, 0)) -> MatrixView | None:
    """Return the sum of matrices; None where there is none, or they are of different classes.

    `folds`: those that are summed, and all of the cross-validation."""
    if not matrices or len({matrix.class_names for matrix in matrices}) > 1:
        return None
    counts = tuple(
        tuple(map(sum, zip(*rows, strict=True)))
        for rows in zip(*(matrix.counts for matrix in matrices), strict=True)
    )
    newest = max(matrix.epoch for matrix in matrices)
    return MatrixView(counts, matrices[0].class_names, newest, matrices[0].epochs, len(matrices), folds)
