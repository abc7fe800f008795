"""`python -m engine.worker`: start a worker on a device."""

import os
import sys

from engine.alerts.errors import AlertError
from engine.files.paths import GPU_CACHE_VARIABLE, Home, gpu_cache_bytes
from engine.files.privacy import keep_private, secure_home
from engine.hardware.worker_start import announce, crowd_warning
from engine.queries.worker_options import AUTO
from engine.standard_streams import open_closed_streams, settle, write_utf8
from engine.store import workers
from engine.store.database import Store, open_store
from engine.store.errors import StoreError
from engine.text import log, print_message
from engine.worker import all_devices
from engine.worker.alert_flags import brought_channels, forget_addresses, hide_addresses
from engine.worker.arguments import parse
from engine.worker.find_device import WorkerError, every_device, find_device
from engine.worker.shutdown import Urgency
from engine.worker.slots import slot_count
from engine.worker.training_process import CannotStart
from engine.worker.worker import enlist


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    options = parse(given)
    home = Home.find(options.home, options.db, options.cache)
    keep_private()
    try:
        if options.gpu_cache is not None:
            os.environ[GPU_CACHE_VARIABLE] = str(options.gpu_cache)  # its training processes inherit it
        _check_gpu_cache()
        if not home.root.is_dir():
            raise WorkerError(f"there is no folder {home.root}: make it or give another --home")
        secure_home(home)
        brought = brought_channels(options)
        store = open_store(home.database)
        if options.slots != "1":
            devices = _shared_devices(store, options.device)
            store.close()
            return _lead_slots(devices, options.slots, given)
        if options.device == "all":
            devices = every_device()
            store.close()
            return all_devices.lead(devices, given)
        forget_addresses()
        worker = enlist(store, home, options, brought)
        if options.announce is not None:
            announce(options.announce, worker.id)
    except (StoreError, WorkerError, AlertError) as error:
        print_message(f"engine.worker: {error}")
        return 2
    try:
        worker.serve()
    except (StoreError, CannotStart) as error:
        print_message(f"engine.worker: {error}")
        return 1
    return 130 if worker.urgency is Urgency.NOW else 0


def _shared_devices(store: Store, wanted: str) -> list[str]:
    """Return the devices that several workers are to share each. Raises WorkerError."""
    return every_device() if wanted == "all" else [find_device(wanted, workers.taken_cards(store)).device]


def _lead_slots(devices: list[str], wanted: str, given: list[str]) -> int:
    """Start the workers of the devices' slots. Raises WorkerError."""
    count = slot_count(wanted, devices[0], len(devices))
    if warning := crowd_warning(wanted, devices[0]):
        print_message(f"engine.worker: {warning}")
    where = "the CPU" if devices == ["cpu"] else ", ".join(devices)
    log(f"{count} slots on {where}, a worker for each")
    each = [device for device in devices for _ in range(count)]
    learns = ["--slots-that-pay"] if wanted == AUTO and devices == ["cpu"] else []
    return all_devices.lead(each, [*given, *learns], slots=count)


def _check_gpu_cache() -> None:
    """Raise WorkerError where the environment's size of the card's cache is none."""
    try:
        gpu_cache_bytes()
    except ValueError as error:
        raise WorkerError(f"{GPU_CACHE_VARIABLE}: {error}") from None


def _run() -> int:
    open_closed_streams()
    hide_addresses()
    write_utf8(sys.stderr)
    code = main()
    settle(sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(_run())
