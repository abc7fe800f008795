"""Choice of the columns of the run table that fit a width."""

from collections.abc import Mapping

import pytest
from rich.cells import cell_len
from table_rows import listed

from engine.metrics.catalogue import find_metric
from tui.run_row import Fold, RunRow
from tui.snapshot_rows import make_row
from tui.views import column_plan
from tui.views.column_plan import LEAST_HEADLINE, NEEDED, WANTED, Need, RowValues, plan_columns
from tui.views.table_choice import table_choice
from tui.views.table_columns import COLUMNS, ColumnInfo, content, header, metric_column, setting_column

INFOS = {info.key: info for info in COLUMNS}
EMPTY = dict(RowValues().needs)
FULL = EMPTY | {
    key: Need(width)
    for key, width in (
        ("id", 5), ("name", 20), ("data", 16), ("arch", 16), ("pretrained", 12), ("lr", 6), ("kappa", 5),
        ("findings", 25),
    )
}  # fmt: skip


def test_every_column_can_be_seen() -> None:
    assert NEEDED.keys() | {key for key, _ in WANTED} == INFOS.keys()
    assert len(INFOS) == len(COLUMNS), "two columns have the same key"


@pytest.mark.parametrize("width", [72, 79, 100, 140, 200])
@pytest.mark.parametrize("widths", [EMPTY, FULL], ids=["empty", "full"])
def test_columns_never_exceed_their_width_and_the_wider_have_more(
    width: int, widths: dict[str, Need]
) -> None:
    plan = plan_columns(width, widths, sort="lr")
    keys = [column.key for column in plan]
    assert sum(column.width + 1 for column in plan) <= width and {"id", "epoch", "best"} <= set(keys)
    assert set(keys) <= {column.key for column in plan_columns(width + 20, widths, sort="lr")}
    row = make_row(listed(12, "running", epoch=6, step=24, name="叶" * 30), None)
    for column in plan:
        assert (
            cell_len(content(row, column, mark="▎")) == cell_len(header(column, "lr", True)) == column.width
        )


@pytest.mark.parametrize("width", range(38, 72))
def test_a_table_that_its_border_makes_narrow_cuts_no_column_at_its_edge(width: int) -> None:
    plan = plan_columns(width, FULL, sort="lr")
    assert sum(column.width + 1 for column in plan) <= width
    assert {"id", "epoch", "best"} <= {column.key for column in plan}
    assert all(len(header(column, "lr", True)) == column.width for column in plan)


def test_the_findings_and_the_data_come_before_all_else_that_fits() -> None:
    rows = [
        make_row(listed(1, "done", data="fundus", verdict="collapsed", best_kappa=0.1), None),
        make_row(listed(2, "running", data="fundus-balanced", verdict="healthy"), None),
        make_row(listed(3, "failed", data="digits", lr=0.05), None),
    ]
    wide = RowValues(rows).needs
    assert (wide["arch"], wide["lr"]) == (Need(8, tells=False), Need(4))
    assert wide["findings"] == Need(len("✖ collapsed"))
    home_at_120_columns = 76
    widths = {column.key: column.width for column in plan_columns(home_at_120_columns, wide)}
    assert widths["findings"] == wide["findings"].width and widths["data"] >= 7 and "ends" not in widths
    ended = {column.key: column for column in plan_columns(home_at_120_columns, RowValues(rows[:1]).needs)}
    assert ended["epoch"].width == len("epoch") and "kappa" in ended


def test_a_long_finding_is_whole_where_there_is_room() -> None:
    row = make_row(listed(1, "done"), None)._replace(headline="hardly better than chance", severity="warning")
    needs = {**RowValues([row]).needs, "data": Need(16)}
    assert needs["findings"].width == len("⚠ hardly better than chance")
    widths = {
        width: {column.key: column.width for column in plan_columns(width, needs)} for width in (116, 90)
    }
    assert widths[116]["findings"] == needs["findings"].width
    assert 8 <= widths[90]["findings"] <= 27 and widths[90]["data"] >= 7


def test_settings_that_tell_rows_apart_have_a_column_where_any_row_has_some() -> None:
    rows = several(arch="resnet18", pretrained="none", data="digits")
    assert RowValues(rows).needs["settings"].width == 0
    told = [row._replace(settings=f"weight_decay {row.id}") for row in rows]
    for room in (75, 78, 126):
        plan = {each.key: each for each in plan_columns(room, RowValues(told).needs)}
        assert len({content(row, plan["settings"]) for row in told}) == len(told)


def test_the_name_of_the_data_is_whole_at_200_columns() -> None:
    """Beside rows of groups, whose deviations, seeds and settings have columns too."""
    rows = [
        row._replace(data=data, settings=f"augment {data}", fold=fold_of(row))
        for row, data in zip(several(), ("fundus-balanced", "fundus", "digits"), strict=True)
    ]
    for metrics in ([], [metric_column(find_metric("auc"))]):
        needs = RowValues(rows, metrics).needs
        plan = {each.key: each.width for each in plan_columns(126, needs, own=metrics)}
        assert plan["data"] == len("fundus-balanced"), [each.key for each in metrics]


def test_no_best_accuracy_is_cut() -> None:
    rows = [make_row(listed(number, "done", best_acc=best), None) for number, best in ((1, 1.0), (2, 0.9))]
    column = next(each for each in plan_columns(200, RowValues(rows).needs) if each.key == "best")
    assert [content(row, column) for row in rows] == ["1.0000", " .9000"]
    assert _after(rows, rows[1:])["best"].width == 6
    assert RowValues(rows[1:]).needs["best"].width == 5


HEADLINES = ("groups in train and test", "below the baseline", "no better than chance")


def several(**values: object) -> list[RunRow]:
    """Rows that differ in arch, first weights and learning rate, unless `values` says otherwise."""
    return [
        make_row(
            listed(
                number,
                "done",
                **{"arch": f"resnet{number}", "pretrained": f"run:{number}", "lr": 0.1 / number}
                | {"best_acc": 0.8, "best_kappa": 0.5, "headline": headline, "severity": "warning"}
                | values,
            ),
            None,
        )
        for number, headline in enumerate(HEADLINES, 18)
    ]


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_the_gravest_finding_can_be_read_beside_groups_and_columns_of_ones_own(columns: int) -> None:
    chosen = [metric_column(find_metric(key)) for key in ("auc", "mcc", "macro_f1")]
    rows = several(epochs=100)
    grouped = [row._replace(fold=fold_of(row)) for row in rows]
    room = 78 if columns < 110 else columns * 77 // 120 - 2
    plan = {each.key: each for each in plan_columns(room, RowValues(grouped, chosen).needs, own=chosen)}
    texts = [content(row, plan["findings"]).rstrip() for row in grouped]
    assert all(len(text) >= LEAST_HEADLINE for text in texts) and len(set(texts)) == len(HEADLINES)
    assert header(plan["findings"], "id", False).rstrip() == "findings"
    assert ("auc" in plan) and (columns < 200 or plan.keys() >= {"mcc", "macro_f1", "best_sd", "kappa_sd"})


def test_a_setting_in_which_no_rows_differ_gives_way() -> None:
    alike = RowValues(several(arch="resnet18", pretrained="none", lr=0.1)).needs
    assert {each.key for each in plan_columns(50, alike)}.isdisjoint({"arch", "pretrained"})
    assert {each.key for each in plan_columns(100, alike)} > {"arch", "pretrained", "lr"}
    assert {each.key for each in plan_columns(60, RowValues(several()).needs)} > {"arch", "pretrained", "lr"}
    assert _after(several(), several(arch="resnet18"))["arch"].tells, "columns do not jump"


def _after(before: list[RunRow], rows: list[RunRow]) -> Mapping[str, Need]:
    values = RowValues(before)
    values.add(rows)
    return values.needs


def fold_of(row: RunRow) -> Fold:
    return Fold((row.id, row.id + 100), 2, 0, 0.01, 0.02, "0–1", 1)


def test_what_tells_rows_apart_comes_before_the_times_at_which_they_start() -> None:
    rows = [
        make_row(
            listed(
                number,
                "queued" if number > 20 else "done",
                **{"arch": arch, "lr": lr, "seed": seed, "pretrained": "imagenet" if number % 2 else "none"},
                best_acc=0.8,
                headline=HEADLINES[0],
                severity="warning",
            ),
            None,
        )._replace(remark="starts ≈ 15:52")
        for number, (arch, lr, seed) in enumerate(
            [(arch, lr, seed) for seed in (1, 2) for arch, lr in (("resnet18", 0.1), ("resnet50", 1e-3))] * 2,
            16,
        )
    ]
    needs = RowValues(rows).needs
    at = {width: {each.key: each for each in plan_columns(width, needs)} for width in (66, 78)}
    for width, plan in at.items():
        assert sum(each.width + 1 for each in plan.values()) <= width
        assert content(rows[-1], plan["seed"]).strip() == "2"
    assert content(rows[-1], at[66]["epoch"]).strip() == "≈ 15:52"
    assert content(rows[-1], at[78]["epoch"]).strip() == "starts ≈ 15:52"


def test_data_and_kappa_have_columns_only_where_they_tell_something() -> None:
    rows = [make_row(listed(number, data=data), None) for number, data in ((1, "a/b"), (2, "c"))]
    assert RowValues(rows[:1]).needs["data"].width == 0 and RowValues(rows).needs["data"].width == 4
    assert {column.key for column in plan_columns(200, RowValues(rows).needs)} & {"data", "kappa"} == {"data"}


def test_the_columns_that_a_user_chose_come_first_where_the_width_is_short() -> None:
    chosen = [metric_column(find_metric("auc")), metric_column(find_metric("val_mcc"))]
    row = make_row(listed(1, "done", {"auc": 0.8125}), None)
    wide = RowValues([row], chosen).needs
    least = sum(column.width + 1 for column in plan_columns(0, wide))
    widths = [max(wide[each.key].width, len(each.label)) + 1 for each in chosen]
    for room, keys in ((0, []), (widths[0], ["auc"]), (sum(widths), ["auc", "val_mcc"])):
        plan = plan_columns(least + room, wide, own=chosen)
        assert [column.key for column in plan if column.key in {"auc", "val_mcc"}] == keys
    auc, mcc = (each for each in plan if each.key in {"auc", "val_mcc"})
    assert content(row, auc) == " .812" and content(row, mcc).strip() == "–"
    assert header(mcc, "val_mcc", False).strip() == "val MCC▾" and header(auc, "id", False) == "  AUC"


def test_a_column_is_added_by_its_entry_and_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def batch(row: RunRow, _width: int) -> str:
        return str(row.batch_size)

    added = ColumnInfo("toy", "toy", batch, lambda row: row.batch_size, lambda _sizes: 5, right=True)
    monkeypatch.setattr(column_plan, "COLUMNS", (*COLUMNS[:-1], added, COLUMNS[-1]))
    monkeypatch.setattr(column_plan, "WANTED", (("toy", 5), *WANTED))
    row = make_row(listed(1, "done", batch_size=24, headline="toy"), None)
    *_, column, last = plan_columns(100, RowValues([row]).needs, sort="toy")
    assert (column.key, last.key) == ("toy", "findings")
    assert header(column, "toy", False) == " toy▾" and content(row, column) == "   24"


def test_headings_are_whole_with_their_arrow_whatever_the_width() -> None:
    own = [setting_column("weight_decay"), metric_column(find_metric("val_mcc"))]
    rows = [row._replace(fold=fold_of(row), remark="starts ≈ 15:52") for row in several()]
    needs = RowValues(rows, own).needs
    for width in range(40, 200):
        for sort in ("pretrained", "kappa", "val_mcc", "weight_decay"):
            for column in plan_columns(width, needs, own=own, sort=sort):
                head = header(column, sort, True)
                named = column.info.label in head or (column.info.short and column.info.short in head)
                assert named and len(head) == column.width


def test_a_column_of_the_table_is_shown_always_or_never() -> None:
    rows = several(arch="resnet18", data="digits")
    needs = RowValues(rows).needs
    usual = {each.key for each in plan_columns(200, needs)}
    assert "data" not in usual and "kappa" in usual
    asked = table_choice("data,-kappa,-lr,-best")
    assert {each.key for each in plan_columns(200, needs, asked)} >= {"data"}
    assert {each.key for each in plan_columns(200, needs, asked)}.isdisjoint({"kappa", "lr", "best"})


def test_a_setting_has_a_column_of_its_values() -> None:
    column = setting_column("weight_decay")
    rows = [row._replace(chosen={"weight_decay": 10.0**-row.id}) for row in several()]
    plan = plan_columns(200, RowValues(rows, [column]).needs, own=[column])
    shown = next(each for each in plan if each.key == "weight_decay")
    assert [content(row, shown).strip() for row in rows] == ["1e-18", "1e-19", "1e-20"]
