"""Detail of a group: the mean of its members' curves with a band, their matrices summed, best and last. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from engine.store.history import Accuracies, Matrix
from tui.detail_view import Curve, Detail, FindingView, MatrixView
from tui.formatting import decimals, plain
from tui.run_row import RunRow
from tui.snapshot_rows import title_parts
from tui.views.band import BandPoint, curves_counted, mean_band


class Member(NamedTuple):
    """Member of a group, as far as the detail shows it."""

    row: RunRow
    epochs: tuple[Accuracies, ...]
    matrix: Matrix | None
    """Matrix of its newest epoch; None where it is not to be summed."""


def make_group_detail(
    group: RunRow, members: Sequence[Member], baseline: float | None, class_names: Sequence[str]
) -> Detail:
    title = f"{len(members)} × {' · '.join(title_parts(group, group.settings))}"
    return Detail(
        run_id=group.id,
        title=title,
        curve=_curve(group, members, baseline),
        matrix=_matrix(group, members, tuple(map(plain, class_names))),
        findings=_findings(group, members),
        numbers=numbers_of(group, members),
        settings=group.settings,
        data=group.data,
    )


def _curve(group: RunRow, members: Sequence[Member], baseline: float | None) -> Curve:
    """Return the means per epoch, over the members that have measured it; a run that repeats another is not one."""
    assert group.fold is not None
    members = [member for member in members if member.row.id not in group.fold.repeats]
    # An untrained network's accuracy would squash the curve: it is shown only while there is no other.
    first = 1 if any(member.epochs and member.epochs[-1].epoch for member in members) else 0
    drawn = [[row for row in member.epochs if row.epoch >= first] for member in members]
    train = mean_band([(row.epoch, row.train) for row in some if row.train is not None] for some in drawn)
    test = mean_band([(row.epoch, row.test) for row in some if row.test is not None] for some in drawn)
    epochs = sorted({int(point.x) for point in (*train, *test)})
    trained, tested = ({int(point.x): point for point in some} for some in (train, test))
    spread = [tested.get(epoch, BandPoint(epoch, 0.0, None, None, 0)) for epoch in epochs]
    return Curve(
        tuple(epochs),
        tuple(trained[epoch].mean if epoch in trained else None for epoch in epochs),
        tuple(tested[epoch].mean if epoch in tested else None for epoch in epochs),
        baseline,
        max(group.epochs, *epochs, 1),
        tuple(point.low for point in spread),
        tuple(point.high for point in spread),
        curves_counted(test or train),
    )


def _matrix(group: RunRow, members: Sequence[Member], names: tuple[str, ...]) -> MatrixView | None:
    """Return the sum of the members' newest matrices; None where there is none, or they are of different classes."""
    matrices = [member.matrix for member in members if member.matrix is not None]
    if not matrices or len({len(matrix) for matrix in matrices}) > 1:
        return None
    counts = tuple(
        tuple(sum(cells) for cells in zip(*rows, strict=True)) for rows in zip(*matrices, strict=True)
    )
    newest = max(member.epochs[-1].epoch for member in members if member.matrix is not None)
    assert group.fold is not None
    fold_of = dict(zip(group.fold.members, group.fold.fold_of, strict=True))
    pooled = {fold_of[member.row.id] for member in members if member.matrix is not None}
    return MatrixView(counts, names, newest, group.epochs, len(matrices), (len(pooled), group.fold.folds))


def _findings(group: RunRow, members: Sequence[Member]) -> tuple[FindingView, ...]:
    assert group.fold is not None
    left_out = tuple(FindingView(text) for text in group.fold.left_out)
    if not group.headline:
        return left_out
    having = [f"#{member.row.id}" for member in members if member.row.headline == group.headline]
    which = f"{len(having)} of {len(members)}" + (
        f": {', '.join(having)}" if len(having) < len(members) else ""
    )
    return (FindingView(plain(group.headline), group.severity, which), *left_out)


def numbers_of(group: RunRow, members: Sequence[Member]) -> str:
    """Write `best .8407 ± .0123   last .8312 ± .0200   kappa .512 ± .034   n 3`, over what counts."""
    assert group.fold is not None
    if not group.fold.done:
        return f"no result yet: none of {len(members)} is done"
    parts = [
        _with_sd("best", group.best, group.fold.best_sd), _with_sd("last", group.fold.last, group.fold.last_sd),
    ]  # fmt: skip
    if group.kappa is not None:
        parts.append(_with_sd("kappa", group.kappa, group.fold.kappa_sd, 3))
    return "   ".join([*parts, f"n {group.fold.n}"])


def _with_sd(name: str, mean: float | None, sd: float | None, places: int = 4) -> str:
    return f"{name} {decimals(mean, places)}" + (f" ± {decimals(sd, places)}" if sd is not None else "")
