"""At a run's start: what its first weights know of its val and test images, and what it adds to that."""

from engine.datasets.index import Index
from engine.datasets.pixels.content import image_hashes
from engine.datasets.provenance import (
    Leak,
    LeakError,
    TrainedOn,
    find_leak,
    load_trained_on,
    source_of,
    trained_on,
)
from engine.files.paths import Home
from engine.spec.pretrained import is_warm_start
from engine.spec.run_spec import RunSpec
from engine.training.setup import Log


def provenance(
    spec: RunSpec, home: Home, run_id: int, index: Index, log: Log
) -> tuple[TrainedOn, Leak | None]:
    """What the run's weights will have been trained on, and the leak; None where the first weights' images are
    not known. Raises LeakError where there is one that the spec does not allow."""
    hashes = image_hashes(index, home.cache, log)
    source = source_of(home, spec)
    inherited = load_trained_on(home.run(source).trained_on) if source is not None else None
    leak = None
    if inherited is not None:
        leak = find_leak(index, hashes, inherited)
        _judge(leak, spec, log)
    elif is_warm_start(spec.pretrained):
        log(f"nothing says which images {spec.pretrained} was trained on: it may know these test images")
    return trained_on(run_id, index, hashes, trains=spec.epochs > 0, inherited=inherited), leak


def _judge(leak: Leak, spec: RunSpec, log: Log) -> None:
    if not leak.found:
        log("the first weights know no val or test image that this run does not train on itself")
    elif spec.allow_leak:
        log(f"{leak.describe()}; allowed by allow_leak")
    else:
        raise LeakError(leak.describe())
