"""Three hosts with one run table in PostgreSQL, of which one is cut off from it and healed."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres
import pytest
from long import only_in_soak
from sqlalchemy import make_url

from benchmarks.kill_loop import SMALL, KillLoop
from engine.spec.grid import make_spec
from engine.store import workers
from engine.store.add import Batch, add_batches
from engine.store.needs import Needs
from engine.store.tables import Run
from tests.support.network_hosts import NetworkHost, Relay, network_hosts
from tests.support.waiting import LIMIT_S, until

QUICK = "tcp_user_timeout=2000&keepalives_idle=1&keepalives_interval=1&keepalives_count=2"
"""Settings by which a host notices within seconds that it is cut off."""
EPOCHS = 12


class Hosts:
    """Workers of three hosts and the runs that they train."""

    def __init__(self, loop: KillLoop, hosts: list[NetworkHost], url: str) -> None:
        self.loop, self.hosts, self._url = loop, hosts, make_url(url)
        self.workers: list[subprocess.Popen[bytes]] = []
        self._relays: list[Relay] = []

    def start(self, host: NetworkHost, *flags: str) -> "subprocess.Popen[bytes]":
        """Start a worker on a host, which reaches the server through that host's link alone."""
        relay = Relay(host.server, f"{self._url.query['host']}/.s.PGSQL.5432")
        self._relays.append(relay)
        url = f"postgresql+psycopg://postgres@{host.server}:{relay.port}/{self._url.database}?{QUICK}"
        command = [*host.within(f"RESNET_TUI_DB={url}"), sys.executable, "-m", "engine.worker"]
        command += ["--home", str(self.loop.root), "--device", "cpu", *flags]
        with (self.loop.root / f"{host.name}.log").open("ab") as log:
            worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def run_of(self, host: NetworkHost) -> Run | None:
        """Return the run that a host's worker trains and has taken a step of."""
        with self.loop.store.read() as session:
            ids = [worker.id for worker in workers.present(session) if worker.host == host.name]
        found = [self.loop.row(run_id) for run_id in self.loop.victims]
        return next((run for run in found if run.worker_id in ids and run.step), None)

    def said(self) -> str:
        return "\n".join(
            f"== {path.name}\n{path.read_text()[-3000:]}" for path in self.loop.root.glob("host*.log")
        )

    def until(self, condition: Callable[[], object], what: str) -> None:
        until(lambda: bool(condition()), what=what, seen=self.said)

    def until_done(self, run_ids: list[int]) -> None:
        self.until(lambda: all(self.loop.row(run_id).status == "done" for run_id in run_ids), "all runs")

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        for relay in self._relays:
            relay.close()


@pytest.fixture
def three_hosts(tmp_path: Path) -> Iterator[Hosts]:
    """Hosts whose table has a calm run, done, and three of the same spec that wait."""
    with network_hosts(3) as hosts, postgres.server() as server, contextlib.ExitStack() as closing:
        url = server.new_database()
        loop = KillLoop(tmp_path, kills=0, runs=3, epochs=EPOCHS, db=url)
        closing.callback(loop.store.close)
        made = Hosts(loop, hosts, url)
        closing.callback(made.close)
        assert made.start(hosts[0], "--max-runs", "1").wait(timeout=LIMIT_S) == 0, made.said()
        yield made


@only_in_soak
@pytest.mark.timeout(900)
def test_a_host_that_is_cut_off_and_healed_harms_no_run(three_hosts: Hosts) -> None:
    """First for less than its lease, when it keeps its run; then until another host has trained the run to its end."""
    loop, (one, two, three) = three_hosts.loop, three_hosts.hosts
    three_hosts.start(two, "--lease", "600", "--max-runs", "1")
    three_hosts.until(lambda: three_hosts.run_of(two), "a run on the second host")
    short = three_hosts.run_of(two)
    assert short is not None and short.id is not None
    two.cut()
    three_hosts.until(lambda: "trying again" in three_hosts.said(), "the second host to notice")
    two.heal()
    three_hosts.until_done([short.id])
    assert loop.row(short.id).attempt == 1

    three_hosts.start(three, "--lease", "4")
    three_hosts.until(lambda: three_hosts.run_of(three), "a run on the third host")
    lost = three_hosts.run_of(three)
    assert lost is not None and lost.id is not None
    three.cut()
    three_hosts.start(one, "--lease", "4")
    three_hosts.until_done(loop.victims)
    assert loop.row(lost.id).attempt == 2
    before = (loop.weights(lost.id), loop.predictions(lost.id), loop.home.run(lost.id).log.read_text())
    three.heal()

    spec = make_spec(SMALL | {"epochs": EPOCHS})
    back = add_batches(loop.store, [Batch([spec], needs=Needs(needs_host=three.name))]).ids[0]
    three_hosts.until_done([back])
    assert (
        loop.weights(lost.id), loop.predictions(lost.id), loop.home.run(lost.id).log.read_text()
    ) == before, "the host that came back has written"  # fmt: skip
    loop.victims.append(back)
    assert loop.problems() == []
