"""Warning of more workers than cores."""

import pytest

from engine.hardware import worker_start
from engine.hardware.worker_start import crowd_warning


@pytest.mark.parametrize(
    ("slots", "device", "warns"),
    [("3", "cpu", True), ("2", "cpu", False), ("auto", "cpu", False), ("3", "cuda:0", False)],
)
def test_more_workers_than_cores_are_warned_of(
    slots: str, device: str, warns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_start, "usable_cores", lambda: 2)
    assert bool(crowd_warning(slots, device)) is warns
    assert not warns or "3 workers share 2 cores" in crowd_warning(slots, device)
