"""The verbs that edit the queue, as a script calls them."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from shell import Shell
from sqlalchemy import text
from studies import train

from engine.files.paths import Home
from engine.store import listing, queue
from engine.store.database import Store, open_store
from engine.store.edits.remove import remove
from engine.store.workers import register
from tui.cli.ids import parse_ids
from tui.cli.output import CliError
from tui.cli.since import parse_since

EVIL = "\x1b[31mred\x1b[0m \u202eevil\nnext"
SHOWN = "\\x1b[31mred\\x1b[0m \\u202eevil next"


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def statuses(shell: Shell) -> dict[int, str]:
    assert shell("ls", "--json") == 0
    return {run["id"]: run["status"] for run in json.loads(shell.out)["runs"]}


def order(store: Store) -> list[int]:
    with store.read() as session:
        return listing.queue_order(session)


@pytest.mark.parametrize(
    ("given", "spans"),
    [
        (["3"], [(3, 3)]),
        (["3-7", "1,9-9"], [(3, 7), (1, 1), (9, 9)]),
        ([" 4 , 5 "], [(4, 4), (5, 5)]),
    ],
)
def test_ids_are_numbers_ranges_and_lists(given: list[str], spans: list[tuple[int, int]]) -> None:
    assert parse_ids(given) == spans


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("x", "'x' is not a run number: give numbers, ranges such as 3-7"),
        ("3-", "'3-' is not a run number"),
        ("1,,2", "'' is not a run number"),
        ("٣", "is not a run number"),
        ("7-3", "7-3 is not a range: write 3-7"),
        ("9" * 30, "there is no run 999"),
        ("9" * 5000, "there is no run 99999999999999999999… of 5000 digits: resnet-tui ls"),
        (f"{'9' * 5000}-3", "there is no run 999"),
    ],
)
def test_what_is_no_id_is_named(given: str, says: str) -> None:
    with pytest.raises(CliError, match=says):
        parse_ids([given])


def test_each_verb_says_what_happened_on_standard_error_alone(shell: Shell, study: Store) -> None:
    for call, says in {
        ("pause", "5", "8"): "run 5: asked to pause\nrun 8: paused\n",
        ("resume", "5,8"): (
            "run 5: asked to continue; it still pauses if it is already stopping\nrun 8: queued again\n"
        ),
        ("priority", "7-8", "-5"): "run 7: priority -5\nrun 8: priority -5\n",
        ("move", "8", "up"): "run 8: moved up\n",
        ("move", "7", "8", "top"): "run 7: moved to the top\nrun 8: moved to the top\n",
        ("note", "1-8", "looks", "odd"): "runs 1-8: note set\n",
        ("note", "1", ""): "run 1: note removed\n",
        ("tag", "3", "good", "-hard", "-x"): "run 3: tagged good; no longer tagged hard, x\n",
        ("edit", "8", "--lr", "0.5", "--eval-train"): "run 8: --lr 0.5, --eval-train True\n",
        ("queue", "resume"): "the queue was not paused\n",
        ("queue", "pause"): "queue paused: running runs continue\n",
        ("retry", "6"): "run 6: queued again from the start; its training so far is deleted\n",
        ("cancel", "6"): "run 6: cancelled\n",
        (
            "retry",
            "6",
            "--home",
            str(shell.home),
        ): "run 6: queued again; it has no checkpoint and starts over\n",
        ("undo",): "undone: retry run 6\n",
        ("rm", "6"): "run 6: removed with its folder\n",
    }.items():
        assert shell(*call) == 0, shell.err
        assert (shell.out, shell.err) == ("", says), call
    assert shell("undo") == 1
    assert shell.err == "cannot be undone: remove run 6\nrun 6 unchanged: it is deleted\n"
    assert shell("undo") == 1
    assert shell.err == "cannot be undone: cancel run 6\nrun 6 was removed and cannot be restored\n"


def test_a_range_takes_what_is_there_and_a_number_must_be(shell: Shell, study: Store) -> None:
    assert shell("rm", "3") == 0
    assert shell("note", "2-4", "x") == 0 and shell.err == "run 2: note set\nrun 4: note set\n"
    assert "there is no run 3: resnet-tui ls shows them all" in shell.refuses("note", "2,3", "x")
    assert "there is no run from 50 to 60" in shell.refuses("note", "50-60", "x")


def test_wrong_calls_are_one_line_and_change_nothing(shell: Shell, study: Store) -> None:
    before = statuses(shell)
    for call, says in {
        ("pause", "8", "1"): "run 1 is done: it cannot be paused",
        ("pause",): "Missing argument 'ID…'",
        ("resume", "8"): "run 8 is queued, not paused",
        ("retry", "5"): "run 5 is running: only a run that has ended",
        ("retry", "6", "1"): "run 1 is done: retry it from the start (fresh)",
        ("rm", "5"): "run 5 is running: cancel it first",
        ("rm", "8", "99"): "there is no run 99",
        ("edit", "5", "--lr", "0.1"): "run 5 is running: pause it first",
        ("edit", "1", "--lr", "0.1"): "run 1 is done: clone it",
        ("edit", "8"): "give the settings to change",
        ("edit", "8", "--lr", "0.1,0.2"): "--lr: give one value: for several runs use resnet-tui clone",
        ("edit", "8", "--lr", "fast"): "--lr: 'fast' is not a number",
        ("edit", "8", "--data", "nowhere"): "nowhere does not exist",
        ("edit", "8", "--pretrained", "run:99"): "there is no run 99",
        ("edit", "8", "--pretrained", "x.pth"): "there is no weights file x.pth",
        ("edit", "8", "--select-on", "val_acc"): "needs a val split",
        ("move", "8", "sideways"): "unknown direction 'sideways': choose from up, down, top, bottom",
        ("move", "5", "up"): "run 5 is running: only a waiting run",
        ("move", "7", "up"): "run 7 is the first of priority 0",
        ("priority", "8", "many"): "Invalid value for 'N'",
        ("priority", "8", "9999999"): "out of range",
        ("tag", "8", ""): "'' is no tag",
        ("tag", "8", "-"): "- alone is not a tag",
        ("tag", "8"): "Missing argument 'TAG…'",
        ("note", "8"): "Missing argument 'TEXT'",
        ("note", "8", "caf\udce9"): "is no text in UTF-8",
        ("tag", "8", "ok", "-x\udcff"): "is no text in UTF-8",
        ("ls", "--sweep", "a\udcff"): "--sweep: a\\udcff is not UTF-8 text",
        ("wait", "--sweep", "a\udcff"): "--sweep: a\\udcff is not UTF-8 text",
        ("report", "--out", "x", "--sweep", "a\udcff"): "--sweep: a\\udcff is not UTF-8 text",
        ("cancel", "9" * 5000): "there is no run 999",
        ("clone", "1", "99"): "there is no run 99",
        ("queue", "sideways"): "No such command 'sideways'",
        ("wait",): "give run numbers or --sweep NAME",
        ("wait", "1", "--sweep", "demo"): "give run numbers or --sweep NAME",
        ("wait", "--sweep", "nothing"): "the sweep 'nothing' has no runs",
        ("add", "--data", "digits", "--after", "any:99"): "there is no run 99",
        ("add", "--data", "digits", "--after", "some:1"): "'some:1' is not a run number",
        ("news", "--since", "tomorrow"): "--since: 'tomorrow' is not a time: give 2h, 3d",
        ("news", "--since", "2999-01-01"): "is in the future",
    }.items():
        assert says in shell.refuses(*call), call
    assert statuses(shell) == before and order(study) == [7, 8]


def test_undo_without_an_edit(shell: Shell) -> None:
    open_store(f"sqlite:///{shell.home}/runs.db").close()
    assert "nothing to undo" in shell.refuses("undo")


def test_notes_and_tags_are_shown_as_text(shell: Shell, study: Store) -> None:
    assert shell("note", "1", EVIL) == 0
    assert shell("tag", "1", EVIL) == 0 and shell.err == f"run 1: tagged {SHOWN}\n"
    assert shell("undo") == 0 and shell.err == f"undone: tag run 1 {SHOWN}\n"
    assert shell("tag", "1", EVIL) == 0
    assert shell("show", "1") == 0
    lines = shell.out.splitlines()
    assert any(line.split() == ["note", *SHOWN.split()] for line in lines)
    assert any(line.split() == ["tags", *SHOWN.split()] for line in lines)
    assert shell("ls") == 0 and "\x1b" not in shell.out
    assert shell("show", "1", "--json") == 0
    shown = json.loads(shell.out)
    assert shown["note"] == EVIL and shown["tags"] == [EVIL]


def test_edit_looks_at_files_and_repeats_as_add_does(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--lr", "0.1,0.2") == 0
    assert shell("edit", "2", "--lr", "0.1") == 0
    assert shell.err == "run 2: --lr 0.1\nrun 2 repeats run 1: same settings, same data\n"
    assert shell("edit", "1-2", "--seed", "9", "--batch-size", "16") == 0
    assert shell("ls", "--json") == 0
    assert [(run["seed"], run["batch_size"], run["lr"]) for run in json.loads(shell.out)["runs"]] == [
        (9, 16, 0.1)
    ] * 2


def test_clone_takes_several_runs_at_once(shell: Shell, study: Store) -> None:
    assert shell("clone", "1,3", "--seed", "1,2") == 0
    assert shell.out == "9\n10\n11\n12\n"
    assert shell("ls", "--json") == 0
    made = json.loads(shell.out)["runs"][8:]
    assert [(run["data"], run["seed"], run["name"]) for run in made] == [
        ("digits", 1, "digits"), ("digits", 2, "digits"), ("fundus", 1, ""), ("fundus", 2, ""),
    ]  # fmt: skip
    assert shell("undo") == 0 and shell.err == "undone: add runs 9-12\n"
    assert set(statuses(shell)) == set(range(1, 9))


def test_add_after_any(shell: Shell, study: Store) -> None:
    assert shell("add", "--data", "digits", "--after", "7,any:5-6", "--after", "any:8") == 0
    assert shell("show", "9", "--json") == 0
    assert json.loads(shell.out)["waiting"]["reason"] == "waits for #5, #7, #8"
    assert shell("cancel", "7-8") == 0
    assert shell("show", "9", "--json") == 0
    assert json.loads(shell.out)["waiting"]["reason"] == "waits for #7, which was cancelled"


def test_wait_for_a_sweep(shell: Shell, study: Store) -> None:
    assert shell("cancel", "5", "7") == 0
    queue.put_back(study, queue.Claim(5, 1))
    assert shell("wait", "--sweep", "demo") == 1
    assert "run 6 failed: the loss is not finite" in shell.err and "run 5 cancelled" in shell.err
    assert shell("wait", "1-2") == 0


def test_a_running_run_whose_target_is_retried_is_not_waited_for_in_vain(shell: Shell, study: Store) -> None:
    """#7 starts from #5: once it runs, what becomes of #5 holds it up no longer."""
    queue.end(study, queue.Claim(5, 1), "done")
    held = queue.claim(study, 1)
    assert held is not None and held.run_id == 7
    with study.write() as session:
        session.execute(text("UPDATE run SET status = 'failed' WHERE id = 5"))
    with study.read() as session:
        assert listing.unmet(session) == {} and 7 in listing.pending(session)


def test_wait_and_drain_leave_behind_a_paused_run(shell: Shell) -> None:
    assert shell("add", "--data", "digits") == 0
    assert shell("add", "--data", "digits", "--after", "1") == 0
    assert shell("add", "--data", "digits", "--after", "any:2") == 0
    assert shell("pause", "1") == 0
    assert shell("wait", "1-3") == 1
    assert shell.err == (
        "run 1 paused\nrun 2 waits for run 1, which is paused\nrun 3 waits for run 1, which is paused\n"
    )
    store = open_store(f"sqlite:///{shell.home}/runs.db")
    with store.read() as session:
        assert listing.pending(session) == []
    assert shell("resume", "1") == 0
    with store.read() as session:
        assert listing.pending(session) == [1, 2, 3]
    store.close()


def test_the_reason_names_what_became_of_the_run_at_the_end_of_a_chain(shell: Shell) -> None:
    assert shell("add", "--data", "digits") == 0
    for target in ("1", "2"):
        assert shell("add", "--data", "digits", "--after", target) == 0
    for verb, why in (("pause", "which is paused"), ("cancel", "which was cancelled")):
        assert shell(verb, "1") == 0
        assert shell("show", "3", "--json") == 0
        assert json.loads(shell.out)["waiting"]["reason"] == f"waits for #1, {why}"
        assert shell("wait", "3") == 1 and shell.err == f"run 3 waits for run 1, {why}\n"


def while_it_waits(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
    """What others do while `wait` sleeps, a step each time."""
    ahead = iter(steps)
    monkeypatch.setattr("tui.cli.control.time", SimpleNamespace(sleep=lambda _: next(ahead)()))


def test_wait_goes_on_for_the_others_when_a_run_is_removed(
    shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "there is no run 99" in shell.refuses("wait", "1", "99")
    home = Home.find(shell.home)
    while_it_waits(
        monkeypatch,
        lambda: remove(study, home, [8]),
        lambda: queue.end(study, queue.Claim(5, 1), "done"),
    )
    assert shell("wait", "1", "5", "8") == 1
    assert shell.err == "run 8 was removed\n"


def test_wait_says_that_no_worker_has_a_card(
    shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell("add", "--data", "digits", "--precision", "fp16") == 0
    assert shell("add", "--data", "digits", "--after", "9") == 0
    while_it_waits(monkeypatch, lambda: None, lambda: queue.ask(study, [9], "cancel"))
    assert shell("wait", "10") == 1
    assert shell.err == (
        "no worker for cuda is running: start one with python -m engine.worker --device cuda:0\n"
        "run 10 waits for run 9, which was cancelled\n"
    )


def test_ls_sorts_by_the_value_that_it_shows(shell: Shell, study: Store) -> None:
    with study.write() as session:  # as with --select-on: the best by another metric is another run
        session.execute(text("UPDATE run SET best = 1 - best_acc WHERE best IS NOT NULL"))
    assert shell("ls", "--sort", "best") == 0
    shown = [cells[7] for line in shell.out.splitlines()[1:] if (cells := line.split())[7].startswith(".")]
    assert len(shown) >= 5 and shown == sorted(shown, reverse=True)


def test_ls_and_show_give_the_times_of_waiting_and_running_runs(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--epochs", "4", "--seed", "0,1,2", "--lr", "0.1") == 0
    assert shell("add", "--data", "fundus") == 0
    store = open_store(f"sqlite:///{shell.home}/runs.db")
    one = register(store, pid=os.getpid(), device="cpu", device_name="test processor")
    held = queue.claim(store, one)
    assert held is not None
    train(store, held, 4, skill=0.5)
    queue.end(store, held, "done")
    with store.write() as session:  # as if it had taken 40 s for 4 epochs of 20 steps
        session.execute(
            text("UPDATE run SET started_at = '2026-05-01 10:00:00', ended_at = '2026-05-01 10:00:40', "
                 "environment = '{\"device_name\": \"test processor\"}' WHERE id = 1")
        )  # fmt: skip
    second = queue.claim(store, one)
    assert second is not None
    train(store, second, 2, skill=0.5)
    assert shell("ls", "--json") == 0
    now = datetime.now(UTC)
    runs = {run["id"]: run for run in json.loads(shell.out)["runs"]}
    assert runs[1]["waiting"] is None
    ends = datetime.fromisoformat(runs[2]["waiting"]["ends_at"])
    assert runs[2]["waiting"]["reason"] is None and runs[2]["waiting"]["starts_at"] is None
    assert timedelta(0) < ends - now < timedelta(minutes=2)
    third = runs[3]["waiting"]
    assert third["reason"] == "next" and third["starts_at"] == runs[2]["waiting"]["ends_at"]
    # 4 epochs × 20 steps × 32 images at 64 images/s (the whole time) to 120 (training alone)
    low, high = (datetime.fromisoformat(each) for each in third["ends_between"])
    lowest, highest = (datetime.fromisoformat(each) for each in third["starts_between"])
    assert (low - lowest).total_seconds() == pytest.approx(2560 / 120, abs=2)
    assert (high - highest).total_seconds() == pytest.approx(44, abs=2)
    assert runs[4]["waiting"] == {
        "reason": "1 ahead", "starts_at": third["ends_at"], "ends_at": None,
        "starts_between": third["ends_between"], "ends_between": None,
    }  # fmt: skip
    assert shell("ls") == 0
    assert "ends ≈ " in shell.out and "next" in shell.out
    assert shell("show", "4") == 0 and "reason 1 ahead" in shell.out
    assert shell("queue", "pause") == 0 and shell("show", "3", "--json") == 0
    assert json.loads(shell.out)["waiting"] == {
        "reason": "queue paused", "starts_at": None, "ends_at": None, "starts_between": None, "ends_between": None,
    }  # fmt: skip
    store.close()


def test_an_end_in_more_than_ten_years_is_told_no_time(shell: Shell, study: Store) -> None:
    for epochs, is_told in ((100, True), (10**13, False)):
        with study.write() as session:
            session.execute(text("UPDATE run SET epochs = :epochs WHERE id = 5"), {"epochs": epochs})
        assert shell("ls") == 0 and shell("show", "5", "--json") == 0
        assert (json.loads(shell.out)["waiting"]["ends_at"] is not None) == is_told


NOON = datetime(2026, 5, 12, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "is_"),
    [
        ("2h", NOON - timedelta(hours=2)),
        ("3 d", NOON - timedelta(days=3)),
        ("90m", NOON - timedelta(minutes=90)),
        ("yesterday", datetime(2026, 5, 11, tzinfo=UTC)),
        ("Today", datetime(2026, 5, 12, tzinfo=UTC)),
        ("9:05", datetime(2026, 5, 12, 9, 5, tzinfo=UTC)),
        ("18:00", datetime(2026, 5, 11, 18, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T10:00", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("2026-05-12T14:00+02:00", datetime(2026, 5, 12, 12, tzinfo=UTC)),
        ("999999w", datetime(1970, 1, 1, tzinfo=UTC)),
        ("999999d", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00+05:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_since(given: str, is_: datetime) -> None:
    assert parse_since(given, NOON) == is_


@pytest.mark.parametrize("given", ["", "soon", "25:00", "2h3m", "-2h", "2026-05-13", "²h", "\x1b[31m"])
def test_what_is_no_time_is_refused(given: str) -> None:
    with pytest.raises(CliError, match="--since: ") as caught:
        parse_since(given, NOON)
    assert "\x1b" not in str(caught.value)


def test_news_since_the_last_time(shell: Shell, study: Store, state_folder: Path) -> None:
    assert shell("news") == 0
    lines = shell.out.splitlines()
    assert lines[0] == "so far: 4 done, 1 failed, 1 warning" and shell.err == ""
    assert lines[1] == "  done       #1 resnet18 none lr 0.01  best test_acc .8010 (baseline .7313)"
    assert (
        "  failed     #6 resnet18 none lr 0.1  diverged: the loss is not finite at step 41 of epoch 3"
        in lines
    )
    assert any(
        line.startswith(
            "  best       #4 resnet18 run:2 lr 1e-3  test_acc .9204 (baseline .7313), of 2 in demo"
        )
        for line in lines
    )
    assert lines[-1].startswith("  warning    #3 resnet18 none lr 1e-3  collapsed: epoch 6: all but 0.00")
    assert shell("news") == 0 and shell.out.startswith("since ") and shell.out.endswith(": nothing new\n")
    assert [path.parent for path in state_folder.rglob("*.json")] == [state_folder / "resnet-tui"]
    queue.end(study, queue.Claim(5, 1), "failed", cause="disk", error=EVIL)
    assert shell("news", "--json") == 0
    found = json.loads(shell.out)
    assert [run["id"] for run in found["failed"]] == [5] and found["failed"][0]["cause"] == "disk"
    assert found["done"] == [] and found["since"] is not None
    assert shell("news", "--since", "1h") == 0
    assert shell.out.splitlines()[0].endswith("4 done, 2 failed, 1 warning") and SHOWN in shell.out
    assert shell("news", "--since", "1h", "--json") == 0
    assert [best["id"] for best in json.loads(shell.out)["best"]] == [4]


def test_an_end_that_was_being_written_is_in_the_next_news(shell: Shell, study: Store) -> None:
    with study.write() as session:
        session.execute(
            text("UPDATE run SET status = 'done', ended_at = :now, worker_id = NULL WHERE id = 5"),
            {"now": datetime.now(UTC).replace(tzinfo=None).isoformat(" ")},
        )
        assert shell("news") == 0 and shell.out.startswith("so far: 4 done")
    assert shell("news") == 0 and "  done       #5 " in shell.out
    assert shell("news") == 0 and shell.out.endswith(": nothing new\n")


def test_the_warning_of_a_running_run_is_told_once(shell: Shell, study: Store) -> None:
    with study.write() as session:
        session.execute(
            text("UPDATE run SET verdict = 'overfitting', verdict_evidence = 'it grows' WHERE id = 5")
        )
    assert shell("news") == 0 and "warning    #5 resnet50 none lr 1e-3  overfitting: it grows" in shell.out
    assert shell("news") == 0 and shell.out.endswith(": nothing new\n")


def test_news_that_cannot_be_remembered_are_told_all_the_same(
    shell: Shell, study: Store, state_folder: Path
) -> None:
    state_folder.write_text("a file in the folder's place")
    assert shell("news") == 0
    assert shell.out.startswith("so far: 4 done") and shell.err.startswith("these news will be shown again: ")
    assert shell.err.count("\n") == 1


def test_a_broken_memory_of_news_is_as_none(shell: Shell, study: Store, state_folder: Path) -> None:
    assert shell("news") == 0
    [path] = state_folder.rglob("*.json")
    for broken in ("", "[]", "{}", '{"at": "2026-05-01T10:00", "warned": []}', '{"at": 3, "warned": []}'):
        path.write_text(broken)
        assert shell("news") == 0 and shell.out.startswith("so far: 4 done")


def test_ls_in_the_order_of_the_queue(shell: Shell) -> None:
    for seed in range(3):
        shell("add", "--data", "digits", "--seed", str(seed))
    shell("move", "3", "top")
    shell("cancel", "1")
    assert shell("ls", "--sort", "queue") == 0
    assert [line.split()[0] for line in shell.out.splitlines()[1:]] == ["3", "2", "1"]


def test_retry_goes_on_from_a_checkpoint_that_is_there(shell: Shell, study: Store) -> None:
    paths = Home.find(shell.home).run(7)
    queue.ask(study, [7], "cancel")
    paths.folder.mkdir(parents=True)
    paths.last_before.touch()
    assert shell("retry", "7") == 0
    assert shell.err == "run 7: queued again, to resume from its last checkpoint\n"


def test_in_a_terminal_rm_asks_before_it_removes_what_was_trained(
    shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(question: str, **_options: object) -> None:
        asked.append(question)
        raise typer.Abort

    monkeypatch.setattr("typer.confirm", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert shell("rm", "3,6") == 130 and asked == ["remove runs 3, 6, 8 epochs of training for good?"]
    assert shell("rm", "7") == 0 and len(asked) == 1  # never trained
    assert shell("rm", "6", "--yes") == 0 and len(asked) == 1
    assert shell("show", "3", "--json") == 0


def test_ls_and_log_say_what_is_to_come(shell: Shell, study: Store) -> None:
    with study.write() as session:
        session.execute(text("UPDATE run SET request = 'pause' WHERE id = 5"))
    assert shell("ls") == 0 and shell.out.splitlines()[5].endswith("pauses after this step")
    assert shell("log", "7") == 0 and shell.err == "run 7 (queued) has no log yet\n"
