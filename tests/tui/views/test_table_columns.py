"""Columns of the run table and what they show, and that the table can be sorted by them."""

import pytest
from table_rows import listed, wait

from tui.snapshot_rows import make_row
from tui.views.column_plan import RowValues
from tui.views.run_list import TableQuery, arrange, parse_filter
from tui.views.table_columns import COLUMNS, SORTS, Column, content

INFOS = {info.key: info for info in COLUMNS}


def test_the_end_of_a_long_path_is_shown() -> None:
    long = make_row(listed(3, data="/scratch/project/retina"), None)
    assert content(long, Column(INFOS["data"], 8)) == "…/retina"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "weight_decay 0.001, loss focal"),
        (29, "weight_dec… 0.001, loss focal"),
        (24, "weigh… 0.001, loss focal"),
        (21, "we… 0.001, lo… focal"),
        (14, "weig… 0.001 +1"),
        (8, "w… 0.001"),
    ],
)
def test_the_names_of_settings_are_cut_before_their_values(width: int, shown: str) -> None:
    row = make_row(listed(1), None, "weight_decay 0.001, loss focal")
    assert content(row, Column(INFOS["settings"], width)).rstrip() == shown


@pytest.mark.parametrize(
    ("status", "values", "shown"),
    [
        ("running", {"epoch": 6, "step": 24}, "▕████▊   ▏ 6/10"),
        ("running", {"epoch": 6, "request": "pause"}, "6/10 pausing"),
        ("failed", {"epoch": 2, "error": "diverged at step 3"}, "2/10 diverged …"),
        ("failed", {"epoch": 2, "error": "the loss is not finite", "cause": "diverged"}, "2/10 diverged"),
        ("done", {"epoch": 10}, "10/10"),
        ("paused", {"epoch": 3}, "3/10"),
    ],
)
def test_the_epochs_cell(status: str, values: dict[str, object], shown: str) -> None:
    row = make_row(listed(1, status, **values), None)
    assert content(row, Column(INFOS["epoch"], 15)).rstrip() == shown


@pytest.mark.parametrize("key", SORTS)
def test_the_table_can_be_sorted_by_every_column(key: str) -> None:
    rows = [
        make_row(
            listed(
                number, status, seed=number, lr=number / 8, epoch=number, name=f"n{number}", data=f"d{number}",
                arch=f"a{number}", pretrained=f"p{number}", best_acc=number / 8, best_kappa=number / 8,
                headline=f"v{number}", user_name=f"u{number}",
            ),
            wait(None, ends=60 * number),
            f"augment a{number}",
            (number, 3),
        )
        for number, status in ((1, "done"), (2, "running"))
    ]  # fmt: skip
    # A new column needs a value above in which the two rows differ.
    orders = {
        arrange({row.id: row for row in rows}, TableQuery((), key, reverse)) for reverse in (False, True)
    }
    assert orders == {(1, 2), (2, 1)}


def test_folds_of_a_cross_validation_are_told_apart() -> None:
    rows = [make_row(listed(number), None, part=(number, 3)) for number in (1, 2)]
    assert [content(row, Column(INFOS["fold"], 4)) for row in rows] == [" 1/3", " 2/3"]
    assert RowValues(rows).needs["fold"].width == 4
    assert RowValues([make_row(listed(1), None)]).needs["fold"].width == 0, "no cross-validation"
    terms = parse_filter("fold:2")
    assert arrange({row.id: row for row in rows}, TableQuery(terms, "id", False)) == (2,)
