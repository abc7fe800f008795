"""Restarts of the run table's server: no run is lost, none is done twice, all end with the same bits."""

import os
from pathlib import Path

import postgres
import pytest

from benchmarks.kill_loop import KillLoop
from tests.support.forking import Forked

RESTARTS = int(os.environ.get("RESNET_TUI_RESTARTS", "2"))
WORKERS = int(os.environ.get("RESNET_TUI_RESTART_WORKERS", "2"))


@pytest.mark.timeout(1800)
def test_a_server_that_restarts_loses_nothing(tmp_path: Path) -> None:
    with postgres.server() as server:
        loop = KillLoop(
            tmp_path,
            kills=0,
            runs=WORKERS + 1,
            epochs=6,
            start=Forked,
            workers=WORKERS,
            db=server.new_database(),
            restart=server.restart,
            restarts=RESTARTS,
        )
        loop.run()
        assert loop.problems() == []
        runs = [loop.row(run_id) for run_id in loop.victims]
        assert {run.failures for run in runs} == {0}
        assert "trying again" in (tmp_path / "workers.log").read_text()
        loop.store.close()
