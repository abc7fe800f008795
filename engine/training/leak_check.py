"""Check for leaks at a run's start: val and test images that its initial weights were trained on."""

from engine.datasets.index import Index
from engine.datasets.pixels.content import image_hashes
from engine.datasets.pixels.samples import Stamps
from engine.datasets.provenance import (
    Leak,
    LeakError,
    TrainedOn,
    find_leak,
    load_trained_on,
    source_of,
    trained_on,
)
from engine.spec.pretrained import is_warm_start
from engine.spec.run_spec import RunSpec
from engine.training.context import Log, RunContext


def provenance(
    context: RunContext, index: Index, stamps: Stamps | None = None
) -> tuple[TrainedOn, Leak | None]:
    """Return the images that the run's weights will have been trained on, and the leak.

    `stamps` are those of the index's files, where they have been read. The leak is None where the images of the
    initial weights are unknown. Raises LeakError where there is a leak that the spec does not allow."""
    spec, home, log = context.spec, context.home, context.log
    hashes = image_hashes(index, home.cache, log, stamps)
    source = source_of(home, spec)
    inherited = load_trained_on(home.run(source).trained_on) if source is not None else None
    leak = None
    if inherited is not None:
        leak = find_leak(index, hashes, inherited)
        _judge(leak, spec, log)
    elif is_warm_start(spec.pretrained):
        log(f"the training images of {spec.pretrained} are unknown: they may include these test images")
    return trained_on(context.run_id, index, hashes, trains=spec.epochs > 0, inherited=inherited), leak


def _judge(leak: Leak, spec: RunSpec, log: Log) -> None:
    if not leak.found:
        log("the first weights know no val or test image that this run does not train on itself")
    elif spec.allow_leak:
        log(f"{leak.describe()}; allowed by allow_leak")
    else:
        raise LeakError(leak.describe())
