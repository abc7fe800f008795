"""Four processes write and eight poll one SQLite file: nobody sees a lock, and nothing is lost.

RESNET_TUI_CROWD_S asks for more seconds than the default."""

import json
import multiprocessing
import os
from pathlib import Path

from crowd import ROUNDS, take_part
from sqlalchemy import text
from waiting import LIMIT_S

from engine.store.database import open_store

SECONDS = float(os.environ.get("RESNET_TUI_CROWD_S", "1"))
WRITERS, READERS = 4, 8


def test_nobody_sees_a_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    # Otherwise each would spend a second on imports. Forked before this process opens the database: SQLite forbids a
    # fork beside an open one.
    crowd = ["write"] * WRITERS + ["read"] * READERS
    results = [tmp_path / str(number) for number in range(len(crowd))]
    open_store(url).close()
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=take_part, args=(what, url, SECONDS, where))
        for what, where in zip(crowd, results, strict=True)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(LIMIT_S)
    said = [each.with_suffix(".err").read_text() for each in results if each.with_suffix(".err").exists()]
    assert [process.exitcode for process in processes] == [0] * len(processes), said
    assert "locked" not in "".join(said)
    found = [json.loads(each.with_suffix(".json").read_text()) for each in results]
    store = open_store(url)
    assert all(result["calls"] >= ROUNDS for result in found), found
    print(found)  # for who asks with -s
    with store.read() as session:
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        done = session.execute(text("SELECT count(*) FROM run WHERE status = 'done'")).scalar()
        whole = "SELECT count(*) FROM (SELECT run_id FROM epoch_metrics GROUP BY run_id HAVING count(*) = 4)"
        assert session.execute(text(whole)).scalar() == done and (done or 0) > WRITERS
    store.close()
