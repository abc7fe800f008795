"""Groups as rows of the run table."""

import statistics
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_rows import groups_in, listed

from tui.run_row import RunRow
from tui.snapshot_rows import make_row
from tui.views.folding import Folding, group_row


def rows_of(*runs: tuple[str, str, float | None], **values: object) -> dict[int, RunRow]:
    """Rows of group, status and best accuracy."""
    return {
        number: make_row(
            listed(number, status, group_key=group, best_acc=best, best_kappa=best, seed=number, **values),
            None,
        )
        for number, (group, status, best) in enumerate(runs, 1)
    }


def folded(rows: Mapping[int, RunRow]) -> Mapping[int, RunRow]:
    return Folding().update(rows, rows, groups_in(rows))


def row_of(rows: Mapping[int, RunRow]) -> RunRow:
    (group,) = groups_in(rows)({row.group for row in rows.values()})
    return group_row(group, list(rows.values()))


def test_a_group_has_the_mean_over_its_members_that_are_done_and_their_deviation() -> None:
    rows = rows_of(("a", "done", 0.8), ("a", "running", 0.1), ("a", "done", 0.9), ("b", "done", 0.5))
    (group,) = folded(rows).values()
    assert group.id == -1 and group.fold is not None and group.fold.members == (1, 2, 3)
    assert (group.fold.done, group.status, group.fold.seeds) == (2, "running", "1–3")
    assert group.best is not None and abs(group.best - 0.85) < 1e-12
    assert group.fold.best_sd is not None
    assert abs(group.fold.best_sd - statistics.stdev([0.8, 0.9])) < 1e-12
    assert group.rank == rows[2].rank and group.kappa == group.best


def test_without_a_result_a_group_has_no_number() -> None:
    rows = rows_of(("a", "running", 0.4), ("a", "queued", None))
    group = row_of(rows)
    assert group.best is None and group.fold is not None and group.fold.best_sd is None
    one = row_of(rows_of(("a", "done", 0.4), ("a", "failed", 0.1)))
    assert one.fold is not None and (one.best, one.fold.best_sd, one.fold.failed) == (0.4, None, 1)
    assert (one.status, one.progress) == ("done", 1.0)


def test_the_gravest_finding_of_the_members_is_the_groups() -> None:
    rows = rows_of(*[("a", "done", 0.5)] * 3)
    rows = {run_id: row._replace(headline="chosen on test", severity="note") for run_id, row in rows.items()}
    group = row_of({**rows, 3: rows[3]._replace(headline="collapsed", severity="error")})
    assert group.fold is not None and (group.headline, group.fold.flagged, group.warned) == (
        "collapsed",
        1,
        True,
    )


def test_what_happens_elsewhere_leaves_a_group_the_same_object() -> None:
    rows = rows_of(("a", "done", 0.8), ("a", "done", 0.9), ("b", "done", 0.5), ("b", "running", 0.5))
    folding = Folding()
    before = folding.update(rows, rows, groups_in(rows))
    assert folding.update(rows, [1, 2], groups_in(rows)) is before
    more = {**rows, 5: rows[4]._replace(id=5), 4: rows[4]._replace(best=0.6, status="done")}
    after = folding.update(more, [4, 5], groups_in(more))
    assert after[-1] is before[-1] and after[-3] != before[-3]
    assert folding.update({1: rows[1]}, [2, 3, 4, 5], groups_in({1: rows[1]})) == {}


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 6), st.sampled_from(["a", "b", ""]), st.sampled_from(["done", "queued"]), st.booleans()
    ),
    max_size=30,
)


@given(CHANGES)
def test_groups_that_are_kept_up_to_date_are_those_made_anew(
    changes: list[tuple[int, str, str, bool]],
) -> None:
    folding, rows = Folding(), dict[int, RunRow]()
    for run_id, group, status, is_removed in changes:
        rows = dict(rows)
        if is_removed:
            rows.pop(run_id, None)
        else:
            rows[run_id] = make_row(listed(run_id, status, group_key=group, best_acc=run_id / 8), None)
        kept = folding.update(rows, [run_id], groups_in(rows))
        assert kept == folded(rows)
        check(rows, kept)


def check(rows: Mapping[int, RunRow], groups: Mapping[int, RunRow]) -> None:
    for key, group in groups.items():
        assert group.fold is not None and -key == min(group.fold.members)
        values = [rows[each].best or 0.0 for each in group.fold.members if rows[each].status == "done"]
        assert group.best == (pytest.approx(statistics.fmean(values)) if values else None)
