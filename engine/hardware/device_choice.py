"""Choice of the device to train on, with the reason where a graphics card is present but cannot be used."""

import argparse
import json
import os
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from engine.hardware import telemetry
from engine.hardware.device_names import DeviceError, card_number
from engine.hardware.telemetry import NvidiaState

if TYPE_CHECKING:
    import torch

# The oldest driver for each CUDA of a wheel, on Linux. Source: NVIDIA's CUDA toolkit release notes, the table of
# minor-version compatibility.
OLDEST_DRIVER = {11: 450, 12: 525, 13: 580}
# Newest torch release for each older CUDA. Wheels for CUDA 12.6 have kernels from compute capability 5.0 on; CUDA 13
# dropped those below 7.5.
OLDER_WHEELS = {11: ("2.7.1", "cu118"), 12: ("2.9.1", "cu126")}


BUSY_GB = 1.0
"""Memory in use (GiB) from which a card counts as used by others; a driver and a desktop take less."""


@dataclass(frozen=True)
class TorchCard:
    """Card that torch sees; `uuid` has the driver's spelling, None before torch 2.5."""

    name: str
    capability: tuple[int, int]
    uuid: str | None = None


@dataclass(frozen=True)
class TorchFacts:
    """Build of the installed torch, and the cards that it sees."""

    version: str
    cuda: str | None
    """CUDA version that the wheel was built for; None for a CPU build."""
    kernels: tuple[str, ...]
    """GPU architectures that the wheel has kernels for, such as `sm_80`."""
    cards: tuple[TorchCard, ...]
    """Visible cards in torch's numbering."""
    problem: str | None
    """Reason why a CUDA build sees no card."""


@dataclass(frozen=True)
class Device:
    """Device to train on."""

    device: str
    """`cpu` or `cuda:N`."""
    name: str
    uuid: str | None = None
    note: str | None = None
    """Warning about the choice for the user."""


def torch_facts() -> TorchFacts:
    """Import torch, which takes seconds, and read its build and the cards that it sees."""
    import warnings

    import torch

    problem = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count and caught:
        problem = str(caught[0].message).splitlines()[0]
    cards = tuple(_torch_card(torch.cuda.get_device_properties(number)) for number in range(count))
    return TorchFacts(
        torch.__version__, torch.version.cuda, tuple(torch.cuda.get_arch_list()), cards, problem
    )


def card_uuid(device: "torch.device") -> str | None:
    """Return the UUID of a torch device in the driver's spelling; None for the CPU, and before torch 2.5."""
    import torch

    return _torch_card(torch.cuda.get_device_properties(device)).uuid if device.type == "cuda" else None


def _torch_card(properties: Any) -> TorchCard:
    uuid = getattr(properties, "uuid", None)
    return TorchCard(
        str(properties.name), (properties.major, properties.minor), None if uuid is None else f"GPU-{uuid}"
    )


def choose(
    wanted: str,
    host: NvidiaState,
    facts: TorchFacts,
    *,
    hidden: bool = False,
    taken: Collection[str] = (),
) -> Device:
    """Choose the device to train on; `auto` takes the card without a worker that has the least memory in use.

    `hidden`: the user has hidden the cards with an empty CUDA_VISIBLE_DEVICES. `taken`: UUIDs of the cards, or names
    of the devices, that have a worker. Raises DeviceError where a card is present but cannot be used; the CPU is then
    used only where `wanted` is `cpu`."""
    if wanted == "cpu":
        return Device("cpu", telemetry.cpu_name())
    present = bool(host.cards) or host.problem is not None
    if wanted == "auto" and (hidden or not present) and not facts.cards:
        return Device("cpu", telemetry.cpu_name())
    number = card_number(wanted)
    if not facts.cards:
        raise DeviceError(_why_no_card(host, facts))
    if wanted == "auto":
        number = _freest(host, facts, taken)
    if number >= len(facts.cards):
        raise DeviceError(f"there is no {wanted}: cards 0 to {len(facts.cards) - 1} are visible")
    card = facts.cards[number]
    if not has_kernels(facts.kernels, card.capability):
        raise DeviceError(
            f"{card.name} has compute capability {card.capability[0]}.{card.capability[1]}, for which torch "
            f"{facts.version} has no kernels (it has {', '.join(facts.kernels)}): {install_line(host, card.capability)}"
        )
    return Device(f"cuda:{number}", card.name, card.uuid, _in_use(f"cuda:{number}", host, card))


def _freest(host: NvidiaState, facts: TorchFacts, taken: Collection[str]) -> int:
    """Return the usable card without a worker that has the least memory in use.

    Raises DeviceError where each card has a worker."""
    usable = [n for n, card in enumerate(facts.cards) if has_kernels(facts.kernels, card.capability)]
    if not usable:
        return 0  # `choose` reports why this card cannot be used
    free = [n for n in usable if not {f"cuda:{n}", facts.cards[n].uuid}.intersection(taken)]
    if not free:
        raise DeviceError(
            "every visible card has a worker already: stop one, or name a device with --device (cpu may be shared)"
        )
    return min(free, key=lambda number: (_used_gb(host, facts.cards[number]) or 0.0, number))


def _used_gb(host: NvidiaState, card: TorchCard) -> float | None:
    return next((each.used_gb for each in host.cards if each.uuid == card.uuid), None)


def _in_use(device: str, host: NvidiaState, card: TorchCard) -> str | None:
    used_gb = _used_gb(host, card)
    if used_gb is None or used_gb < BUSY_GB:
        return None
    return f"others hold {used_gb:.1f} GiB of {device}: runs may be slow, or not fit"


def has_kernels(kernels: tuple[str, ...], capability: tuple[int, int]) -> bool:
    """Return True where the kernels run on a card of this compute capability.

    Binary kernels (`sm_XY`) run on cards of the same major version with at least their minor version; PTX
    (`compute_XY`) runs on all later cards. Source: NVIDIA's CUDA programming guide, binary and PTX compatibility."""
    for kernel in kernels:
        kind, _, digits = kernel.partition("_")
        digits = digits.rstrip("af")
        if not digits.isdecimal() or len(digits) < 2:
            continue  # another vendor's, such as ROCm's gfx90a
        major, minor = int(digits[:-1]), int(digits[-1])
        if kind == "sm" and major == capability[0] and minor <= capability[1]:
            return True
        if kind == "compute" and (major, minor) <= capability:
            return True
    return False


def install_line(host: NvidiaState, capability: tuple[int, int] | None) -> str:
    """Return the advice: the command that installs a torch for this driver and card, or the CPU by name."""
    driver = int((host.driver or "0").split(".")[0])
    fitting = [cuda for cuda in sorted(OLDER_WHEELS, reverse=True) if driver >= OLDEST_DRIVER[cuda]]
    cpu = "or train on the CPU with --device cpu"
    if not fitting or (capability is not None and capability < (5, 0)):
        return f"install an NVIDIA driver of version {OLDEST_DRIVER[13]} or newer, {cpu}"
    version, tag = OLDER_WHEELS[fitting[0]]
    return f"make install TORCH_VERSION={version} TORCH_INDEX=URL, URL being PyTorch's index for {tag}, {cpu}"


def _why_no_card(host: NvidiaState, facts: TorchFacts) -> str:
    if host.problem:
        return f"an NVIDIA card is present but {host.problem}: load its driver, or use --device cpu"
    if not host.cards:
        return "there is no NVIDIA card here: use --device cpu"
    found = f"{host.cards[0].name} is present (driver {host.driver})"
    if facts.cuda is None:
        return (
            f"{found} but this torch {facts.version} is built for the CPU alone: {install_line(host, None)}"
        )
    oldest = OLDEST_DRIVER.get(int(facts.cuda.split(".")[0]), 0)
    if int((host.driver or "0").split(".")[0]) < oldest:
        return (
            f"{found} but torch {facts.version} is built for CUDA {facts.cuda}, which needs driver {oldest} "
            f"or newer: {install_line(host, None)}"
        )
    return (
        f"{found} but torch cannot use it ({facts.problem or 'no reason given'}): use --device cpu meanwhile"
    )


def report(wanted: str, taken: Collection[str] = ()) -> dict[str, Any]:
    """Return the choice with the facts that it is based on, for `doctor` and for the worker."""
    host, facts = telemetry.nvidia(), torch_facts()
    chosen: dict[str, Any] = {"device": None, "name": None, "uuid": None, "note": None, "problem": None}
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    try:
        chosen |= asdict(choose(wanted, host, facts, hidden=hidden, taken=taken))
    except DeviceError as error:
        chosen["problem"] = str(error)
    return {**chosen, "host": asdict(host), "torch": asdict(facts)}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m engine.hardware.device_choice", description="Which device would train?"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--taken", default="", help="cards, by UUID, that auto leaves alone: a,b,…")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = report(arguments.device, tuple(filter(None, arguments.taken.split(","))))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print(found["problem"] or f"{found['device']}: {found['name']}")
    return 2 if found["problem"] else 0


if __name__ == "__main__":
    sys.exit(main())
