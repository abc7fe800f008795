"""The home screen by keys: marks, filter, order, and what is done to runs."""

import re
from datetime import UTC, datetime
from pathlib import Path

from pilots import SMALL, TALL, app, asked, go_to, notified, opened, shown, statuses, table, until
from textual.widgets import Static

from engine.analysis.news import RunState, gather
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing, queue
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store, open_store
from tui import verbs
from tui.preferences.news_cursor import BEGINNING
from tui.screens import run_actions
from tui.screens.journal import JournalScreen
from tui.screens.text_prompt import AskScreen
from tui.views.news_text import in_short

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


async def test_marked_runs_are_cancelled_together_and_undo_brings_them_back(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 7)
        await pilot.press("space", "space")
        await until(pilot, lambda: "2 marked" in shown(pilot, "#head"))
        assert table(pilot).chosen() == [7, 8]
        await pilot.press("x")
        await until(pilot, lambda: "runs 7-8: cancelled" in notified(pilot))
        assert statuses(study)[7] == statuses(study)[8] == "cancelled"
        await pilot.press("u")
        await until(pilot, lambda: statuses(study)[7] == statuses(study)[8] == "queued")
        await until(pilot, lambda: "undone: cancel runs 7-8" in notified(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "marked" not in shown(pilot, "#head"))


async def test_the_most_confused_classes_are_named_beside_the_matrix(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        line = pilot.app.screen.query_one("#confused")
        await until(
            pilot, lambda: line.display and "2 moderate as 0 no DR (26); 1 mild" in shown(pilot, "#confused")
        )
        assert shown(pilot, "#matrix-title") == "confusion  epoch 3  n 201  row share"
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: shown(pilot, "#matrix-title") == "epoch 3  2 moderate as 0 no DR (26)")
        assert not line.display


async def test_a_range_is_marked_by_moving_and_all_by_one_key(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("g", "v", "j", "j", "j", "k", "v", "j")
        assert len(table(pilot).marks) == 3
        await pilot.press("g", "v", "s", "j", "j")  # another order ends a range
        assert len(table(pilot).marks) == 3
        await pilot.press("a")
        assert len(table(pilot).marks) == 8
        await pilot.press("a")
        assert not table(pilot).marks


async def test_pause_retry_move_note_tag_and_remove(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 8)
        await pilot.press("K")
        await until(pilot, lambda: table(pilot).cursor_row == 1 and table(pilot).run_id == 8)
        await pilot.press("J")
        await until(pilot, lambda: table(pilot).cursor_row == 2 and table(pilot).run_id == 8)
        await pilot.press("J")
        await until(pilot, lambda: "run 8 is the last" in notified(pilot))
        await pilot.press("p")
        await until(pilot, lambda: statuses(study)[8] == "paused")
        await until(pilot, lambda: re.search("1 paused|‖ 1", shown(pilot, "#head")))
        await pilot.press("p")
        await until(pilot, lambda: statuses(study)[8] == "queued")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        await pilot.press(*"good", "enter")
        await until(pilot, lambda: "run 8: tagged good" in notified(pilot))
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        await pilot.press(*"odd", "enter")
        await until(pilot, lambda: "run 8: note set" in notified(pilot))
        await go_to(pilot, 6)
        await pilot.press("r")
        await until(pilot, lambda: asked(pilot))  # it diverged: its epochs go
        await pilot.press("n", "r")
        await until(pilot, lambda: asked(pilot))
        await pilot.press("y")
        await until(pilot, lambda: "run 6: queued again from the start" in notified(pilot))
        await go_to(pilot, 1)
        await pilot.press("D")
        await until(pilot, lambda: asked(pilot))
        await pilot.press("n")
        assert 1 in statuses(study)
        await pilot.press("D")
        await until(pilot, lambda: asked(pilot))
        await pilot.press("y")
        await until(pilot, lambda: table(pilot).row_count == 7)
        assert 1 not in statuses(study) and "run 1: removed with its folder" in notified(pilot)
    with study.read() as session:
        run = listing.get_run(session, 8)
    assert (run.note, run.tags) == ("odd", ["good"])


async def test_the_whole_queue_is_paused_and_goes_on(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("P")
        await until(pilot, lambda: "queue paused" in notified(pilot))
        await until(pilot, lambda: "‖ queue paused" in shown(pilot, "#head"))
        await pilot.press("P")
        await until(pilot, lambda: "queue resumed" in notified(pilot))
        await until(pilot, lambda: "queue paused" not in shown(pilot, "#head"))


async def test_what_cannot_be_brought_back_is_asked_for_even_untrained(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 8)
        await pilot.press("D")
        await until(pilot, lambda: asked(pilot))
        await pilot.press("n")
        assert 8 in statuses(study)


async def test_after_an_absence_the_first_line_says_what_happened(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)  # the first look ever: nothing was missed
        assert not pilot.app.screen.query_one("#news").display
        await pilot.press("q")
    queue.end(study, Claim(5, 1), "failed", cause="disk", error="no space\x1b left")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one("#news").display)
        assert re.match(r"since \d\d:\d\d: 1 failed \(#5 disk\)   i more, esc seen", shown(pilot, "#news"))
        # It was not seen: told again.
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await until(pilot, lambda: pilot.app.screen.query_one("#news").display)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, JournalScreen))
        page = "\n".join(str(each.content) for each in pilot.app.screen.query(Static))
        assert "failed     #5 resnet50 none lr 1e-3  disk: no space\\x1b left" in page
        await pilot.press("q")
        await until(pilot, lambda: not isinstance(pilot.app.screen, JournalScreen))
        assert not pilot.app.screen.query_one("#news").display
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await until(pilot, lambda: pilot.app.screen.news.news is not None)
        assert not pilot.app.screen.query_one("#news").display


async def test_an_open_journal_takes_in_what_ends_meanwhile(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, JournalScreen))
        await until(pilot, lambda: "#3" in shown(pilot, "#events"))
        assert "#5" not in shown(pilot, "#events")
        queue.end(study, Claim(5, 1), "failed", cause="disk", error="no space left")
        await until(pilot, lambda: "failed     #5" in shown(pilot, "#events"))


def test_the_absence_in_short_names_the_first_failure_and_the_best() -> None:
    runs = [RunState(number, "done", "resnet18", NOW, sweep="s", best=0.8) for number in (1, 2)]
    bad = RunState(7, "failed", "resnet50", NOW, cause="diverged")
    news = gather([*runs, bad, bad._replace(id=8)], [], {"s": runs})
    assert in_short(news, BEGINNING) == "so far: 2 done, 2 failed (#7 diverged, …), best #1 .8000"
    warned = gather([runs[0]._replace(verdict="collapsed"), runs[1]], [], {"s": runs})
    assert in_short(warned, BEGINNING) == "so far: 2 done, best #1 .8000, 1 warning"
    assert in_short(gather([], [], {}), BEGINNING) is None


async def test_keys_act_on_no_run_that_is_not_seen(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 8)
        await pilot.press("space", "slash", *"id<8", "enter")
        await until(pilot, lambda: "1 marked, 1 hidden" in shown(pilot, "#head"))
        await pilot.press("x")
        await until(pilot, lambda: "the marked runs are filtered out" in notified(pilot))
        await pilot.press("escape", "escape")
        await pilot.resize_terminal(60, 12)
        await pilot.press("x", "D", "p")
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()
    assert statuses(study)[8] == "queued" and list(statuses(study).values()).count("queued") == 2


async def test_of_mixed_runs_those_are_done_to_which_it_can_be(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("a", "p")
        await until(pilot, lambda: statuses(study)[7] == statuses(study)[8] == "paused")
        await until(pilot, lambda: "run 5: asked to pause; runs 7-8: paused" in notified(pilot))
        assert "runs 1-4, 6 cannot be paused" in notified(pilot)
        await pilot.press("p")
        await until(pilot, lambda: statuses(study)[7] == statuses(study)[8] == "queued")
        await until(pilot, lambda: "run 5: asked to continue" in notified(pilot))


async def test_edits_are_made_in_the_order_of_their_keys(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        for _ in range(5):  # at once, as keys that are typed faster than the store writes
            pilot.app.edits.submit(lambda store: verbs.pause(store, [8]))  # type: ignore[attr-defined]
            pilot.app.screen.handlers()["undo"]()  # type: ignore[attr-defined]
        await until(pilot, lambda: notified(pilot).count("undone: pause run 8") == 5)
    assert statuses(study)[8] == "queued"


async def test_the_first_runs_of_an_empty_home_get_the_keys(home: Home) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: "no runs yet" in shown(pilot, "#head"))
        store = open_store(home.database)
        add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(3)])
        await until(pilot, lambda: table(pilot).row_count == 3)
        await pilot.press("down", "down")
        await until(pilot, lambda: table(pilot).run_id == 3)
        store.close()


WRITING = ("x", "p", "r", "K", "J", "D", "N", "t", "P", "u", "n", "w")


async def test_a_window_that_only_looks_refuses_every_key_that_writes(home: Home, study: Store) -> None:
    async with app(home, readonly=True).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press(*WRITING)
        await until(pilot, lambda: notified(pilot).count("is read-only") == len(WRITING))


def test_every_verb_that_a_key_sends_is_there() -> None:
    """They are looked up when the key is pressed, and not before."""
    code = Path(run_actions.__file__).read_text()
    used = {each for each in re.findall(r"\bverbs\.(\w+)", code)}
    assert {"cancel", "retry", "undo"} <= used and all(callable(getattr(verbs, each)) for each in used)


async def test_the_table_takes_the_whole_window_also_at_the_next_start(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await until(pilot, lambda: pilot.app.screen.query_one("#detail").display)
        small = table(pilot).size.height
        await pilot.press("z")
        await until(pilot, lambda: not pilot.app.screen.query_one("#detail").display)
        await until(pilot, lambda: table(pilot).size.height > 2 * small)
    async with app(home).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 8)
        await until(pilot, lambda: table(pilot).size.height > 2 * small)
        await pilot.press("z")
        await until(pilot, lambda: pilot.app.screen.query_one("#detail").display)
