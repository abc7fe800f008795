"""Cores for a training: affinity and quota, less what others keep busy, shared by workers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.hardware import cores
from engine.hardware.cores import READINGS, CoreMeter, CoreShare, usable_cores

SELF, V2, V1 = "proc/self/cgroup", "0::/a/b\n", "4:cpuacct,cpu:/\n1:name=systemd:/\n"
GROUPS = "sys/fs/cgroup"
V1_QUOTA, V1_PERIOD = (f"{GROUPS}/cpu/cpu.{name}" for name in ("cfs_quota_us", "cfs_period_us"))


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, 8),
        ({SELF: V2, f"{GROUPS}/cpu.max": "max 100000\n"}, 8),
        ({SELF: V2, f"{GROUPS}/cpu.max": "150000 100000\n"}, 2),
        ({SELF: V2, f"{GROUPS}/a/cpu.max": "10000 100000\n"}, 1),
        ({SELF: V2, f"{GROUPS}/a/b/cpu.max": "500000 100000\n", f"{GROUPS}/a/cpu.max": "300000 100000\n"}, 3),
        ({SELF: V2, f"{GROUPS}/a/b/cpu.max": "9000000 100000\n"}, 8),
        ({SELF: V2, f"{GROUPS}/cpu.max": "what"}, 8),
        ({SELF: V1, f"{V1_QUOTA}": "-1\n", V1_PERIOD: "100000\n"}, 8),
        ({SELF: V1, f"{V1_QUOTA}": "300000\n", V1_PERIOD: "100000\n"}, 3),
        ({SELF: V1, f"{V1_QUOTA}": "300000\n", V1_PERIOD: "0\n"}, 8),
        ({f"{GROUPS}/cpu.max": "150000 100000\n"}, 8),
    ],
)
def test_usable_are_the_cores_of_the_affinity_within_the_quota(
    files: dict[str, str], found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert usable_cores(tmp_path) == found


@pytest.mark.parametrize(
    ("share", "free", "why"),
    [
        (CoreShare(2), 2, ""),
        (CoreShare(2, others=0.4), 2, ""),
        (CoreShare(2, others=1.2), 1, "other processes keep 1.2 of 2 cores busy"),
        (CoreShare(2, others=9.0), 1, "other processes keep 9.0 of 2 cores busy"),
        (CoreShare(1, others=1.0), 1, ""),
        (CoreShare(2, workers=2), 1, "2 workers share 2 cores"),
        (CoreShare(2, workers=2, others=1.0), 1, "other processes keep 1.0 of 2 cores busy"),
        (CoreShare(4, others=30.0, there=64), 4, ""),
        (CoreShare(4, others=62.0, there=64), 2, "other processes keep 62.0 of 64 cores busy"),
        (CoreShare(8, workers=3, others=1.0), 2, "3 workers share 8 cores"),
        (CoreShare(8, workers=2, others=6.0), 2, "other processes keep 6.0 of 8 cores busy"),
        (CoreShare(2, workers=5), 1, "5 workers share 2 cores"),
    ],
)
def test_a_training_gets_what_others_leave_and_its_part_of_what_workers_share(
    share: CoreShare, free: int, why: str
) -> None:
    assert (share.free, share.why) == (free, why)


class Clocks:
    """The kernel's clocks in ticks: four cores, each process with a time of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.passed, self.busy = folder, 1000, 100
        self.own: dict[int, int] = {}
        self.write()

    def after(self, ticks: int, *, busy: int, **own: int) -> None:
        self.passed, self.busy = self.passed + ticks, self.busy + busy
        self.own = {int(pid.removeprefix("p")): time for pid, time in own.items()}
        self.write()

    def write(self) -> None:
        lines = ["cpu  1 2 3 4 5 6 7 8 9 10"]
        for core in range(4):
            user = self.busy if core == 0 else 0
            lines.append(f"cpu{core} {user} 0 0 {self.passed - user} 0 0 0 0 0 0")
        (self.folder / "stat").write_text("\n".join([*lines, "cpu9 7777777 0 0 0 0 0 0 0 0 0", "intr 5"]))
        for pid, time in self.own.items():
            (self.folder / str(pid)).mkdir(exist_ok=True)
            (self.folder / str(pid) / "stat").write_text(
                f"{pid} (a b) c) S 1 1 1 0 -1 0 0 0 0 0 {time} 0 0 0 20"
            )


@pytest.fixture
def clocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocks]:
    monkeypatch.setattr(cores, "PROC", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(4)))
    yield Clocks(tmp_path)


def test_what_our_own_processes_take_does_not_count(clocks: Clocks) -> None:
    clocks.after(0, busy=0, p7=50, p8=0)
    meter = CoreMeter({7, 8})
    assert meter.others is None
    clocks.after(100, busy=250, p7=130, p8=70)
    meter.read({7, 8})
    assert meter.others == pytest.approx((250 - 80 - 70) / 100)


def test_a_reading_between_which_a_process_of_ours_came_or_went_is_left_out(clocks: Clocks) -> None:
    clocks.after(0, busy=0, p7=0)
    meter = CoreMeter({7})
    clocks.after(100, busy=100, p7=0, p8=400)
    meter.read({7, 8})
    assert meter.others is None
    clocks.after(100, busy=100, p7=0, p8=450)
    meter.read({7, 8})
    assert meter.others == 0.5


def test_the_median_of_the_latest_readings_counts(clocks: Clocks) -> None:
    meter = CoreMeter(())
    for busy in (400, 400, 400, 0, 0, 100, 0, 300):
        clocks.after(100, busy=busy)
        meter.read(())
    assert READINGS == 5 and meter.others == 0


def test_where_the_kernel_does_not_tell_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "PROC", tmp_path / "none")
    meter = CoreMeter({1})
    meter.read({1})
    assert meter.others is None
