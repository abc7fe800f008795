"""`resnet-tui doctor`: checks of the installation, the device and the home."""

import json
import platform
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from engine.alerts.sender import MISSING, is_installed
from engine.files.paths import Home
from engine.hardware import linger
from engine.preflight.imagenet_files import ImagenetFile, imagenet_files
from engine.store.alerts import channels
from engine.store.database import open_store, url_shown
from engine.store.errors import StoreError
from engine.store.listing import waiting_sources
from engine.store.workers import present
from engine.torch_subprocess import AskError, engine_command
from tui.cli.options import takes_home
from tui.cli.output import print_json
from tui.formatting import plain

PACKAGES = ("resnet-tui", "torch", "torchvision", "textual", "plotext", "sqlmodel", "scikit-learn", "pillow")
LOW_SPACE_GB = 5.0


@dataclass(frozen=True)
class Check:
    """Result of one check; `problem` says what to do, and is None where nothing is wrong."""

    name: str
    found: str
    problem: str | None = None


@takes_home
def doctor(
    home: Home, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> int:
    """Check the installation, the device and the home. Exit code 1 where something must be fixed."""
    device, facts = _device()
    checks = [_python(), *_packages(), device, *_cards(facts), _folder(home), _database(home)]
    checks += [*_imagenet(home), _space(home), _logout(), *_alerts(home)]
    ok = all(check.problem is None for check in checks)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks], "device": facts})
    else:
        for check in checks:
            print(plain(f"{'✔' if check.problem is None else '✖'} {check.name:14} {check.found}"))
            if check.problem:
                print(plain(f"  {'':14} {check.problem}"))
    return 0 if ok else 1


def _python() -> Check:
    return Check("python", platform.python_version())


def _packages() -> list[Check]:
    checks = []
    for name in PACKAGES:
        try:
            checks.append(Check(name, version(name)))
        except PackageNotFoundError:
            checks.append(Check(name, "not installed", "run make install"))
    return checks


def _device() -> tuple[Check, dict[str, Any] | None]:
    """Check torch's device in a separate process, so that this one never imports torch."""
    command = engine_command("hardware.device_choice", ["--json"])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return Check("device", "torch does not start", f"{last}: run make install"), None
    facts = json.loads(done.stdout)
    if facts["problem"]:
        return Check("device", "the graphics card cannot be used", facts["problem"]), facts
    return Check("device", f"{facts['device']}: {facts['name']}"), facts


def _cards(facts: dict[str, Any] | None) -> list[Check]:
    """List the wheel's CUDA version and kernels, the driver, and each card with its compute capability."""
    if facts is None:
        return []
    torch, host = facts["torch"], facts["host"]
    built = (
        f"for CUDA {torch['cuda']}, kernels {', '.join(torch['kernels']) or 'none'}"
        if torch["cuda"]
        else "for the CPU"
    )
    checks = [Check("torch's build", built)]
    if host["driver"]:
        cuda = f", supports CUDA {host['cuda'] // 1000}.{host['cuda'] % 1000 // 10}" if host["cuda"] else ""
        checks.append(Check("driver", f"NVIDIA {host['driver']}{cuda}"))
    memory = {card["uuid"]: card for card in host["cards"]}
    for number, card in enumerate(torch["cards"]):
        on_host = memory.get(card["uuid"], {})
        used = (
            f", {on_host['used_gb']:.1f} of {on_host['memory_gb']:.1f} GiB in use"
            if on_host.get("memory_gb")
            else ""
        )
        capability = ".".join(map(str, card["capability"]))
        checks.append(Check(f"cuda:{number}", f"{card['name']}, compute capability {capability}{used}"))
    return checks


def _folder(home: Home) -> Check:
    try:
        with tempfile.TemporaryFile(dir=home.root):
            pass
    except OSError as error:
        return Check("home", str(home.root), f"cannot be written ({error.strerror}): check its permissions")
    return Check("home", str(home.root))


def _database(home: Home) -> Check:
    shown = url_shown(home.db_url)
    try:
        with open_store(home.database, create=False).read() as session:
            workers = present(session)
    except StoreError as error:
        missing = home.database_file is not None and not home.database_file.exists()
        return Check("run table", "none yet") if missing else Check("run table", shown, str(error))
    names = ", ".join(f"worker {worker.id} on {worker.device}" for worker in workers)
    return Check("run table", f"{shown}; {names or 'no worker'}")


def _imagenet(home: Home) -> list[Check]:
    """Check the ImageNet weights that waiting runs start from: on the disk, to be downloaded, or missing."""
    try:
        with open_store(home.database, create=False).read() as session:
            wanted = waiting_sources(session)
    except StoreError:
        return []
    try:
        return [_imagenet_file(file) for file in imagenet_files(wanted)]
    except AskError as error:
        return [Check("ImageNet", "cannot find out where the weights are", f"{error}: run make install")]


def _imagenet_file(file: ImagenetFile) -> Check:
    what = f"{file.name} for {file.arch}"
    if file.present:
        return Check("ImageNet", f"{what} is in {file.folder}")
    if file.reachable:
        return Check("ImageNet", f"{what} will be downloaded into {file.folder}")
    return Check("ImageNet", f"{what} is missing, and a waiting run starts from it", file.problem)


def _logout() -> Check:
    """Check whether a worker that the app starts from this session survives a logout."""
    found = linger.look()
    if found.prefix:
        return Check("logout", "workers that the app starts keep running (each in a scope of its own)")
    return Check("logout", "workers are stopped" if found.warning else "workers keep running", found.warning)


def _alerts(home: Home) -> list[Check]:
    """Check the addresses of alerts, where there are any."""
    try:
        with open_store(home.database, create=False).read() as session:
            there = channels(session)
    except StoreError:
        return []
    if there and not is_installed():
        return [Check("alerts", "cannot be sent", MISSING)]
    return [
        Check("alerts", f"{each.shown}: {each.kinds.replace(',', ', ')}", each.problem or None)
        for each in there
    ]


def _space(home: Home) -> Check:
    free_gb = shutil.disk_usage(home.root if home.root.exists() else "/").free / 1e9
    problem = f"below {LOW_SPACE_GB:g} GB: a ResNet-50 run writes 0.4 GB" if free_gb < LOW_SPACE_GB else None
    return Check("free space", f"{free_gb:.1f} GB", problem)
