"""Telemetry of the devices without torch: NVIDIA cards through NVML, the CPU through /proc."""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_KIB = 1024
_GIB = 1024**3


@dataclass(frozen=True)
class CardProcess:
    """Process that computes on a card; memory in GiB, None where the driver does not report it."""

    pid: int
    used_gb: float | None = None


@dataclass(frozen=True)
class HostCard:
    """Card in the driver's numbering; memory in GiB, None where the driver does not report it."""

    name: str
    uuid: str
    memory_gb: float | None = None
    used_gb: float | None = None
    processes: tuple[CardProcess, ...] = ()
    percent: float | None = None
    """Utilisation; it and the temperature in °C are None where the driver does not report them."""
    temperature_c: float | None = None


@dataclass(frozen=True)
class NvidiaState:
    """Cards and versions that the driver reports; `problem` is the reason where it does not answer."""

    cards: tuple[HostCard, ...]
    driver: str | None
    cuda: int | None
    """Newest CUDA version that the driver supports, as 1000 × major + 10 × minor."""
    problem: str | None


def nvidia() -> NvidiaState:
    """Read the cards and the driver of this host; no cards and no problem where there is no NVIDIA hardware."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception as error:  # the library raises its own classes for each driver state
        there = Path("/dev/nvidia0").exists() or Path("/proc/driver/nvidia/version").exists()
        return NvidiaState((), None, None, f"the driver does not answer ({error})" if there else None)
    try:
        # A driver that is loaded only in part may fail in any of these calls.
        handles = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        return NvidiaState(
            tuple(_host_card(pynvml, handle) for handle in handles),
            str(pynvml.nvmlSystemGetDriverVersion()),
            int(pynvml.nvmlSystemGetCudaDriverVersion_v2()),
            None,
        )
    except pynvml.NVMLError as error:
        return NvidiaState((), None, None, f"the driver does not answer ({error})")
    finally:
        pynvml.nvmlShutdown()


def _host_card(nvml: Any, handle: Any) -> HostCard:
    used = total = None
    with contextlib.suppress(nvml.NVMLError):  # under MIG the memory of the whole card may be refused
        info = nvml.nvmlDeviceGetMemoryInfo(handle)
        total, used = info.total / _GIB, info.used / _GIB
    name, uuid = nvml.nvmlDeviceGetName(handle), nvml.nvmlDeviceGetUUID(handle)
    percent = temperature = None
    with contextlib.suppress(nvml.NVMLError):
        percent = float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    with contextlib.suppress(nvml.NVMLError):
        temperature = float(nvml.nvmlDeviceGetTemperature(handle, 0))
    return HostCard(str(name), str(uuid), total, used, _card_processes(nvml, handle), percent, temperature)


def _card_processes(nvml: Any, handle: Any) -> tuple[CardProcess, ...]:
    """Read who computes on a card, also through MPS, whose clients some drivers list apart."""
    found: dict[int, CardProcess] = {}
    for name in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetMPSComputeRunningProcesses"):
        read = getattr(nvml, name, None)  # an older library has not all of them
        with contextlib.suppress(nvml.NVMLError):
            for each in read(handle) if read is not None else ():
                used_gb = each.usedGpuMemory / _GIB if each.usedGpuMemory is not None else None
                found[int(each.pid)] = CardProcess(int(each.pid), used_gb)
    return tuple(found.values())


def idle_nvidia_hardware() -> bool:
    """Return True where an NVIDIA graphics card is on the PCI bus. Source: PCI vendor 0x10de, display classes 0x03."""
    for device in Path("/sys/bus/pci/devices").glob("*"):
        try:
            vendor, kind = (device / "vendor").read_text().strip(), (device / "class").read_text().strip()
        except OSError:
            continue
        if vendor == "0x10de" and kind.startswith("0x03"):
            return True
    return False


class CpuTelemetry:
    """Load of the CPU since the last reading, and memory in use."""

    def __init__(self) -> None:
        self._before = _cpu_ticks()

    def read(self) -> dict[str, Any]:
        """Read `cpu_percent` of all cores, `load` (1-minute load average), `memory_gb` and `memory_total_gb` (GiB)."""
        busy, total = _cpu_ticks()
        busy_before, total_before = self._before
        self._before = (busy, total)
        share = (busy - busy_before) / max(total - total_before, 1)
        memory = _memory_kib()
        used = memory["MemTotal"] - memory["MemAvailable"]
        return {
            "cpu_percent": round(100 * share, 1),
            "load": round(os.getloadavg()[0], 2),
            "memory_gb": round(used * _KIB / _GIB, 2),
            "memory_total_gb": round(memory["MemTotal"] * _KIB / _GIB, 2),
        }


class GpuTelemetry:
    """Telemetry of one NVIDIA card, found by UUID, because CUDA_VISIBLE_DEVICES changes torch's numbering."""

    def __init__(self, number: int, uuid: str | None) -> None:
        import pynvml

        pynvml.nvmlInit()
        self._nvml = pynvml
        if uuid is None:
            self._handle = pynvml.nvmlDeviceGetHandleByIndex(number)
        else:
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(uuid.encode())

    def read(self) -> dict[str, Any]:
        """Read `gpu_percent`, `memory_gb`, `memory_total_gb` (GiB) and `temperature_c`, those that the card reports."""
        found: dict[str, Any] = {}
        # A card may refuse one of the values (utilisation under MIG) and report the others.
        with contextlib.suppress(self._nvml.NVMLError):
            memory = self._nvml.nvmlDeviceGetMemoryInfo(self._handle)
            found["memory_gb"] = round(memory.used / _GIB, 2)
            found["memory_total_gb"] = round(memory.total / _GIB, 2)
        with contextlib.suppress(self._nvml.NVMLError):
            found["gpu_percent"] = float(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu)
        with contextlib.suppress(self._nvml.NVMLError):
            found["temperature_c"] = float(self._nvml.nvmlDeviceGetTemperature(self._handle, 0))
        return found


def reader(device: str, uuid: str | None = None) -> CpuTelemetry | GpuTelemetry:
    """Return the telemetry of `cpu`, or of `cuda:N`, which is the card `uuid`."""
    kind, _, number = device.partition(":")
    return GpuTelemetry(int(number), uuid) if kind == "cuda" else CpuTelemetry()


def find_card(device: str, uuid: str | None, cards: Sequence[HostCard]) -> HostCard | None:
    """Return the card that `cuda:N` is; None for `cpu`, or where the driver does not show it."""
    if not device.startswith("cuda"):
        return None
    if uuid is None:  # torch before 2.5 has no UUIDs: use its number as the driver's
        return next(iter(cards[int(device.partition(":")[2] or 0) :]), None)
    return next((card for card in cards if card.uuid == uuid), None)


def cpu_name() -> str:
    """Return the processor's model and the number of cores that this process may use."""
    cores = len(os.sched_getaffinity(0))
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.lower().startswith("model name"):
            return f"{line.partition(':')[2].strip()}, {cores} cores"
    return f"CPU, {cores} cores"


def _cpu_ticks() -> tuple[int, int]:
    """Read the busy ticks and all ticks of all cores since boot. Source: proc(5), /proc/stat."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)


def _memory_kib() -> dict[str, int]:
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    return {fields[0].rstrip(":"): int(fields[1]) for fields in lines}
