"""Energy of a card or of the processors, from the counters of the hardware.

Sources: NVML's nvmlDeviceGetTotalEnergyConsumption, in mJ since the driver was loaded (Volta and later); Linux's power
capping interface, /sys/class/powercap/intel-rapl:N/energy_uj, in µJ, of each processor package of Intel and AMD, which
begins again after max_energy_range_uj and which root alone may read."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

POWERCAP = Path("/sys/class/powercap")
PACKAGES = "intel-rapl:[0-9]*"
"""Zones; their parts (`intel-rapl:0:1`, such as the memory) are counted in them."""

Counters: TypeAlias = Sequence[tuple[float, float]]
"""Joules of each counter, and the joules after which it begins again; infinite where it does not."""


class EnergyMeter:
    """Joules since the last look. They are those of the whole card or of all processors, whatever else these do."""

    def __init__(self, read: Callable[[], Counters]) -> None:
        """`read` returns no counters where there are none."""
        self._read = read
        self._before = read()
        self.begins_again = any(most < float("inf") for _, most in self._before)
        """Whether a counter begins again, so that a long time needs several looks."""

    def look(self) -> float | None:
        """Return the joules since the last look; None where the hardware does not count them.

        A counter that begins again is seen once between two looks: 100 W take minutes to fill the smallest."""
        before, self._before = self._before, self._read()
        if not before or len(before) != len(self._before):
            return None
        pairs = zip(before, self._before, strict=True)
        return sum(now - then if now >= then else now - then + most for (then, most), (now, _) in pairs)


def energy_meter(kind: str, uuid: str | None = None) -> EnergyMeter:
    """Return the meter of the processors for the kind `cpu`, of the NVIDIA card `uuid` for `cuda`."""
    match kind:
        case "cpu":
            return EnergyMeter(_of_processors)
        case "cuda":
            return EnergyMeter(_card_reader(uuid))
    return EnergyMeter(lambda: ())


def _card_reader(uuid: str | None) -> Callable[[], Counters]:
    if uuid is None:
        return lambda: ()
    import pynvml

    nvml: Any = pynvml
    try:
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid.encode())
    except nvml.NVMLError:
        return lambda: ()

    def read() -> Counters:
        with contextlib.suppress(nvml.NVMLError):
            return ((nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3, float("inf")),)
        return ()

    return read


def _of_processors() -> Counters:
    found = []
    for zone in sorted(POWERCAP.glob(PACKAGES)):
        if zone.name.count(":") > 1:
            continue
        try:
            used, most = ((zone / name).read_text() for name in ("energy_uj", "max_energy_range_uj"))
            found.append((int(used) / 1e6, int(most) / 1e6))
        except (OSError, ValueError):
            return ()
    return found
