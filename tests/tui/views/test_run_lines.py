"""Lines of the run table while groups are folded."""

from table_rows import groups_in, listed

from tui.run_row import RunRow
from tui.snapshot_rows import make_row
from tui.views.folding import Folding
from tui.views.run_lines import arrange_lines
from tui.views.run_list import TableQuery, parse_filter
from tui.views.run_marks import RunMarks


def row(run_id: int, group: str, best: float | None, **values: object) -> RunRow:
    return make_row(listed(run_id, "done", group_key=group, best_acc=best, **values), None)


ROWS = {
    each.id: each
    for each in (
        row(1, "a", 0.7, tags=["old"]),
        row(2, "b", 0.95),
        row(3, "a", 0.9),
        row(4, "b", 0.55),
        row(5, "c", 0.78, arch="resnet50"),
    )
}
GROUPS = Folding().update(ROWS, ROWS, groups_in(ROWS))


def keys(text: str = "", sort: str = "queue", *, opened: tuple[str, ...] = ()) -> tuple[int, ...]:
    query = TableQuery(parse_filter(text), sort)
    return arrange_lines(ROWS, GROUPS, query, set(opened)).keys


def test_a_group_is_one_line_and_a_single_run_stays_one() -> None:
    assert keys() == (5, -2, -1)  # newest first: a group stands where its newest member would
    assert keys(opened=("a",)) == (5, -2, -1, 3, 1)
    lines = arrange_lines(ROWS, GROUPS, TableQuery(), {"a"})
    assert [lines.guides.get(key, "") for key in lines.keys] == ["", "▸", "▾", "├", "└"]
    assert lines.run_ids == [5, 2, 4, 1, 3] and lines.runs_of([-2, 2]) == [2, 4]


def test_groups_are_sorted_by_their_mean_and_their_members_inside() -> None:
    assert keys(sort="best") == (-1, 5, -2)  # .8, .78, .75: the best single run is of the last
    assert keys(sort="best", opened=("a", "b")) == (-1, 3, 1, 5, -2, 2, 4)


def test_a_filter_keeps_a_group_with_the_members_that_fit() -> None:
    assert keys("tag:old", opened=("a",)) == (-1, 1)
    assert arrange_lines(ROWS, GROUPS, TableQuery(parse_filter("-tag:old")), set()).run_ids == [5, 2, 4, 3]
    assert keys("arch:resnet50") == (5,) and keys("arch:nothing") == ()


def test_a_filter_by_results_takes_the_mean_and_not_the_luckiest_member() -> None:
    assert keys("best>.9") == ()
    assert keys("best>.76", opened=("a", "b")) == (5, -1, 3, 1)
    assert keys("best>.76 -tag:old", opened=("a",)) == (5, -1, 3)
    ungrouped = arrange_lines(ROWS, {}, TableQuery(parse_filter("best>.9")), set())
    assert ungrouped.keys == (2,)


def test_a_filter_by_a_metric_takes_the_mean_and_one_by_a_setting_the_members() -> None:
    values = {1: (0.7, 0), 3: (0.9, 1), 2: (0.6, 1), 4: (0.6, 2), 5: (0.95, 0)}
    rows = {
        each: ROWS[each]._replace(chosen={"auc": auc, "split_seed": split})
        for each, (auc, split) in values.items()
    }
    groups = {
        key: group._replace(chosen={"auc": mean})
        for (key, group), mean in zip(sorted(GROUPS.items()), (0.6, 0.8), strict=True)
    }

    def kept(text: str) -> list[int]:
        return sorted(arrange_lines(rows, groups, TableQuery(parse_filter(text)), set()).run_ids)

    assert kept("auc>.75") == [1, 3, 5] and kept("auc>.85") == [5]
    assert kept("split_seed>0") == [2, 3, 4] and kept("split_seed>0 auc>.75") == [3]


def test_marks_of_groups_are_those_of_their_members() -> None:
    lines, marks = arrange_lines(ROWS, GROUPS, TableQuery(), set()), RunMarks()
    marks.toggle(lines.runs_of([-1]))
    assert marks.ids == {1, 3} and marks.share([1, 3]) == "▎" and marks.share([1, 2]) == "▏"
    marks.toggle([2])
    marks.toggle_range(-2)
    assert marks.extend(lines.keys, 2, lines.runs_of) and marks.ids == {1, 2, 3, 4}
    assert marks.extend(lines.keys, 1, lines.runs_of) and marks.ids == {1, 2, 3, 4}  # were marked before
    assert not marks.extend(lines.keys[:1], 0, lines.runs_of) and not marks.in_range
    assert marks.keep([1, 2]) and marks.ids == {1, 2} and not marks.keep([1, 2])
    assert marks.clear() and not marks.clear()


def test_groups_are_compared_as_one_only_where_all_of_them_are_marked() -> None:
    lines = arrange_lines(ROWS, GROUPS, TableQuery(), {"a"})
    assert lines.subjects({1, 3, 5}, GROUPS) == [(5,), (1, 3)]
    assert lines.subjects({3, 4}, GROUPS) == [(4,), (3,)]
    hidden = arrange_lines(ROWS, GROUPS, TableQuery(parse_filter("-tag:old")), set())
    assert hidden.subjects({2, 3, 4}, GROUPS) == [(2, 4), (3,)]
