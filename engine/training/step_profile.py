"""Profile of a few training steps, as a Chrome trace and as lines of the log."""

import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from engine.files.paths import Fence
from engine.time_line import Phase, PhaseClock

SKIPPED, PROFILED = 10, 3
"""Steps before the profile, which warm up, and steps in it; fewer before it in an epoch that has no more."""
OPERATIONS = 8
"""Operations that the log names."""


class StepProfile:
    """Profiler of the first steps that an attempt takes; afterwards it does nothing."""

    def __init__(
        self, path: Path, device: torch.device, clock: PhaseClock, log: Callable[[str], None], steps: int
    ) -> None:
        """Write the trace to `path`, gzipped; `steps` are left in this epoch, 0 for no profile."""
        self._path, self._clock, self._log, self._device = path, clock, log, device
        self._count = min(PROFILED, steps)
        self._begin_at = min(SKIPPED, steps - self._count)
        self._taken = 0
        self._profile: profile | None = None
        self._start_when_due()

    def step(self, fence: Fence) -> None:
        """Count a step that was taken. Raises what `fence` raises."""
        self._taken += 1
        if self._profile is None:
            self._start_when_due()
        elif self._taken == self._begin_at + self._count:
            found, self._profile = self._profile, None
            with self._clock.phase(Phase.PROFILE):
                self._write(found, fence)

    def close(self) -> None:
        """End a profile that the epoch did not complete, and write nothing."""
        if self._profile is not None:
            self._profile.stop()
            self._profile = None

    def _start_when_due(self) -> None:
        if self._taken == self._begin_at and self._count:
            with self._clock.phase(Phase.PROFILE):
                self._synchronize()
                cards = [ProfilerActivity.CUDA] if self._device.type == "cuda" else []
                self._profile = profile(activities=[ProfilerActivity.CPU, *cards], acc_events=True)
                self._profile.start()

    def _write(self, found: profile, fence: Fence) -> None:
        self._synchronize()
        found.stop()
        aside = self._path.with_name(f"aside-{self._path.name}")
        try:
            found.export_chrome_trace(str(aside))
            with fence():
                os.replace(aside, self._path)
        except OSError as error:
            self._log(f"the profile cannot be written: {error.strerror or error}")
            return
        finally:
            aside.unlink(missing_ok=True)
        for line in self._lines(found):
            self._log(line)

    def _synchronize(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _lines(self, found: profile) -> list[str]:
        on_card = self._device.type == "cuda"
        own = {
            each.key: each.self_device_time_total if on_card else each.self_cpu_time_total
            for each in found.key_averages()
        }
        total_us = sum(own.values())
        first = sorted(own, key=lambda key: -own[key])[:OPERATIONS] if total_us else []
        where = "on the card" if on_card else "on the CPU"
        return [
            f"profile of {self._count} steps: {total_us / 1000 / self._count:.1f} ms a step {where}, in "
            f"{self._path.name} for a viewer of Chrome traces",
            *(f"  {own[key] / total_us:6.1%}  {key}" for key in first),
        ]
