"""Home's filter by metrics and settings that have no column."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pilots import SMALL, app, make_home, opened, shown, table, until
from studies import open_groups
from textual.pilot import Pilot
from textual.widgets import Input

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing, overview
from engine.store.add import add_runs
from engine.store.chosen import NOTHING, Chosen
from engine.store.database import Store
from engine.store.overview import Listed
from tui.feeds import first_pages
from tui.preferences.state import load_preferences
from tui.screens.home import HomeScreen
from tui.widgets.filter_line import FilterLine


def says(pilot: Pilot[Any]) -> str:
    return shown(pilot, "#filter-says")


class Reader:
    """Reading of runs, which waits while it is held; knows what was asked for when all runs were read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.goes_on, self.of_all = threading.Event(), list[Chosen]()
        self.goes_on.set()
        self._read = overview.changed_runs
        monkeypatch.setattr(overview, "changed_runs", self)

    def __call__(self, session: Any, after: int, chosen: Chosen = NOTHING, **more: Any) -> Iterator[Listed]:
        if after < 0:
            self.of_all.append(chosen)
            assert self.goes_on.wait(240)
        return self._read(session, after, chosen, **more)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    found = Reader(monkeypatch)
    yield found
    found.goes_on.set()


def fitting(store: Store, least: float) -> set[int]:
    with store.read() as session:
        runs = listing.list_runs(session)
    return {run.id or 0 for run in runs if (run.best_metrics or {}).get("balanced_acc", 0.0) > least}


async def test_what_has_no_column_is_read_for_the_filter_and_shown_nowhere(home: Home, study: Store) -> None:
    added = add_runs(study, [make_spec({"data": "fundus", "optimizer": "adamw", "weight_decay": 1e-2})])
    assert added
    right = fitting(study, 0.5)
    assert 0 < len(right) < 9
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot, 9)
        columns = table(pilot).columns
        await pilot.press("slash", *"balanced_acc>.5")
        await until(pilot, lambda: set(table(pilot).shown) == right)
        assert says(pilot) == f"{len(right)} of 9" and table(pilot).columns == columns
        await pilot.press("escape")
        await until(pilot, lambda: table(pilot).row_count == 9)
        for text, count in (("optimizer:adamw", 1), ("-optimizer:adamw", 8), ("weight_decay>1e-3", 1)):
            await pilot.press("slash", *text)
            await until(pilot, lambda count=count: table(pilot).row_count == count)
            await pilot.press("escape")
            await until(pilot, lambda: table(pilot).row_count == 9)
    assert load_preferences(home).columns == ""


async def test_until_the_values_are_read_the_other_words_filter_and_a_line_says_so(
    home: Home, study: Store, reader: Reader
) -> None:
    right = fitting(study, 0.5)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        reader.goes_on.clear()
        await pilot.press("slash", *"balanced_acc>.5")
        await until(pilot, lambda: says(pilot) == "reading balanced_acc …")
        await until(pilot, lambda: reader.of_all[-1].metrics == ("balanced_acc",))
        assert table(pilot).row_count == 8, "none fits or not by values that are not known"
        await pilot.press("home", "minus", "end", "space", *"id>2")
        await until(pilot, lambda: table(pilot).row_count == 6)
        assert says(pilot) == "reading balanced_acc …"
        await pilot.press("enter")
        line = pilot.app.screen.query_one(FilterLine)
        assert line.display and not line.disabled, "keys would act on runs that the filter does not name"
        reader.goes_on.set()
        await until(pilot, lambda: set(table(pilot).shown) == set(range(3, 9)) - right)
        assert says(pilot) == f"{table(pilot).row_count} of 8"
        await until(pilot, lambda: line.disabled)
        await pilot.press("a")
        await until(pilot, lambda: len(table(pilot).marks) == table(pilot).row_count)


async def test_a_filter_that_is_still_read_is_left_by_escape(
    home: Home, study: Store, reader: Reader
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        reader.goes_on.clear()
        await pilot.press("slash", *"balanced_acc>.5", "enter", "escape")
        line = pilot.app.screen.query_one(FilterLine)
        await until(pilot, lambda: line.disabled and not line.display)


async def test_a_filter_of_what_all_rows_have_reads_nothing_and_one_that_is_dropped_reads_nothing_again(
    home: Home, study: Store, reader: Reader
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        before = len(reader.of_all)
        await pilot.press("slash", *"arch:resnet50 best>.1 -tag:x", "escape", "slash", *"kappa>.1")
        await until(pilot, lambda: table(pilot).row_count < 8)
        assert len(reader.of_all) == before and set(reader.of_all) <= {NOTHING}
        for _ in range(2):
            await pilot.press("escape", "slash", *"balanced_acc>.5")
            await until(pilot, lambda: 0 < table(pilot).row_count < 8 and "of 8" in says(pilot))
            await pilot.press("escape")
            await until(pilot, lambda: table(pilot).row_count == 8)
        assert reader.of_all[before:] == [Chosen(("balanced_acc",))]
        await pilot.press("slash", *"ece>.5")  # undefined in all runs: none fits
        await until(pilot, lambda: table(pilot).row_count == 0 and says(pilot) == "0 of 8")


async def test_a_filter_changes_from_one_metric_to_another_and_back(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("slash", *"balanced_acc>.5")
        await until(pilot, lambda: set(table(pilot).shown) == fitting(study, 0.5))
        await pilot.press(*["backspace"] * 15, *"train_loss>.2")
        await until(
            pilot, lambda: says(pilot).endswith("of 8") and "train_loss" in str(table(pilot).table_query)
        )
        assert table(pilot).row_count > 0
        await pilot.press(*["backspace"] * 13, *"balanced_acc>.5")
        await until(pilot, lambda: set(table(pilot).shown) == fitting(study, 0.5))


async def test_rows_that_come_without_the_values_are_not_filtered_by_them(home: Home, study: Store) -> None:
    """As where columns were changed in the moment in which the filter was typed."""
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("slash", *"balanced_acc>.5", "enter")
        await until(pilot, lambda: set(table(pilot).shown) == fitting(study, 0.5))
        home_screen = pilot.app.screen
        assert isinstance(home_screen, HomeScreen) and (known := home_screen.snapshot) is not None
        bare = {run_id: row._replace(chosen={}) for run_id, row in known.rows.items()}
        home_screen.show(replace(known, rows=bare, chosen=NOTHING))
        assert table(pilot).row_count == 8 and says(pilot) == "reading balanced_acc …"
        home_screen.show(known)
        assert set(table(pilot).shown) == fitting(study, 0.5) and says(pilot).endswith("of 8")


async def test_a_table_that_is_read_in_pieces_is_filtered_when_all_are_read(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LARGE_FILE": 2, "FAR": 1, "NEWEST": 1, "FIRST_PIECE": 2, "MOST_PIECE": 2}.items():
        monkeypatch.setattr(first_pages, name, value)
    right = fitting(study, 0.5)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        counts = set[int]()
        lay_out = table(pilot)._lay_out

        def noted() -> None:
            lay_out()
            counts.add(table(pilot).row_count)

        monkeypatch.setattr(table(pilot), "_lay_out", noted)
        await pilot.press("slash")
        pilot.app.screen.query_one(
            "#filter", Input
        ).value = "balanced_acc>.5"  # at once: a part of it is a word
        await until(pilot, lambda: "of 8" in says(pilot) and set(table(pilot).shown) == right)
        assert counts <= {8, len(right)}, "nothing in between"


async def test_groups_are_filtered_by_the_means_of_a_metric_without_a_column(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tmp_path, monkeypatch)
    open_groups(home.root / "runs.db").close()
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("G", "enter")
        await until(pilot, lambda: table(pilot).row_count == 3)
        await pilot.press("slash", *"balanced_acc>.8")
        await until(pilot, lambda: set(table(pilot).shown) == {-1})
        mean = table(pilot)._groups[-1].chosen["balanced_acc"]
        assert isinstance(mean, float) and 0.8 < mean < 1 and says(pilot) == "3 of 8"
        await pilot.press("escape", "slash", *"optimizer:adamw")
        await until(pilot, lambda: table(pilot).row_count == 0)
        await pilot.press("escape", "slash", *"optimizer:sgd")
        await until(pilot, lambda: table(pilot).row_count == 3)
