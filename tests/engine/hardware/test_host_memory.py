"""Free memory: of the host, within the limits of this process's control groups."""

from pathlib import Path

import pytest

from engine.hardware.host_memory import GIB, free_gb
from engine.hardware.telemetry import CpuTelemetry


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, 20.0),
        ({"a/memory.max": "max", "a/memory.current": "7"}, 20.0),
        ({"a/memory.max": str(8 * GIB), "a/memory.current": str(3 * GIB)}, 5.0),
        ({"memory.max": str(8 * GIB), "memory.current": str(9 * GIB)}, 0.0),
        ({"a/memory.max": str(8 * GIB)}, 20.0),
    ],
)
def test_the_least_of_what_is_left_counts(
    files: dict[str, str], found: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CpuTelemetry, "read", lambda _self: {"memory_total_gb": 24.0, "memory_gb": 4.0})
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/a\n")
    for name, content in files.items():
        file = tmp_path / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    assert free_gb(tmp_path) == found
