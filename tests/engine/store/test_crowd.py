"""Four processes write and eight poll one SQLite file: nobody sees a lock, and nothing is lost.

RESNET_TUI_CROWD_S asks for more seconds than the default."""

import json
import os
import subprocess
import sys
from pathlib import Path

from crowd import ROUNDS
from sqlalchemy import text

from engine.store.database import open_store

SECONDS = os.environ.get("RESNET_TUI_CROWD_S", "1")
WRITERS, READERS = 4, 8


def test_nobody_sees_a_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    store = open_store(url)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.crowd", what, url, SECONDS],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for what in ("write",) * WRITERS + ("read",) * READERS
    ]
    said = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), [err for _, err in said]
    assert "locked" not in "".join(err for _, err in said)
    results = [json.loads(out) for out, _ in said]
    assert all(result["calls"] >= ROUNDS for result in results), results
    print(results)  # for who asks with -s
    with store.read() as session:
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        done = session.execute(text("SELECT count(*) FROM run WHERE status = 'done'")).scalar()
        whole = "SELECT count(*) FROM (SELECT run_id FROM epoch_metrics GROUP BY run_id HAVING count(*) = 4)"
        assert session.execute(text(whole)).scalar() == done and (done or 0) > WRITERS
    store.close()
