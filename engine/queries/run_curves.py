"""Curves of a run from its files, with intervals that count groups of images, such as the two eyes of a patient."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.analysis.run_curves import EpochCurves, EpochScores, curves_of, none_measured, read_epoch_scores
from engine.datasets.layouts import DataError
from engine.files.paths import Home
from engine.queries.image_groups import GroupReader
from engine.spec.run_spec import RunSpec

INDEPENDENT = "images taken as independent"


@dataclass(frozen=True)
class Scorer:
    """Reader of one run's scores."""

    home: Home
    run_id: int
    spec: RunSpec
    class_names: Sequence[str]
    is_ordered: bool
    """Whether its classes are known to be grades."""
    groups: GroupReader
    """Keeps the data sets that it has read, so that several runs may share it."""
    status: str
    epoch: int
    """Epochs that it has completed."""

    def scores(self, epoch: int | None, *, last: bool) -> EpochScores | str:
        """Read the scores of the best or of the last epoch, or return one line on why there are none."""
        if not self.epoch and (self.spec.epochs or epoch is None):
            return f"the run {none_measured(self.status)}"
        if epoch is None:
            return f"there is no best epoch: {self.spec.select_on} is undefined at every one"
        paths = self.home.run(self.run_id)
        return read_epoch_scores(paths, self.class_names, epoch, last=last, status=self.status)

    def curves(self, epoch: int | None, *, last: bool) -> EpochCurves | str:
        """Compute the curves of the best or of the last epoch, or return one line on why there are none."""
        found = self.scores(epoch, last=last)
        if isinstance(found, str):
            return found
        _, counted = self.groups_of(found.test.names)
        return curves_of(
            found,
            self.class_names,
            ordered=self.is_ordered,
            groups_of=lambda names: self.groups_of(names)[0],
            counted=counted,
        )

    def groups_of(self, names: Sequence[str]) -> tuple[list[str] | None, str]:
        """Return the group of each image and what intervals count, in words; None where each image stands alone."""
        try:
            found = self.groups.groups_of(self.spec, names)
        except DataError as error:
            return None, f"{INDEPENDENT}, because their groups cannot be read: {error}"
        groups = found.each(names)
        return groups, INDEPENDENT if groups is None else f"groups of images by {found.rule}"
