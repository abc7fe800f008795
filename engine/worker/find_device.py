"""Find the device that a worker was asked for, without torch in this process."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.files.paths import gpu_cache_bytes
from engine.hardware import telemetry
from engine.hardware.card_memory import memory_place
from engine.hardware.device_names import DeviceError, devices_of
from engine.text import log, plain


class WorkerError(Exception):
    """Error that keeps a worker from starting; one line that says what to do."""


@dataclass(frozen=True)
class Found:
    """Device to work on."""

    device: str
    name: str
    uuid: str | None = None
    note: str | None = None

    def each(self) -> list[tuple[str, str | None]]:
        """Return device and UUID of each of several cards, or of the only device."""
        devices = self.device.split(",")
        uuids = self.uuid.split(",") if self.uuid is not None else [None] * len(devices)
        return list(zip(devices, uuids, strict=True))


def card_memory_gb(found: Found) -> float | None:
    """Return the memory of the card, of several that of the smallest."""
    there = telemetry.nvidia().cards
    found_cards = [telemetry.find_card(device, uuid, there) for device, uuid in found.each()]
    known = [card.memory_gb for card in found_cards if card is not None and card.memory_gb is not None]
    return min(known, default=None)


def place_of_memory(found: Found) -> str:
    """Name the card as peaks of memory are noted; empty for the CPU and for several cards."""
    is_one_card = found.device != "cpu" and "," not in found.device
    return memory_place(found.name, gpu_cache_bytes()) if is_one_card else ""


def find_device(wanted: str, taken: Sequence[str] = ()) -> Found:
    """Resolve `auto`, `cpu`, `cuda:N` or several cards, `cuda:0,cuda:1`, to a device; `auto` leaves the `taken` cards
    alone. Raises WorkerError.

    torch is asked, in a process of its own, only where there may be a card."""
    try:
        devices = devices_of(wanted)
    except DeviceError as error:
        raise WorkerError(str(error)) from None
    if len(devices) > 1:
        return _several([find_device(each) for each in devices])
    if wanted == "cpu" or (wanted == "auto" and _no_card()):
        if wanted == "auto" and telemetry.idle_nvidia_hardware():
            log("an NVIDIA card is present but its driver is not loaded: training on the CPU")
        return Found("cpu", telemetry.cpu_name())
    found = _ask_torch(wanted, taken)
    return Found(**{name: found[name] for name in ("device", "name", "uuid", "note")})


def _several(cards: Sequence[Found]) -> Found:
    """Put the cards of one worker together."""
    uuids = [card.uuid for card in cards if card.uuid is not None]
    notes = [card.note for card in cards if card.note]
    return Found(
        ",".join(card.device for card in cards),
        ", ".join(dict.fromkeys(card.name for card in cards)),
        ",".join(uuids) if len(uuids) == len(cards) else None,
        "; ".join(notes) or None,
    )


def every_device() -> list[str]:
    """Return all cards that torch can see, or `cpu` if there is none. Raises WorkerError where a card is there but
    none can be used."""
    if _no_card():
        return [find_device("auto").device]
    cards = _ask_torch("auto")["torch"]["cards"]
    return [f"cuda:{number}" for number in range(len(cards))] or ["cpu"]


def _no_card() -> bool:
    host = telemetry.nvidia()
    return not host.cards and host.problem is None


def _ask_torch(wanted: str, taken: Sequence[str] = ()) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "engine.hardware.device_choice", "--json", "--device", wanted]
    command += ["--taken", ",".join(taken)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2) or not done.stdout:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise WorkerError(
            f"torch cannot be asked for its devices ({last}): use --device cpu, or reinstall torch"
        )
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        said = plain(done.stdout.strip().splitlines()[0]) if done.stdout.strip() else "an empty line"
        raise WorkerError(
            f"torch cannot be asked for its devices (it wrote {said!r}): use --device cpu, or reinstall torch"
        ) from None
    if found["problem"]:
        raise WorkerError(found["problem"])
    return found
