"""Environment of a run: everything besides its spec that determines its bits, with changes between attempts."""

import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import engine
from engine.files.paths import Home
from engine.hardware import telemetry
from engine.hardware.cores import CoreShare
from engine.models.plugin import file_sha256
from engine.spec.plugin_name import plugin_of
from engine.spec.run_spec import RunSpec
from engine.store.run_environment import ATTEMPT, CHANGES, RunEnvironment
from engine.training.memory_layout import LAYOUT, Layout, choose_layout, one_order
from engine.training.precision import resolve_precision, run_precision
from engine.training.torch_setup import resolve_threads

PACKAGES = ("resnet-tui", "torchvision", "numpy", "pillow")
DECIDES_BITS = (
    "torch", "torchvision", "device_name", "cuda", "cudnn", "numpy", "pillow", "resnet_tui", "program_revision",
    "processes",
)  # fmt: skip
"""Keys of the environment that may change the bits of a step."""
PROCESSES = "processes"
"""Key of the number of processes that share each batch."""
PRESENT = ("device", "micro_batch", LAYOUT)
"""Keys that always have the current attempt's value: one of several equal cards, a shrunk micro-batch, the layout."""
GIT_TIMEOUT_S = 5.0


def environment_now(
    spec: RunSpec,
    device: torch.device,
    home: Home,
    before: Mapping[str, Any],
    *,
    share: CoreShare | None = None,
) -> dict[str, Any]:
    """Return this process's environment; threads, precision and a micro-batch that had to shrink stay as they were
    `before`. A run that begins takes the threads of its `share` of the cores where nobody names a number.

    What is unknown is None. Raises PluginError, and MachineError where the device cannot compute in that precision."""
    on_cuda, known = device.type == "cuda", RunEnvironment(before)
    begun = known.precision
    precision = resolve_precision(begun, device) if begun else run_precision(spec, device)
    host = telemetry.nvidia() if on_cuda else None
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        **{name.replace("-", "_"): _version(name) for name in PACKAGES},
        "host": platform.node(),
        "device": str(device),
        "device_name": torch.cuda.get_device_name(device) if on_cuda else telemetry.cpu_name(),
        "cuda": torch.version.cuda if on_cuda else None,
        "cudnn": _cudnn() if on_cuda else None,
        "driver": host.driver if host else None,
        PROCESSES: spec.gpus,
        "threads": known.threads or resolve_threads(spec.threads, _free_cores(spec, share)),
        "runs_at_once": known.runs_at_once or (share.workers if share is not None and not on_cuda else None),
        "precision": precision,
        "micro_batch": known.micro_batch or spec.images_at_once,
        LAYOUT: (begun_layout(before, spec, device) or choose_layout(spec, precision, device)).stages,
        "program_revision": program_revision(),
        **_plugin(spec, home),
        "home_revision": git_revision(home.root),
    }


def _free_cores(spec: RunSpec, share: CoreShare | None) -> int | None:
    """Return the cores for each process of a training; None where that is not known."""
    return max(1, share.free // spec.gpus) if share is not None else None


def begun_layout(before: Mapping[str, Any], spec: RunSpec, device: torch.device) -> Layout | None:
    """Return the layout of a run that has begun; None for one that begins now, or goes on on another kind of device."""
    known = RunEnvironment(before)
    if known.device and known.device.partition(":")[0] != device.type:
        return None
    if known.channels_last_stages is not None:
        return Layout(known.channels_last_stages)
    return one_order(spec.image_size, known.precision, device) if known.precision else None


def _plugin(spec: RunSpec, home: Home) -> dict[str, str]:
    """Return the file of a plug-in, by its content. Raises PluginError."""
    plugin = plugin_of(spec.arch)
    return {} if plugin is None else {"plugin_sha256": file_sha256(home.resolve(plugin.path))}


def carried_on(first: Mapping[str, Any], now: Mapping[str, Any], attempt: int) -> dict[str, Any]:
    """Return the environment of a resumed run: that of its first start, with the changes of each later attempt."""
    changes = list(RunEnvironment(first).changes)
    known = {PROCESSES: 1, **first}  # versions without the key had one process
    for change in changes:
        known |= change
    changed = {
        name: value
        for name, value in now.items()
        if name in known and known[name] != value and name not in PRESENT
    }
    if changed:
        changes.append({ATTEMPT: attempt, **changed})
    present = {name: now[name] for name in PRESENT if name in now}
    return {**first, **present, **({CHANGES: changes} if changes else {})}


def other_bits(environment: Mapping[str, Any], attempt: int) -> str | None:
    """Return a warning where this attempt's environment may change the bits, else None."""
    changed: Mapping[str, Any] = next(
        (each for each in RunEnvironment(environment).changes if each.get(ATTEMPT) == attempt), {}
    )
    telling = [f"{name} is {changed[name]}" for name in DECIDES_BITS if name in changed]
    if not telling:
        return None
    return f"warning: {', '.join(telling)} now: from here on the bits may differ from a run that was never stopped"


def program_revision() -> str | None:
    """Return the program's git revision where it runs from its repository; `+` marks uncommitted changes."""
    source = Path(engine.__file__)
    tracked = _git(source.parent, "ls-files", "--error-unmatch", source.name)
    return git_revision(source.parent) if tracked else None


def git_revision(folder: Path) -> str | None:
    """Return the revision of the repository that contains a folder; `+` marks uncommitted changes of tracked files."""
    revision = _git(folder, "rev-parse", "HEAD")
    if not revision:
        return None
    return revision + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cudnn() -> int | None:
    found: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return found


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
