"""Train one claimed run in this process, and record how it ends."""

import contextlib
import traceback
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

from engine.analysis.suggestion import lower_lr
from engine.datasets.layouts import DataError
from engine.datasets.packed import CacheError
from engine.datasets.pixels.locks import Stopped
from engine.datasets.pixels.packing import PackingLine
from engine.datasets.provenance import LeakError
from engine.files.disk_errors import disk_problem
from engine.files.paths import Home, sweep_aside
from engine.models.weight_files import WeightsError
from engine.spec.grid import load_spec
from engine.spec.run_spec import RunSpec
from engine.store import history, listing, queue
from engine.store.activity import Activity
from engine.store.advice import ADVICE
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.errors import LeaseLost, StoreError
from engine.store.status import Cause, Status
from engine.text import plain
from engine.training.control_channel import Orders
from engine.training.environment import carried_on, environment_now, other_bits
from engine.training.log import log
from engine.training.loss_curve import Diverged
from engine.training.out_of_memory import OutOfMemory, halved, is_out_of_memory, release, shrink_line
from engine.training.recipe import MachineError
from engine.training.record import StoreRecorder
from engine.training.session import Session
from engine.training.store_retry import patient_fence, patiently
from engine.training.torch_setup import set_up_process


def train(store: Store, home: Home, held: Claim, device: torch.device, orders: Orders) -> None:
    """Train the claimed run and record its end, whichever it is."""
    with store.read() as session:
        run = listing.get_run(session, held.run_id)
    spec = load_spec(run.spec)
    with patient_fence(store, held):
        log(f"run {held.run_id} attempt {held.attempt}: {spec.to_json()}")
    try:
        environment = environment_now(spec, device, home, run.environment)
        log("  ".join(f"{name} {value}" for name, value in environment.items() if value is not None))
        set_up_process(spec, environment, device)
        with patient_fence(store, held):
            sweep_aside(home.run(held.run_id).folder)
        finished = _train(store, home, held, spec, environment, device, orders, before=run.environment)
    except (LeaseLost, StoreError):
        raise
    except Stopped:
        _finish(store, held, finished=False, reason=orders.reason)
    except Exception as error:
        _fail(store, held, spec, error)
    else:
        _finish(store, held, finished, orders.reason)


def _train(
    store: Store,
    home: Home,
    held: Claim,
    spec: RunSpec,
    environment: dict[str, Any],
    device: torch.device,
    orders: Orders,
    *,
    before: Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """A session to its end. Where the card is too small and the spec says `shrink`, another goes on from the newest
    checkpoint with half the micro-batch, which `environment` keeps for later attempts.

    `before`: the environment that is recorded of the attempts so far."""
    while True:
        try:
            session = Session(
                spec,
                home,
                held.run_id,
                device=device,
                precision=environment["precision"],
                log=_shown(store, held),
                micro_batch=environment["micro_batch"],
                should_stop=orders.is_set,
            )
            session.log = log
            before = _recorded(before if session.resumed else {}, environment, held.attempt)
            leak = session.leak.document() if session.leak is not None else None
            return _train_and_judge(session, StoreRecorder(store, held, spec, before, leak), orders)
        except OutOfMemory as error:
            smaller = halved(error.images, spec.image_size)
            if spec.on_oom != "shrink" or smaller is None:
                raise
            log(shrink_line(error, smaller))
            environment["micro_batch"] = smaller
            del session
            release(error)
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(device)  # what did not fit is not what the run takes


def _recorded(before: Mapping[str, Any], now: Mapping[str, Any], attempt: int) -> dict[str, Any]:
    """The environment to write down: where the run goes on, that of `before` with what has changed, and a line in
    the log where it computes with something else."""
    if not before:
        return dict(now)
    recorded = carried_on(before, now, attempt)
    if warning := other_bits(recorded, attempt):
        log(warning)
    return recorded


def _shown(store: Store, held: Claim) -> Callable[[str], None]:
    """Logs, and shows in the run table, what a run does before its first step: packing takes minutes."""

    def say(text: str) -> None:
        activity = Activity.PACKING if isinstance(text, PackingLine) else Activity.PREPARING
        shown = plain(" ".join(text.split()))
        patiently(lambda: history.record_doing(store, held, activity, shown))
        log(text)

    return say


def _train_and_judge(session: Session, recorder: StoreRecorder, orders: Orders) -> bool:
    try:
        return session.train(recorder, orders.is_set)
    except Diverged as error:
        recorder.diverged(str(error))
        raise


def _finish(store: Store, held: Claim, finished: bool, reason: str | None) -> None:
    asked: dict[str | None, Status] = {"cancel": "cancelled", "pause": "paused"}
    status = "done" if finished else asked.get(reason)
    if status is None:
        patiently(lambda: queue.put_back(store, held))
        log("stopped; the run is back in its place")
    else:
        log(patiently(lambda: queue.end(store, held, status)))


def _fail(store: Store, held: Claim, spec: RunSpec, error: Exception) -> None:
    cause, text, suggestion = explain(error, spec)
    with patient_fence(store, held):  # one that lost its lease writes nothing, not even to the log
        if cause == "code":
            with contextlib.suppress(OSError):
                traceback.print_exc()
        log(f"failed ({cause}): {text}")
    patiently(lambda: queue.end(store, held, "failed", cause=cause, error=text, suggestion=suggestion))


def explain(error: Exception, spec: RunSpec) -> tuple[Cause, str, str]:
    """Cause, one line and one suggestion for what ended a training."""
    text = plain(" ".join(str(error).split())) or type(error).__name__
    if isinstance(error, LeakError):
        return "data", text, "choose other data or another split, or add the run with allow_leak"
    if isinstance(error, WeightsError):
        return "data", text, "choose other weights or mend these, then queue the run again"
    if isinstance(error, DataError):
        return "data", text, "mend the data, then queue the run again"
    if isinstance(error, Diverged):
        return "diverged", text, f"try a smaller lr: {lower_lr(spec)['lr']:g}"
    if isinstance(error, MachineError):
        return "data", text, "clone the run with another setting"
    if isinstance(error, OutOfMemory):
        return "out_of_memory", text, error.suggestion
    if is_out_of_memory(error):
        return "out_of_memory", text, f"try a smaller batch_size: {max(1, spec.batch_size // 2)}"
    if isinstance(error, CacheError):
        return "disk", text, ADVICE["disk"]
    if isinstance(error, OSError) and (problem := disk_problem(error)) is not None:
        return "disk", plain(problem), ADVICE["disk"]
    return "code", f"{type(error).__name__}: {text}", "the run's log holds the traceback"
