"""Runs that ended since the last time that somebody asked."""

import json
from datetime import UTC, datetime
from pathlib import Path

from hostile import EVIL, SHOWN
from shell import Shell
from sqlalchemy import text

from engine.store import queue
from engine.store.database import Store


def test_news_since_the_last_time(shell: Shell, study: Store, state_home: Path) -> None:
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
    assert [path.parent for path in state_home.rglob("*.json")] == [state_home / "resnet-tui"]
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
            text(
                "UPDATE run SET verdict_evidence = 'it grows', findings = NULL, headline = 'overfitting', "
                "severity = 'warning' WHERE id = 5"
            )
        )
    assert shell("news") == 0 and "warning    #5 resnet50 none lr 1e-3  overfitting: it grows" in shell.out
    assert shell("news") == 0 and shell.out.endswith(": nothing new\n")


def test_news_that_cannot_be_remembered_are_told_all_the_same(
    shell: Shell, study: Store, state_home: Path
) -> None:
    state_home.rmdir()
    state_home.write_text("a file in the folder's place")
    assert shell("news") == 0
    assert shell.out.startswith("so far: 4 done") and shell.err.startswith("these news will be shown again: ")
    assert shell.err.count("\n") == 1


def test_a_broken_memory_of_news_is_as_none(shell: Shell, study: Store, state_home: Path) -> None:
    assert shell("news") == 0
    [path] = state_home.rglob("*.json")
    for broken in ("", "[]", "{}", '{"at": "2026-05-01T10:00", "warned": []}', '{"at": 3, "warned": []}'):
        path.write_text(broken)
        assert shell("news") == 0 and shell.out.startswith("so far: 4 done")
