"""Workers, cards and data sets on screens of their own."""

import getpass
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pictures import lab_csvs
from pilots import SMALL, TALL, app, asked, make_home, notified, opened, shown, until
from textual.pilot import Pilot
from told import tell
from waiting import LIMIT_S

from engine.cluster.slurm import Job, jobs_of
from engine.cluster.submissions import new_submission
from engine.files.paths import Home
from engine.hardware import processes
from engine.hardware.processes import ProcessFacts
from engine.hardware.system_history import Series
from engine.hardware.telemetry import CardProcess, HostCard, NvidiaState
from engine.spec.grid import make_spec
from engine.store import alerts, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.system_use import record_hour
from engine.store.utc import utc_now
from engine.store.workers import register
from tui.feeds import cards_feed
from tui.feeds.cards_feed import workers_of
from tui.feeds.jobs_feed import JobsFeed, JobsView, waiting_jobs
from tui.screens import data as data_screen
from tui.screens import workers as workers_screen
from tui.screens.data import DataScreen, UsedData, used_data
from tui.screens.help import HelpScreen
from tui.screens.home import HomeScreen
from tui.screens.run import RunScreen
from tui.screens.workers import WorkersScreen
from tui.snapshot import WorkerView
from tui.views.card_text import cards_text
from tui.views.gauges import HOUR, MINUTES, gauges_of, line_of
from tui.views.worker_history import KEPT, WorkerHistory, sparkline, tall_bars
from tui.widgets.workers_pane import WorkersPane
from tui.worker_verbs import CannotSignal, drain, stop

LARGE = (200, 60)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(cards_feed, "nvidia", lambda: NvidiaState((), None, None, None))
    return make_home(tmp_path, monkeypatch)


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that stands for a worker: it leaves with 5 when it is drained."""
    code = "import signal, sys, time; signal.signal(signal.SIGUSR2, lambda *_: sys.exit(5)); print(); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-uc", code], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def view_of(pid: int, **more: Any) -> WorkerView:
    facts = {
        "id": 1,
        "device": "cpu",
        "name": "a processor",
        "load": "",
        "run_id": None,
        "images_per_s": None,
    }
    return WorkerView(
        **{**facts, "host": processes.host_name(), "pid": pid, "pid_started": processes.started(pid), **more}
    )


async def on_screen(pilot: Pilot[Any], key: str, kind: type) -> None:
    await opened(pilot)
    await until(pilot, lambda: "test processor" in shown(pilot, "#strip"))
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_a_worker_is_seen_with_its_run_and_what_its_device_does(
    home: Home, study: Store, size: tuple[int, int]
) -> None:
    async with app(home).run_test(size=size, notifications=True) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await until(pilot, lambda: "test processor" in shown(pilot, "#workers-text"))
        assert shown(pilot, "#workers-head").startswith("1 worker   1 running   2 queued")
        lines = shown(pilot, "#workers-text").splitlines()
        assert lines[0].startswith("▸ worker 1  cpu  test processor  gpu03:")
        assert lines[1].strip().startswith("#5 resnet50 none 1e-3  epoch 3/6  120 images/s  ends ≈ ")
        assert lines[2].rstrip().endswith("█ 97 %   last 2 minutes")
        telemetry = {"cpu_percent": 10.0, "memory_gb": 4.0, "memory_total_gb": 16.0, "temperature_c": 63.0}
        workers.beat(study, 1, state="running", telemetry=telemetry)
        await until(pilot, lambda: "4.0 of 16 GiB" in shown(pilot, "#workers-text"))
        assert workers.ask_to_leave(study, 1, how="draining")
        await until(pilot, lambda: "  draining" in shown(pilot, "#workers-text").splitlines()[1])
        assert "█▁ 10 %" in shown(pilot, "#workers-text") and "63 °C" in shown(pilot, "#workers-text")
        await pilot.press("j", "k", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await until(pilot, lambda: shown(pilot, "#run-head").startswith("#5"))


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_addresses_of_alerts_are_seen_without_their_secrets(
    home: Home, study: Store, size: tuple[int, int]
) -> None:
    async with app(home).run_test(size=size, notifications=True) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await until(pilot, lambda: "alerts: none; resnet-tui notify add URL" in shown(pilot, "#alerts-text"))
        await pilot.press("escape")
        tell(study, "failed", "done")
        tell(study, "done", sweep="lrs")
        fail_last_message(study)
        await pilot.press("W")
        await until(pilot, lambda: "gpu03.example.org" in shown(pilot, "#alerts-text"))
        assert shown(pilot, "#alerts-text").splitlines() == [
            "· alerts to json://gpu03.example.org/…  failed, done",
            "✖ alerts of lrs to json://gpu03.example.org/…  no connection",
        ]


def fail_last_message(store: Store) -> None:
    """A message to the last address has failed."""
    with store.read() as session:
        channel = alerts.channels(session)[-1]
    alerts.record(store, channel, [alerts.Event("a", "done", None, utc_now(), "", "", "")], 0)
    claimed = alerts.claim_message(store, channel.id or 0)
    assert claimed is not None
    alerts.note_failed(store, channel.id or 0, claimed.claim, "no connection", 0)


async def test_a_worker_is_stopped_and_drained_by_key(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(processes, "takes", lambda _pid, _number: True)
    monkeypatch.setattr(os, "kill", lambda pid, number: told.append((pid, number)))
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await pilot.press("d")
        await until(pilot, lambda: "worker 1 leaves when #5 has ended" in notified(pilot))
        await pilot.press("x")
        await until(pilot, lambda: asked(pilot).startswith("Stop worker 1? #5, now at epoch 3 of 6, keeps"))
        await pilot.press("enter")
        assert len(told) == 1
        await pilot.press("x")
        await until(pilot, lambda: asked(pilot))
        await pilot.press("y")
        await until(pilot, lambda: "worker 1 stops: #5 keeps its place and its checkpoint" in notified(pilot))
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape", "w")
        assert "a worker is there already" in notified(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, HomeScreen)
    assert told == [(os.getpid(), signal.SIGUSR2), (os.getpid(), signal.SIGTERM)]


async def test_a_window_that_only_looks_stops_no_worker(home: Home, study: Store) -> None:
    async with app(home, readonly=True).run_test(size=SMALL, notifications=True) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await pilot.press("x", "d")
        assert "is read-only" in notified(pilot)


async def test_without_workers_the_next_key_is_said(home: Home) -> None:
    open_store(home.database).close()
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await pilot.press("W")
        await until(pilot, lambda: isinstance(pilot.app.screen, WorkersScreen))
        assert "press w to start one" in shown(pilot, "#workers-text")
        await pilot.press("x", "d", "enter", "j")
        assert "it trains no run" in notified(pilot)


SQUEUE = """#!/bin/sh
echo asked >> {folder}/asked
while [ ! -e {folder}/answer ]; do sleep 0.02; done
cat {folder}/answer >&2; cat {folder}/answer; exit $(cat {folder}/code)
"""


@pytest.fixture
def squeue(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a stand-in for squeue, which says what is in the file `answer` once that is there."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "squeue").write_text(SQUEUE.format(folder=folder))
    (folder / "squeue").chmod(0o755)
    (folder / "code").write_text("0")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


async def test_jobs_are_seen_with_slurms_reason_and_slurm_keeps_nobody_waiting(
    home: Home, study: Store, squeue: Path
) -> None:
    submission = new_submission(home)
    submission.write_jobs(["7_0", "7_1"])
    submission.announcements("7_0").write_text("1\n99\n")
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await until(pilot, lambda: (squeue / "asked").exists())
        await pilot.press("question_mark")  # squeue has not answered yet
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        assert shown(pilot, "#jobs-text").strip() == ""
        (squeue / "more").write_text("7_0|RUNNING|gpu03|None\n7_1|PENDING||Resources\n8|PENDING||Priority\n")
        (squeue / "more").rename(squeue / "answer")
        await until(pilot, lambda: "slurm:7_1" in shown(pilot, "#jobs-text"))
        first, second, hint = shown(pilot, "#jobs-text").splitlines()[:3]
        assert first.split() == ["job", "slurm:7_0", "running", "worker", "1", "on", "gpu03"]
        assert second.split() == ["job", "slurm:7_1", "pending", "Resources"] and "workers stop" in hint
        head = shown(pilot, "#workers-head")  # a small window may show nothing else of them
        assert head.startswith("1 worker   1 job waits   1 running")


async def test_runs_that_wait_for_jobs_in_slurm_say_so(home: Home, squeue: Path, tmp_path: Path) -> None:
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "digits"})])
    new_submission(home).write_jobs(["7_0", "7_1", "8"])
    (squeue / "answer").write_text("7_0|PENDING||Resources\n7_1|PENDING||Resources\n8|RUNNING|gpu03|None\n")
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        words = "waits for Slurm (2 jobs: Resources)"
        await until(pilot, lambda: reason(pilot) == words)
        await until(pilot, lambda: f"no worker yet: {words}" in shown(pilot, "#strip"))
        register(store, pid=os.getpid(), device="cpu", device_name="a processor")
        await until(pilot, lambda: reason(pilot) == "next")
    store.close()


def reason(pilot: Pilot[Any]) -> str | None:
    screen = pilot.app.screen
    assert isinstance(screen, HomeScreen)
    return screen._snapshot.reasons.of(1) if screen._snapshot is not None else None


def test_jobs_that_wait_are_told_with_slurms_reasons() -> None:
    jobs = [Job(f"7_{n}", state, why, "", ()) for n, (state, why) in enumerate(JOBS)]
    assert waiting_jobs(jobs) == "waits for Slurm (3 jobs: Resources, Priority)"
    assert waiting_jobs(jobs[:2]) == "waits for Slurm (1 job: Resources)"
    assert waiting_jobs(jobs[1:2]) == "" and waiting_jobs(()) == ""
    assert waiting_jobs([Job("8", "PENDING", "", "", ())]) == "waits for Slurm (1 job)"


JOBS = [("PENDING", "Resources"), ("RUNNING", ""), ("PENDING", "Priority"), ("PENDING", "Resources")]


async def test_a_slurm_that_fails_is_said(home: Home, study: Store, squeue: Path) -> None:
    new_submission(home).write_jobs(["7"])
    (squeue / "code").write_text("1")
    (squeue / "answer").write_text("squeue: error: Unable to contact slurm controller")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await until(pilot, lambda: "Slurm says: Unable to contact" in shown(pilot, "#jobs-text"))


def test_slurm_is_not_asked_where_no_job_was_submitted(home: Home, squeue: Path) -> None:
    (squeue / "answer").write_text("")
    assert JobsFeed(home).poll() == JobsView()
    submission = new_submission(home)
    assert JobsFeed(home).poll() == JobsView() and not (squeue / "asked").exists()
    submission.write_jobs(["7"])
    old = submission.folder.stat().st_mtime - 120
    os.utime(submission.folder / "jobs.json", (old, old))
    assert JobsFeed(home).poll() == JobsView() and submission.read_jobs() == ["7"], "the app writes nothing"
    assert jobs_of(home) == [] and submission.read_jobs() == [], "it has ended"
    (squeue / "asked").unlink()
    assert JobsFeed(home).poll() == JobsView() and jobs_of(home) == [] and not (squeue / "asked").exists()


def test_a_signal_reaches_only_the_process_that_was_meant(
    home: Home, sleeper: "subprocess.Popen[bytes]"
) -> None:
    with pytest.raises(CannotSignal, match="has gone already"):
        stop(view_of(sleeper.pid, pid_started="another boot/1"), home)  # its number was given away
    assert sleeper.poll() is None
    with pytest.raises(CannotSignal, match="cannot be drained"):
        drain(view_of(os.getpid()), home)  # it has no handler: the signal would end it
    assert drain(view_of(sleeper.pid), home) == "worker 1 leaves now"
    assert sleeper.wait(timeout=LIMIT_S) == 5
    with pytest.raises(CannotSignal, match="has gone already"):
        stop(view_of(sleeper.pid, pid_started="x"), home)


def test_a_worker_of_another_host_is_asked_through_the_run_table(home: Home, study: Store) -> None:
    there = view_of(7, host="gpu99", run_id=5)
    assert drain(there, home) == "worker 1 on gpu99 is asked to leave when #5 has ended"
    assert workers.beat(study, 1, state="running", telemetry={}) == "draining"
    assert stop(there, home) == "worker 1 on gpu99 is asked to stop: #5 keeps its place and its checkpoint"
    assert workers.beat(study, 1, state="running", telemetry={}) == "stopping"
    drain(there, home)
    assert workers.beat(study, 1, state="idle", telemetry={}) == "stopping", "a stop is not taken back"
    workers.leave(study, 1)
    with pytest.raises(CannotSignal, match="has gone already"):
        stop(there, home)


async def test_the_chosen_worker_stays_chosen_when_another_leaves(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(workers_screen, "stop", lambda worker, _home: told.append(worker.id) or "told")
    for device in ("one", "two"):
        workers.register(study, pid=os.getpid(), device="cpu", device_name=device)
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await until(pilot, lambda: shown(pilot, "#workers-head").startswith("3 workers"))
        await pilot.press("j")
        workers.leave(study, 1)
        await until(pilot, lambda: shown(pilot, "#workers-head").startswith("2 workers"))
        await pilot.press("x")
        await until(pilot, lambda: told == [2])
        workers.leave(study, 2)
        await until(pilot, lambda: shown(pilot, "#workers-head").startswith("1 worker"))
        await pilot.press("x")
        assert told == [2] and "that worker has left" in notified(pilot)
        await pilot.press("k", "x")
        await until(pilot, lambda: told == [2, 3])


def test_a_history_takes_each_sign_of_life_once_and_forgets_the_gone() -> None:
    history = WorkerHistory()
    for seen in (1.0, 1.0, 2.0):
        history.take([view_of(1, seen_s=seen, gauges=(10.0 * seen, None, None, None))])
    assert history.of(1, 0) == [10.0, 20.0] and history.of(1, 3) == [None, None]
    for seen in range(3, 2 * KEPT):
        history.take([view_of(1, seen_s=float(seen))])
    assert len(history.of(1, 0)) == KEPT
    history.take([])
    assert history.of(1, 0) == []


def test_a_sparkline_spans_its_levels() -> None:
    assert sparkline([0.0, 50.0, None, 100.0, 250.0, -3.0], 8, low=0.0, high=100.0) == "  ▁▅ ██▁"
    assert (
        sparkline([], 3, low=0.0, high=1.0) == "   " and sparkline([1.0] * 9, 3, low=0.0, high=1.0) == "███"
    )


def test_tall_bars_are_filled_from_the_bottom() -> None:
    assert tall_bars([0.0, 25.0, 50.0, None, 100.0, 130.0], 7, 2, high=100.0) == ["     ██", " ▁▄█ ██"]
    assert tall_bars([], 3, 2, high=1.0) == ["   ", "   "]


def test_gauges_of_a_card_have_the_hosts_cpu_too_and_say_what_they_cover() -> None:
    card = view_of(1, device="cuda:0", gauges=(97.0, 40.0, 80.0, 63.0))
    columns = {"gpu_percent": [90.0] * 8, "gpu_memory_gb": [40.0] * 8, "cpu_percent": [5.0] * 7 + [30.0]}
    found = gauges_of(card, Series(30.0, columns), WorkerHistory())
    assert found.covers == HOUR
    assert [(each.label, each.words) for each in found.all] == [
        ("card use", "97 %"), ("memory", "40.0 of 80 GiB"), ("temperature", "63 °C"), ("CPU", "30 %"),
    ]  # fmt: skip
    assert found.all[0].samples == [90.0] * 8 and found.all[2].samples == ()
    few = gauges_of(card, Series(30.0, {"gpu_percent": [90.0] * 7}), WorkerHistory())
    assert few.covers == MINUTES and len(few.all) == 3
    line = line_of(found, 80, "red").plain
    assert line.rstrip().endswith("last hour") and len(line) <= 81


def test_cards_say_how_busy_they_are_and_whose_processes_are_on_them() -> None:
    processes_there = (CardProcess(11, None), CardProcess(10, 40.0), CardProcess(12, 1.25))
    busy = HostCard("NVIDIA H100", "u1", 80.0, 41.5, processes_there, 97.0, 63.0)
    free = HostCard("NVIDIA\x1b[31m H100", "u2", 80.0, 0.0)
    facts = {
        10: ProcessFacts("ann", "python -m engine.training.process --device cuda:0 --home /data/retina"),
        12: ProcessFacts("bob", "jupyter\x1b[31m lab"),
    }
    text = cards_text(NvidiaState((busy, free), "550", 12_040, None), {10: 3, 99: 4}, facts, 72).plain
    assert text.rstrip().splitlines() == [
        "card 0  NVIDIA H100  97 %  41.5 of 80 GiB in use  63 °C",
        "      pid  user            GiB  command",
        "       10  ann            40.0  worker 3: python -m engine.training.p…",
        "       12  bob             1.2  jupyter\\x1b[31m lab",
        "       11  –                 –  –",
        "card 1  NVIDIA\\x1b[31m H100  0.0 of 80 GiB in use   free",
    ]
    assert all(len(line) <= 72 for line in text.splitlines())
    dead = NvidiaState((), None, None, "the driver does not answer")
    assert cards_text(dead, {}, {}, 80).plain.startswith("the driver")


def test_a_process_of_this_host_has_its_user_and_command(sleeper: "subprocess.Popen[bytes]") -> None:
    found = processes.facts_of(sleeper.pid)
    assert found.user == getpass.getuser() and found.command.startswith("python")
    assert " -uc import signal" in found.command
    assert processes.facts_of(2**22 + 1) == ProcessFacts("", "")


async def test_the_processes_of_a_card_are_seen(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch, sleeper: "subprocess.Popen[bytes]"
) -> None:
    card = HostCard("NVIDIA H100", "u1", 80.0, 41.5, (CardProcess(sleeper.pid, 1.0),), 97.0, 63.0)
    monkeypatch.setattr(cards_feed, "nvidia", lambda: NvidiaState((card,), None, None, None))
    async with app(home).run_test(size=TALL) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await until(pilot, lambda: f"{sleeper.pid}  {getpass.getuser()}" in shown(pilot, "#cards-text"))


@pytest.mark.parametrize("size", [SMALL, TALL, LARGE])
async def test_the_last_hour_and_the_queue_fill_the_window(
    home: Home, study: Store, size: tuple[int, int]
) -> None:
    values: list[float | None] = [float(number % 100) for number in range(120)]
    record_hour(study, 1, Series(30.0, {"cpu_percent": values, "memory_gb": [4.0] * 120}))
    telemetry = {"cpu_percent": 10.0, "memory_gb": 4.0, "memory_total_gb": 16.0}
    workers.beat(study, 1, state="running", telemetry=telemetry)
    async with app(home).run_test(size=size) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await until(pilot, lambda: "last hour" in shown(pilot, "#workers-text"))
        await until(pilot, lambda: "next in the queue" in shown(pilot, "#queue-text"))
        await until(pilot, lambda: shown(pilot, "#alerts-text"))
        await until(pilot, lambda: pilot.app.screen.query_one(WorkersPane).max_scroll_y == 0)
        text = shown(pilot, "#workers-text")
        assert "10 %" in text and "4.0 of 16 GiB" in text
        is_large = size == LARGE
        assert ("ended" in shown(pilot, "#queue-text")) is is_large
        assert (text.count("\n") > 24) is (size != SMALL)
        left, right = (pilot.app.screen.query_one(f"#workers-{side}").region for side in ("left", "right"))
        assert (right.x > left.right - 3) is is_large and right.right <= size[0]
        lines = text.splitlines() + shown(pilot, "#queue-text").splitlines()
        assert all(len(line) <= (size[0] // 2 if is_large else size[0]) for line in lines)


def test_a_training_process_is_that_of_its_worker_and_a_pid_of_another_host_is_nobodys(
    sleeper: "subprocess.Popen[bytes]",
) -> None:
    ours, other = view_of(os.getpid(), id=3), view_of(sleeper.pid, id=4, host="gpu99")
    on_card = {sleeper.pid, os.getpid(), 1}
    assert workers_of(on_card, [ours, other]) == {sleeper.pid: 3, os.getpid(): 3}
    assert workers_of(on_card, [other]) == {} == workers_of([2**22 + 1], [ours])


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_data_sets_are_seen_with_their_checks(home: Home, size: tuple[int, int]) -> None:
    lab_csvs(home.root / "lab", both_eyes=True, train=(0, 1, 0, 1), test=(0, 1))
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "lab"}), make_spec({"data": "gone"}), make_spec({"data": "digits"})])
    add_runs(store, [make_spec({"data": "lab", "seed": 1})])
    async with app(home).run_test(size=size, notifications=True) as pilot:
        await opened(pilot, 4)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
        await until(pilot, lambda: "usable" in shown(pilot, "#data-text"))
        assert shown(pilot, "#data-head") == "lab   2 runs"
        text = shown(pilot, "#data-text")
        assert "lab CSVs" in text and "baseline" in text and "groups     3 by names" in text
        assert [line.strip() for line in shown(pilot, "#data-sets").splitlines()] == ["lab", "digits", "gone"]
        await pilot.press("j")
        await until(pilot, lambda: "built-in data set" in shown(pilot, "#data-text"))
        await pilot.press("j", "j")
        await until(pilot, lambda: "does not exist" in shown(pilot, "#data-text"))
        lab_csvs(home.root / "gone")
        await pilot.press("r", "space", "b")
        await until(pilot, lambda: "usable" in shown(pilot, "#data-text"))
        await pilot.press("k", "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape", "escape")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_an_unexpected_error_of_reading_data_is_shown_and_they_can_be_read_again(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[Exception] = []
    lines = data_screen._lines

    def broken(_home: Home, _used: UsedData, _opened: object) -> list[str]:
        raise ValueError("of a test")

    monkeypatch.setattr(data_screen, "_lines", broken)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        monkeypatch.setattr(pilot.app, "raise_from_thread", raised.append)
        await opened(pilot)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
        await until(pilot, lambda: "press r to read the data again" in shown(pilot, "#data-text"))
        await until(pilot, lambda: [str(error) for error in raised] == ["of a test"])
        monkeypatch.setattr(data_screen, "_lines", lines)
        await pilot.press("r")
        await until(pilot, lambda: "built-in data set" in shown(pilot, "#data-text"))


async def test_without_runs_there_are_no_data(home: Home) -> None:
    open_store(home.database).close()
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
        assert "press n" in shown(pilot, "#data-text")
        await pilot.press("j", "r", "space")
    assert used_data([]) == []


async def test_nothing_is_beside_a_wide_window(home: Home, study: Store) -> None:
    async with app(home).run_test(size=(120, 40)) as pilot:
        await on_screen(pilot, "W", WorkersScreen)
        await until(pilot, lambda: "test processor" in shown(pilot, "#workers-text"))
        for name in ("#workers-text", "#jobs-text", "#cards-text"):
            region = pilot.app.screen.query_one(name).region
            assert region.right <= 120 and region.x < 10, name
