"""Every ending of a training process has a name, and every name a suggestion."""

from pathlib import Path
from typing import get_args

import pytest

from engine.hardware import kernel_oom
from engine.spec.grid import make_spec
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.advice import ADVICE
from engine.store.database import Store
from engine.store.status import Cause
from engine.worker.endings import LEASE_LOST, LOG_UNWRITABLE, RANK_LOST, STORE_UNUSABLE, ending_of


@pytest.mark.parametrize(
    ("code", "told", "memory", "cause", "says"),
    [
        (-9, True, True, None, ""),
        (
            -9,
            False,
            True,
            "out_of_memory",
            "the kernel killed the training process: the host's memory was full",
        ),
        (-9, False, False, "signal", "ended by SIGKILL"),
        (-11, False, True, "signal", "ended by SIGSEGV"),
        (-60, False, False, "signal", "ended by signal 60"),
        (1, False, False, "code", "left with code 1: ImportError: no torch"),
        (0, False, False, "code", "left without recording its end: ImportError: no torch"),
        (RANK_LOST, True, False, None, ""),
        (RANK_LOST, False, True, "out_of_memory", "the host's memory was full"),
        (RANK_LOST, False, False, "signal", "ImportError: no torch"),
        (STORE_UNUSABLE, False, False, "database", "could not use the run table: ImportError: no torch"),
        (
            LOG_UNWRITABLE,
            False,
            False,
            "disk",
            "could not open its log; the last line in it: ImportError: no torch",
        ),
        (LEASE_LOST, False, False, None, ""),
    ],
)
def test_an_exit_code_gives_a_cause(
    code: int, told: bool, memory: bool, cause: str | None, says: str
) -> None:
    found = ending_of(code, was_told=told, out_of_memory=memory, last_words="ImportError: no torch")
    assert (found.cause if found else None) == cause
    assert found is None or (says in found.text and found.is_final == (cause == "code"))


def test_each_cause_has_one_suggestion() -> None:
    assert set(ADVICE) == set(get_args(Cause)) and all(text and "\n" not in text for text in ADVICE.values())


def test_bad_endings_in_a_row_fail_the_run_with_cause_and_suggestion(store: Store) -> None:
    run_id = add_runs(store, [make_spec({"data": "digits"})], max_attempts=2).ids[0]
    worker = workers.register(store, pid=1, device="cpu", device_name="test")
    for failures, status in ((1, "queued"), (2, "failed")):
        held = queue.claim(store, worker)
        assert held is not None
        queue.put_back(store, held, bad_end=("out_of_memory", "the kernel killed it"))
        with store.read() as session:
            run = listing.get_run(session, run_id)
        assert (run.failures, run.status) == (failures, status)
    assert (run.cause, run.error, run.suggestion) == (
        "out_of_memory", "the kernel killed it", ADVICE["out_of_memory"],
    )  # fmt: skip


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("group", "counter"),
    [
        ("0::/user.slice/work", "sys/fs/cgroup/user.slice/work/memory.events"),
        ("0::/work", "sys/fs/cgroup/unified/work/memory.events"),
        ("4:memory:/work", "sys/fs/cgroup/memory/work/memory.oom_control"),
    ],
)
def test_the_kernels_kills_for_memory_are_counted(tmp_path: Path, group: str, counter: str) -> None:
    write(tmp_path / "proc/vmstat", "pgfault 7\noom_kill 3\n")
    write(tmp_path / "proc/self/cgroup", f"{group}\n1:cpu:/\n")
    write(tmp_path / counter, "oom 9\noom_kill_disable 0\noom_kill 1\n")
    before = kernel_oom.kills(tmp_path)
    assert before == {str(tmp_path / "proc/vmstat"): 3, str(tmp_path / counter): 1}
    assert not kernel_oom.grew(before, kernel_oom.kills(tmp_path)) and not kernel_oom.grew({}, before)
    write(tmp_path / counter, "oom_kill 2\n")
    assert kernel_oom.grew(before, kernel_oom.kills(tmp_path))


def test_a_host_that_counts_nothing_tells_nothing(tmp_path: Path) -> None:
    assert kernel_oom.kills(tmp_path) == {}
