"""Processes on a card as the driver lists them."""

from types import SimpleNamespace
from typing import Any

from engine.hardware.telemetry import CardProcess, _card_processes


class Refused(Exception):
    """Error of the library."""


def nvml(**lists: Any) -> Any:
    def listed(found: Any) -> Any:
        def read(_handle: object) -> Any:
            if found is None:
                raise Refused
            return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in found]

        return read

    return SimpleNamespace(NVMLError=Refused, **{name: listed(found) for name, found in lists.items()})


def test_clients_of_mps_are_among_the_processes_of_a_card() -> None:
    plain = [(5, 1 << 30), (6, None)]
    found = nvml(
        nvmlDeviceGetComputeRunningProcesses=plain,
        nvmlDeviceGetMPSComputeRunningProcesses=[(5, 1 << 30), (7, 3 << 29)],
    )
    assert _card_processes(found, None) == (CardProcess(5, 1.0), CardProcess(6), CardProcess(7, 1.5))
    assert _card_processes(nvml(nvmlDeviceGetComputeRunningProcesses=plain), None) == (
        CardProcess(5, 1.0), CardProcess(6),
    )  # fmt: skip


def test_a_list_that_the_driver_refuses_is_empty() -> None:
    refused = nvml(
        nvmlDeviceGetComputeRunningProcesses=None, nvmlDeviceGetMPSComputeRunningProcesses=[(7, 3 << 29)]
    )
    assert _card_processes(refused, None) == (CardProcess(7, 1.5),)
