"""Groups on the home screen, by keys."""

import contextlib
import re
from collections.abc import Iterator

import pytest
from pilots import SMALL, TALL, app, asked, notified, shown, statuses, table, until
from studies import open_groups
from textual.pilot import Pilot
from textual.widgets import Input

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from tui.preferences.state import load_preferences
from tui.screens.compare import CompareScreen
from tui.screens.run import RunScreen
from tui.widgets.detail import CurveLegend


@pytest.fixture
def grouped(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("XDG_STATE_HOME", str(home.root / "state"))
    with contextlib.closing(open_groups(home.root / "runs.db")) as store:
        yield store


def lines(pilot: Pilot[object]) -> list[str]:
    """The table as it is drawn, its heading first."""
    drawn = table(pilot)
    return [
        "".join(segment.text for segment in drawn.render_line(y)).rstrip() for y in range(drawn.row_count + 1)
    ]


async def folded(pilot: Pilot[object]) -> None:
    await until(pilot, lambda: table(pilot).row_count == 8)
    await pilot.press("G", "enter")
    await until(pilot, lambda: table(pilot).row_count == 3)


async def test_a_group_is_one_row_with_its_mean_and_opens_to_its_members(home: Home, grouped: Store) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await folded(pilot)
        head, slow, _, fast = lines(pilot)
        assert "± sd" in head
        assert "▸ ○" in slow and "×4" in slow and "2/4 done ✖1" in slow
        assert "▸ ✔  ×3" in fast and "3/3 done" in fast and "±.0" in fast
        await pilot.press("G", "enter")
        await until(pilot, lambda: table(pilot).row_count == 8)
        assert "± sd" not in lines(pilot)[0]
        await pilot.press("G", "enter")
        await until(pilot, lambda: table(pilot).row_count == 3)
        await pilot.press("end", "enter")
        await until(pilot, lambda: table(pilot).row_count == 6)
        assert [line[1:5].strip() for line in lines(pilot)[3:]] == ["▾ ✔", "├ ✔", "├ ✔", "└ ✔"]
        await pilot.press("j", "left")  # from a member to its group
        await until(pilot, lambda: table(pilot).row_count == 3)
        assert table(pilot).group is not None and table(pilot).run_id == -1


async def test_the_detail_of_a_group_has_its_band_sum_and_numbers(home: Home, grouped: Store) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await folded(pilot)
        await pilot.press("end")
        await until(pilot, lambda: "3 × resnet18" in shown(pilot, "#title"))
        assert "best" in shown(pilot, "#findings") and "n 3" in shown(pilot, "#findings")
        legend = str(pilot.app.screen.query_one(CurveLegend).render())
        assert "sd of 3" in legend
        assert "sum of 3  n 3 × 201" in shown(pilot, "#matrix-title")
        await pilot.press("g")
        await until(pilot, lambda: "4 × resnet18" in shown(pilot, "#title"))
        assert "n 2" in shown(pilot, "#findings")


async def test_what_was_folded_and_opened_is_remembered(home: Home, grouped: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await folded(pilot)
        await pilot.press("end", "right")
        await until(pilot, lambda: table(pilot).row_count == 6)
    assert load_preferences(home).grouped and load_preferences(home).opened
    async with app(home).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 6)
        await pilot.press("end", "left", "G", "enter", "greater_than_sign")
        await until(pilot, lambda: table(pilot).row_count == 8)
    assert not load_preferences(home).grouped and not load_preferences(home).opened


async def test_marking_a_group_marks_its_members_and_keys_act_on_them(home: Home, grouped: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await folded(pilot)
        await pilot.press("end", "space")
        await until(pilot, lambda: "3 marked" in shown(pilot, "#head"))
        assert table(pilot).chosen() == [1, 2, 3] or set(table(pilot).chosen()) == {1, 2, 3}
        await pilot.press("escape")
        await until(pilot, lambda: not table(pilot).marks)
        await pilot.press("D")  # without marks: the members of the highlighted group
        await until(pilot, lambda: "3 runs" in asked(pilot))
        await pilot.press("y")
        await until(pilot, lambda: table(pilot).row_count == 2)
    assert set(statuses(grouped)) == {4, 5, 6, 7, 8}


async def test_runs_are_grouped_by_any_column_or_setting_and_back(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 8)
        await pilot.press("G", *"pretr", "enter")
        await until(pilot, lambda: any("pretrained none" in line for line in lines(pilot)))
        sections = lines(pilot)[1:]
        assert all(line.split()[:2] == ["▸", "pretrained"] for line in sections) and len(sections) < 8
        await pilot.press("g", "enter")
        await until(pilot, lambda: table(pilot).row_count > len(sections))
        best = table(pilot).group
        assert best is not None and best.section is not None
        await until(pilot, lambda: f"#{best.section.best} " in shown(pilot, "#title"))  # type: ignore[union-attr]
        await pilot.press("G", *"weight_de", "enter")
        await until(pilot, lambda: [line.split()[1] for line in lines(pilot)[1:]] == ["weight_decay"])
    async with app(home).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: [line.split()[1] for line in lines(pilot)[1:]] == ["weight_decay"])
        await pilot.press("G", "enter")  # off again, and on: by what it was
        await until(pilot, lambda: table(pilot).row_count == 8)
        await pilot.press("G", "enter")
        await until(pilot, lambda: table(pilot).row_count == 1)


async def test_a_filter_keeps_groups_with_their_members_that_fit(home: Home, grouped: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await folded(pilot)
        await pilot.press("slash", *"seed:1", "enter")
        await until(pilot, lambda: table(pilot).row_count == 2)
        await until(pilot, lambda: "2 of 8" in shown(pilot, "#filter-says"))
        await pilot.press("a")
        await until(pilot, lambda: "2 marked" in shown(pilot, "#head"))
        assert set(table(pilot).chosen()) == {2, 5}


async def test_a_run_below_its_group_opens_as_ever(home: Home, grouped: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await folded(pilot)
        await pilot.press("end", "l", "j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await pilot.press("escape")
        await until(pilot, lambda: table(pilot).row_count == 6)
        await pilot.press("h")
        await until(pilot, lambda: table(pilot).row_count == 3)


async def test_recipes_that_differ_in_a_setting_without_a_column_are_told_apart(home: Home) -> None:
    with contextlib.closing(open_store(home.database)) as store:
        for augment in ("flip", "none"):
            specs = [{"data": "digits", "augment": augment, "seed": seed} for seed in range(3)]
            add_runs(store, list(map(make_spec, specs)))
    async with app(home).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 6)
        await until(pilot, lambda: "augment flip" in lines(pilot)[1] and "augment none" in lines(pilot)[6])
        await until(pilot, lambda: "#1 resnet18 · augment flip · none" in shown(pilot, "#title"))
        await pilot.press("G", "enter")
        await until(pilot, lambda: table(pilot).row_count == 2)
        assert "augment flip" in lines(pilot)[1] and "augment none" in lines(pilot)[2]
        await pilot.press("end")
        await until(pilot, lambda: "3 × resnet18 · augment none" in shown(pilot, "#title"))
        await pilot.press("slash", *"settings:flip", "enter")
        await until(pilot, lambda: table(pilot).row_count == 1)
        with contextlib.closing(open_store(home.database)) as store:  # another that looks like them
            add_runs(store, [make_spec({"data": "digits", "augment": "flip+crop", "loss": "focal"})])
        await until(pilot, lambda: table(pilot).row_count == 2)
        await until(pilot, lambda: sum("loss focal" in line for line in lines(pilot)[1:]) == 1)
        assert sum("augment flip " in line for line in lines(pilot)[1:]) == 1, "its loss is the usual one"


async def test_the_command_that_is_copied_of_a_group_has_its_sweep(home: Home) -> None:
    with contextlib.closing(open_store(home.database)) as store:
        for name in ("=a sweep", "=a sweep", ""):
            add_runs(store, [make_spec({"data": "digits", "seed": store_runs(store)})], sweep=name)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 3)
        await pilot.press("space", "space", "Y")  # the two of the sweep
        await until(pilot, lambda: pilot.app.clipboard)
        assert pilot.app.clipboard == "resnet-tui add --data digits --seed 0,1 --sweep '=a sweep'"
        await pilot.press("escape", "G", "enter")
        await until(pilot, lambda: table(pilot).row_count == 1)
        await pilot.press("Y")  # the group, of which one is of no sweep
        await until(pilot, lambda: pilot.app.clipboard == "resnet-tui add --data digits --seed 0,1,2")


def store_runs(store: Store) -> int:
    with store.read() as session:
        return len(listing.run_ids(session))


async def test_the_title_has_no_value_without_a_name_in_a_narrow_pane(home: Home) -> None:
    with contextlib.closing(open_store(home.database)) as store:
        for more in ({"augment": "flip", "loss": "focal", "weight_decay": 0.001}, {"augment": "none"}):
            add_runs(store, [make_spec({"data": "digits", **more})])
    async with app(home).run_test(size=TALL) as pilot:
        await until(pilot, lambda: re.search(r"· a\S*… flip.* \+[12] ?", shown(pilot, "#title")))
        await pilot.resize_terminal(200, 60)
        await until(pilot, lambda: "augment flip, weight_decay 0.001, loss focal" in shown(pilot, "#title"))


async def test_a_home_without_groups_says_what_makes_one(home: Home) -> None:
    with contextlib.closing(open_store(home.database)) as store:
        add_runs(store, [make_spec({"data": "digits", "lr": lr}) for lr in (0.1, 0.01)])
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 2)
        await pilot.press("G", "enter")
        await until(pilot, lambda: "no groups yet" in notified(pilot))
        assert table(pilot).row_count == 2


async def test_marked_groups_are_compared(home: Home, grouped: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await folded(pilot)
        await pilot.press("space", "c")
        await until(pilot, lambda: "mark them with space first" in notified(pilot))
        await pilot.press("end", "space", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        await until(pilot, lambda: "2 groups" in shown(pilot, "#compare-head"))
        assert "differ in lr" in shown(pilot, "#compare-head") and "mean ± 1 sd" in shown(pilot, "#key")
        await pilot.press("2")
        assert "± sd" in shown(pilot, "#numbers-text") and "n 3" in shown(pilot, "#numbers-text")
        await pilot.press("4")
        await until(pilot, lambda: "best of" in shown(pilot, "#difference-head"))
        assert "group of #4 − group of #1: not compared" in shown(pilot, "#difference-test")


async def test_a_group_is_cloned_as_a_whole(home: Home, grouped: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await folded(pilot)
        await pilot.press("end", "C")
        await until(pilot, lambda: bool(pilot.app.screen.query("#seed")))
        assert shown(pilot, ".heading") == "Clone of runs 1-3, all of one group"
        assert pilot.app.screen.query_one("#seed", Input).value == "0,1,2"


async def test_folds_are_told_apart_where_their_group_is_open(home: Home) -> None:
    with contextlib.closing(open_store(home.database)) as store:
        add_runs(store, [make_spec({"data": "digits", "folds": 3, "fold": fold}) for fold in (1, 2, 3)])
    async with app(home).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 3)
        assert {fold for line in lines(pilot)[1:] for fold in re.findall(r"\d/3", line)} == {
            "1/3",
            "2/3",
            "3/3",
        }
        with contextlib.closing(open_store(home.database)) as store:  # a later run, which is no fold
            add_runs(store, [make_spec({"data": "digits"})])
        await until(pilot, lambda: table(pilot).row_count == 4)
        assert len([line for line in lines(pilot)[1:] if re.search(r"\d/3", line)]) == 3
