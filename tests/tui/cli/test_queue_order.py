"""The verbs that edit the queue, as a script calls them."""

import pytest
import typer
from shell import Shell, statuses
from sqlalchemy import text

from engine.files.paths import Home
from engine.store import listing, queue
from engine.store.database import Store, open_store


def order(store: Store) -> list[int]:
    with store.read() as session:
        return listing.queue_order(session)


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
        ("tag", "8", ""): "invalid tag '': give 1 to 100 characters, not starting with -",
        ("tag", "8", "-"): "- alone is not a tag",
        ("tag", "8"): "Missing argument 'TAG…'",
        ("note", "8"): "Missing argument 'TEXT'",
        ("note", "8", "caf\udce9"): "is not valid UTF-8",
        ("tag", "8", "ok", "-x\udcff"): "is not valid UTF-8",
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


def test_a_running_run_whose_target_is_retried_is_not_waited_for_in_vain(shell: Shell, study: Store) -> None:
    """#7 starts from #5: once it runs, what becomes of #5 holds it up no longer."""
    queue.end(study, queue.Claim(5, 1), "done")
    held = queue.claim(study, 1)
    assert held is not None and held.run_id == 7
    with study.write() as session:
        session.execute(text("UPDATE run SET status = 'failed' WHERE id = 5"))
    with study.read() as session:
        assert listing.unmet(session) == {} and 7 in listing.pending(session)


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
