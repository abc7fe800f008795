"""The new-experiment form on the screen: clones, fixes, what it remembers and completes."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import waiting
from pilots import SMALL, TALL, app, asked, go_to, notified, opened, shown, table, until
from plugin_file import write_plugin
from terminal import Terminal
from textual.pilot import Pilot
from textual.widgets import Input
from waiting import LIMIT_S

from engine.files.paths import Home
from engine.preflight import plugin_checks
from engine.spec.grid import load_spec
from engine.store import listing
from engine.store.database import Store, open_store
from tui.forms.form_report import FormReport, report_on
from tui.forms.form_words import OTHERS
from tui.screens import new_run
from tui.screens.new_run import NewRunScreen
from tui.screens.start_worker import WorkerStarter
from tui.widgets.choice_list import ChoiceList


async def form(pilot: Pilot[Any], key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
    await until(pilot, lambda: "✔" in shown(pilot, "#data-says"))


def text(pilot: Pilot[Any], field: str) -> str:
    return pilot.app.screen.query_one(f"#{field}", Input).value


def archs(pilot: Pilot[Any]) -> list[str]:
    return text(pilot, "arch").split(",")


async def test_enter_waits_for_the_data_to_be_looked_at(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slow(*arguments: Any) -> FormReport:
        assert go.wait(LIMIT_S)
        return report_on(*arguments)

    monkeypatch.setattr(new_run, "report_on", slow)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        pilot.app.screen.query_one("#seed", Input).value = "77"
        await pilot.pause()
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, NewRunScreen)
        go.set()
        await until(pilot, lambda: "queued #9" in notified(pilot))


async def test_a_form_that_opens_is_looked_at_at_once(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fields that get their first texts are no keys, after which it would wait for more."""
    monkeypatch.setattr(new_run, "REPORT_AFTER_S", 1e6)
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await form(pilot, "n")


async def test_files_are_looked_at_in_a_thread_once_a_burst_of_keys_is_over(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, bool]] = []

    def recorded(place: Home, texts: dict[str, str], *more: Any) -> FormReport:
        made.append((texts["seed"], threading.current_thread() is threading.main_thread()))
        return report_on(place, texts, *more)

    monkeypatch.setattr(new_run, "report_on", recorded)
    monkeypatch.setattr(new_run, "REPORT_AFTER_S", 1.0)
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        pilot.app.screen.query_one("#seed", Input).focus()
        await pilot.press(*"123")
        await until(pilot, lambda: "checking" in shown(pilot, "#summary"))
        await until(pilot, lambda: "writes" in shown(pilot, "#summary"))
    assert made[-1] == ("123", False) and not any(in_loop for _, in_loop in made)
    assert len([seed for seed, _ in made if seed]) == 1


async def test_a_report_of_a_form_that_has_changed_is_dropped(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a slow folder is looked at, questions about other texts wait, and only the newest is answered."""
    begun, late = threading.Event(), threading.Event()
    made: list[str] = []
    monkeypatch.setattr(new_run, "REPORT_AFTER_S", 0.01)

    def slow_for_one(place: Home, texts: dict[str, str], *more: Any) -> FormReport:
        assert threading.current_thread().daemon  # quitting waits for no folder
        made.append(texts["data"])
        report = report_on(place, texts, *more)
        if texts["data"] == "nowhere":
            begun.set()
            assert late.wait(LIMIT_S)
        return report

    monkeypatch.setattr(new_run, "report_on", slow_for_one)
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        screen = pilot.app.screen
        screen.query_one("#data", Input).value = "nowhere"
        await until(pilot, begun.is_set)
        asked: list[str] = []
        ask = screen._reports.ask  # type: ignore[attr-defined]
        monkeypatch.setattr(screen._reports, "ask", lambda each: (asked.append(each[0]["data"]), ask(each)))  # type: ignore[attr-defined]
        for text in ("else", "fundus"):
            screen.query_one("#data", Input).value = text
            await until(pilot, lambda text=text: text in asked)
        late.set()
        await until(pilot, lambda: shown(pilot, "#data-says") == "✔ built in")
    assert made[-2:] == ["nowhere", "fundus"] and "else" not in made


def test_quitting_waits_for_no_folder_that_is_looked_at(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/runs.db").close()
    begun = tmp_path / "begun"
    code = (
        f"import pathlib, time\nimport tui.screens.new_run as new\n"
        f"def slow(*_): pathlib.Path({str(begun)!r}).touch(); time.sleep({3 * LIMIT_S})\n"
        "new.report_on = slow\nfrom tui.start import main\nmain()"
    )
    terminal = Terminal([sys.executable, "-c", code], columns=80, lines=24, cwd=tmp_path)
    try:
        terminal.until_shows("no runs yet")
        terminal.send("n")
        waiting.until(begun.exists)
        terminal.until_shows("New experiment")
        terminal.send("\x1b")
        terminal.until_shows("press n to queue the first")
        terminal.send("q")
        assert terminal.process.wait(timeout=LIMIT_S) == 0
    finally:
        terminal.end()


async def test_a_clone_is_a_form_with_the_runs_settings(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)  # on run 5, which is running
        await form(pilot, "C")
        assert archs(pilot) == ["resnet50"] and text(pilot, "data") == "fundus"
        await until(pilot, lambda: "1 repeats an earlier run" in shown(pilot, "#summary"))
        pilot.app.screen.query_one("#seed", Input).value = "1, 2"
        await until(pilot, lambda: shown(pilot, "#summary").startswith("2 runs"))
        await pilot.press("enter")
        await until(pilot, lambda: "queued #9 to #10" in notified(pilot))
    with study.read() as session:
        first, second, third = (load_spec(listing.get_run(session, run_id).spec) for run_id in (5, 9, 10))
    assert [second, third] == [first.model_copy(update={"seed": seed}) for seed in (1, 2)]


async def test_fix_changes_what_the_findings_suggest(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 3)
        await form(pilot, "f")
        assert text(pilot, "lr") == "0.01" and shown(pilot, ".heading") == "Clone of #3 with lr 0.01"
        await pilot.press("enter")
        await until(pilot, lambda: "queued #9" in notified(pilot))
        await pilot.press("g")
        await pilot.press("slash", *"status", "colon", *"queued", "enter")
        await until(pilot, lambda: table(pilot).row_count == 3)
        await pilot.press("f")
        await until(pilot, lambda: "has no suggested fix; C clones it" in notified(pilot))
        await pilot.press("a", "C")
        await until(pilot, lambda: "a run or the runs of one group are cloned" in notified(pilot))
    with study.read() as session:
        fixed, before = (load_spec(listing.get_run(session, run_id).spec) for run_id in (9, 3))
    assert fixed == before.model_copy(update={"lr": 0.01})


async def test_the_form_begins_as_it_was_queued_last(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        assert (text(pilot, "data"), text(pilot, "lr"), archs(pilot)) == ("digits", "", ["resnet18"])
        assert pilot.app.screen.query_one("#lr", Input).placeholder == "0.01"
        for field, value in (("lr", "1e-3, 1e-4"), ("more", "loss=ce,ce-sqrt"), ("name", "mine")):
            pilot.app.screen.query_one(f"#{field}", Input).value = value
        await until(pilot, lambda: shown(pilot, "#summary").startswith("4 runs"))
        await pilot.press("enter")
        await until(pilot, lambda: "queued #9 to #12" in notified(pilot))
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot, 12)
        await form(pilot, "n")
        assert text(pilot, "lr") == "1e-3, 1e-4" and text(pilot, "more") == "loss=ce,ce-sqrt"
        assert text(pilot, "name") == ""
        await until(pilot, lambda: "4 repeat an earlier run" in shown(pilot, "#summary"))
        assert shown(pilot, "#preview").splitlines()[0].endswith("   repeats an earlier run")


async def test_a_preset_is_seen_before_it_is_queued_and_right_completes(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        pilot.app.screen.query_one("#preset", Input).focus()
        await pilot.press("l")
        field = pilot.app.screen.query_one("#preset", Input)
        await until(pilot, lambda: field._suggestion == "lab")
        await until(pilot, lambda: "unknown" in shown(pilot, "#preset-says"))
        await pilot.press("right")
        await until(pilot, lambda: text(pilot, "preset") == "lab")
        await until(pilot, lambda: pilot.app.screen.query_one("#lr", Input).placeholder == "1e-3")
        await until(pilot, lambda: "lr 1e-3" in shown(pilot, "#preview"))


async def test_settings_that_read_the_data_otherwise_look_again(home: Home, study: Store) -> None:
    folder = home.root / "set"
    folder.mkdir()
    (folder / "labels.csv").write_text(
        "image,a,b\n" + "".join(f"{n}.png,{n % 2},{n % 3}\n" for n in range(12))
    )
    from pictures import draw

    for number in range(12):
        draw(folder / f"{number}.png", 0, number)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        pilot.app.screen.query_one("#data", Input).value = "set"
        pilot.app.screen.query_one("#more", Input).value = "label_column=b"
        await until(pilot, lambda: "3 classes" in shown(pilot, "#preview"))
        pilot.app.screen.query_one("#more", Input).value = "label_column=a"
        await until(pilot, lambda: "2 classes" in shown(pilot, "#preview"))


async def test_a_plugin_is_built_before_it_is_queued(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_plugin(home.root)

    def build(_room: str, wanted: list[str], **_more: object) -> dict[str, Any]:
        functions = [json.loads(each)["function"] for each in wanted]
        return {"problems": ["headless has no head" if each == "headless" else None for each in functions]}

    monkeypatch.setattr(plugin_checks, "ask", build)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        arch = pilot.app.screen.query_one("#arch", Input)
        arch.value = f"{path}:headless"
        await until(pilot, lambda: "headless (model.py)" in shown(pilot, "#preview"))
        await until(pilot, lambda: "headless has no head" in shown(pilot, "#arch-says"))
        arch.value = f"{path}:small"
        await until(pilot, lambda: "small (model.py)" in shown(pilot, "#preview"))
        await pilot.press("enter")
        await until(pilot, lambda: "queued #9" in notified(pilot))
    with study.read() as session:
        assert listing.get_run(session, 9).arch == "model.py:small"


async def test_a_form_that_was_left_is_begun_again_with_what_was_typed(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        await pilot.press("escape")
        await pilot.pause()
        assert "nothing is queued" not in notified(pilot)  # nothing was typed
        await form(pilot, "n")
        pilot.app.screen.query_one("#seed", Input).value = "1,2"
        await pilot.press("escape")
        await until(pilot, lambda: "a new form begins with what you typed" in notified(pilot))
        await form(pilot, "n")
        assert text(pilot, "seed") == "1,2"


async def test_settings_are_listed_narrowed_as_typed_and_taken(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        found = pilot.app.screen.query_one(ChoiceList)
        assert not found.display
        field = pilot.app.screen.query_one("#more", Input)
        field.focus()
        await until(pilot, lambda: found.display and found.chosen is None)
        assert "column of image names" in str(found.render())
        await pilot.press(*"smoo")
        await until(pilot, lambda: found.chosen is not None and found.chosen.word == "label_smoothing")
        await pilot.press("right", *"0.1", "space")
        await until(pilot, lambda: text(pilot, "more") == "label_smoothing=0.1 ")
        await pilot.press("up")
        assert found.chosen is not None and found.chosen.word == OTHERS[-1]
        assert "enter → take" in shown(pilot, "#form-keys")
        await pilot.press("enter")
        await until(pilot, lambda: text(pilot, "more") == f"label_smoothing=0.1 {OTHERS[-1]}=")
        assert isinstance(pilot.app.screen, NewRunScreen)


async def test_arrows_go_through_the_fields_where_no_words_are_listed(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        pilot.app.screen.query_one("#epochs", Input).focus()
        await pilot.press("down")
        assert pilot.app.focused is not None and pilot.app.focused.id == "batch_size"
        await pilot.press("up", "up")
        assert pilot.app.focused.id == "lr"


async def test_all_problems_are_told_at_once_and_enter_goes_to_the_first(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        await form(pilot, "n")
        for field, value in (("arch", "vgg"), ("epochs", "few"), ("more", "los=ce")):
            pilot.app.screen.query_one(f"#{field}", Input).value = value
        pilot.app.screen.query_one("#seed", Input).focus()
        await until(pilot, lambda: len(shown(pilot, "#preview").splitlines()) == 2)
        await pilot.press("enter")
        await until(
            pilot, lambda: shown(pilot, "#summary").startswith("✖ nothing is queued: arch: 'vgg' is unknown")
        )
        assert pilot.app.focused is not None and pilot.app.focused.id == "arch"
        assert [line[:8] for line in shown(pilot, "#preview").splitlines()] == ["✖ epochs", "✖ more: "]
        assert not notified(pilot)


async def test_a_worker_is_offered_where_none_is_there(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Home] = []
    monkeypatch.setattr(WorkerStarter, "start", lambda self: started.append(home))
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: "press n to queue the first" in shown(pilot, "#empty"))
        await form(pilot, "n")
        await pilot.press("enter")
        await until(pilot, lambda: asked(pilot) == "#1 queued, and no worker is running. Start one here?")
        assert not notified(pilot)  # the question says it
        await pilot.press("escape")
        await opened(pilot, 1)
        assert not started
        await form(pilot, "n")
        await until(pilot, lambda: "writes" in shown(pilot, "#summary"))
        await pilot.press("enter")
        await until(pilot, lambda: "#2 queued" in asked(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: bool(started))
