"""Energy counters of processors and cards, and the energy of a run's epochs."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from sessions import Memory
from small import small_home, small_session, small_spec

from engine.hardware import energy
from engine.hardware.energy import EnergyMeter, energy_meter


def zone(root: Path, name: str, used: int, most: int = 1_000_000_000) -> None:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "energy_uj").write_text(f"{used}\n")
    (folder / "max_energy_range_uj").write_text(f"{most}\n")


@pytest.fixture
def zones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(energy, "POWERCAP", tmp_path / "powercap")
    return tmp_path / "powercap"


def test_packages_are_added_their_parts_are_not_and_a_counter_begins_again(zones: Path) -> None:
    zone(zones, "intel-rapl:0", 5_000_000)
    zone(zones, "intel-rapl:0:0", 1_000_000)
    zone(zones, "intel-rapl:1", 999_000_000)
    meter = energy_meter("cpu")
    assert meter.begins_again
    zone(zones, "intel-rapl:0", 7_500_000)
    zone(zones, "intel-rapl:0:0", 900_000_000)
    zone(zones, "intel-rapl:1", 2_000_000)  # over its end, which is at 1,000 J
    assert meter.look() == pytest.approx(2.5 + 3.0)
    assert meter.look() == 0.0


def test_no_counter_is_no_energy(zones: Path) -> None:
    meter = energy_meter("cpu")
    assert meter.look() is None and not meter.begins_again
    zone(zones, "intel-rapl:0", 1)
    assert meter.look() is None, "one that appears tells nothing of before"
    (zones / "intel-rapl:0" / "energy_uj").write_text("none")
    assert meter.look() is None
    assert energy_meter("cuda").look() is None and energy_meter("mps").look() is None


class NVMLError(Exception):
    pass


def fake_nvml(readings: list[int | None]) -> SimpleNamespace:
    def total(handle: str) -> int:
        assert handle == "card GPU-1"
        value = readings.pop(0)
        if value is None:
            raise NVMLError("not supported")
        return value

    return SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: f"card {uuid.decode()}",
        nvmlDeviceGetTotalEnergyConsumption=total,
    )


def test_a_card_counts_millijoules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml([1_000, 251_000]))
    meter = energy_meter("cuda", "GPU-1")
    assert meter.look() == 250.0 and not meter.begins_again
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml([None, None]))
    assert energy_meter("cuda", "GPU-1").look() is None, "an older card"


def test_each_trained_epoch_has_its_energy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten joules a look: of training alone, not of what lies between two epochs."""
    home = small_home(tmp_path, monkeypatch)
    ticks = iter(range(1_000))
    session = small_session(home, 1, small_spec(epochs=2))
    session._energy = EnergyMeter(lambda: [(10.0 * next(ticks), float("inf"))])
    memory = Memory()
    assert session.train(memory, lambda: False)
    assert [each.number("energy_j") for each in memory.measured] == [None, 10.0, 10.0]
