"""Sections of the run table: the runs of each value of a column or setting."""

import pytest
from table_rows import listed

from engine.store.chosen import Chosen
from tui.feeds.row_groups import with_setting
from tui.run_row import RunRow
from tui.snapshot_rows import make_row
from tui.views.group_by import BY_COLUMN, REPETITIONS, groupings, value_of
from tui.views.line_cells import line_cells
from tui.views.run_lines import arrange_lines
from tui.views.run_list import TableQuery, parse_filter
from tui.views.sections import Sections


def row(run_id: int, arch: str, best: float | None, status: str = "done", **values: object) -> RunRow:
    decay: dict[str, float | str] = {"weight_decay": 0.1 if run_id % 2 else 0.0}
    return make_row(listed(run_id, status, decay, arch=arch, best_acc=best, **values), None)


ROWS = {
    each.id: each
    for each in (
        row(1, "resnet18", 0.7),
        row(2, "resnet50", 0.9, headline="collapsed", severity="error"),
        row(3, "resnet18", None, "failed", cause="diverged"),
        row(4, "resnet50", 0.8),
    )
}


def said(section: RunRow) -> str:
    return "".join(text for text, _ink in line_cells(section, (), " ", "▸"))


def test_a_section_has_its_runs_and_the_numbers_of_its_best() -> None:
    found = Sections("arch").update(ROWS, ROWS)
    assert found.keys() == {-1, -2}
    small, large = found[-1], found[-2]
    assert small.fold is not None and small.fold.members == (1, 3)
    assert " ".join(said(small).split()) == "▸ arch resnet18 2 runs ✔ 1 ✖ 1 best .7000 #1"
    assert " ".join(said(large).split()) == "▸ arch resnet50 2 runs ✔ 2 best .9000 #2 ✖ collapsed ×1"


def test_a_setting_makes_sections_too() -> None:
    found = Sections("weight_decay").update(ROWS, ROWS)
    labels = {row.section.label for row in found.values() if row.section}
    assert labels == {"weight_decay 0.1", "weight_decay 0"}


@pytest.mark.parametrize("by", BY_COLUMN)
def test_all_runs_are_in_one_section_each(by: str) -> None:
    found = Sections(by).update(ROWS, ROWS)
    members = sorted(run_id for row in found.values() if row.fold for run_id in row.fold.members)
    assert members == list(ROWS) and by in groupings()
    assert {value_of(ROWS[row.fold.members[0]], by) for row in found.values() if row.fold} == {
        value_of(each, by) for each in ROWS.values()
    }


def test_only_sections_of_changed_runs_are_made_anew() -> None:
    sections = Sections("arch")
    before = sections.update(ROWS, ROWS)
    assert sections.update(ROWS, [1]) is before, "nothing changed"
    moved = {**ROWS, 3: row(3, "resnet50", 0.95)}
    after = sections.update(moved, [3])
    assert after[-1].fold is not None and after[-1].fold.members == (1,)
    assert after[-2].section is not None and after[-2].section.best == 3
    del moved[1]
    assert sections.update(moved, [1]).keys() == {-2}


def test_sections_are_lines_with_their_runs_below_and_never_compared_as_one() -> None:
    found = Sections("arch").update(ROWS, ROWS)
    opened = {found[-2].group}
    lines = arrange_lines(ROWS, found, TableQuery(sort="best"), opened)
    assert lines.keys == (-2, 2, 4, -1) and lines.guides[-2] == "▾" and lines.guides[4] == "└"
    assert lines.subjects({1, 3}, found) == [(1,), (3,)]
    best = arrange_lines(ROWS, found, TableQuery(parse_filter("best>.85")), opened)
    assert best.keys == (-2, 2), "a section stays while a run of it fits"


def test_pinned_runs_come_first_in_any_order() -> None:
    for query in (TableQuery(), TableQuery(sort="best"), TableQuery(sort="best", reverse=True)):
        pinned = TableQuery(sort=query.sort, reverse=query.reverse, pinned=frozenset({3}))
        usual = [each for each in arrange_lines(ROWS, {}, query, set()).keys if each != 3]
        assert arrange_lines(ROWS, {}, pinned, set()).keys == (3, *usual)


def test_repetitions_come_first_and_settings_are_there() -> None:
    assert next(iter(groupings())) == REPETITIONS and "weight_decay" in groupings()


def test_a_grouping_that_this_version_does_not_know_reads_no_setting_and_is_one_section() -> None:
    assert with_setting(Chosen(), "no_such_setting") == Chosen()
    assert with_setting(Chosen(("auc",)), "weight_decay") == Chosen(("auc",), ("weight_decay",))
    assert with_setting(Chosen(), REPETITIONS) == with_setting(Chosen(), "arch") == Chosen()
    assert len(Sections("no_such_setting").update(ROWS, ROWS)) == 1
