"""Parts of a trainer's memory, measured inside a process that sets up and trains as a trainer does.

python -m benchmarks.memory_parts HOME SETTINGS TRAINS: prints each part's memory as JSON; where TRAINS is 0 an epoch's
batches are gathered and nothing is trained."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.memory_of import Memory, forget_peak, memory_of

if TYPE_CHECKING:
    from engine.training.session import Session

Parts = dict[str, Memory]


def look(parts: Parts, name: str) -> None:
    """Note the memory after a part, and its peak since the part before."""
    found, before = memory_of(), parts.get(name)
    parts[name] = dataclasses.replace(found, peak=max(found.peak, before.peak if before else 0))
    forget_peak()


def measure_parts(folder: Path, settings: dict[str, object], *, trains: bool) -> Parts:
    """Return the memory of each part of a run, in order."""
    parts: Parts = {}
    look(parts, "python")
    import torch

    look(parts, "torch")
    import engine.training.attempt  # noqa: F401
    from engine.files.paths import Home
    from engine.spec.grid import make_spec
    from engine.training.context import RunContext
    from engine.training.session import Session
    from engine.training.torch_setup import keep_freed_memory, resolve_threads

    look(parts, "our modules")
    torch.set_num_threads(resolve_threads(0))
    keep_freed_memory()
    context = RunContext(
        make_spec(settings), Home.find(folder), 1, torch.device("cpu"), "fp32", lambda _text: None
    )
    session = Session(context)
    look(parts, "data, network, optimiser")
    if trains:
        _train(session, parts)
    else:
        for _ in session.data.batches.train(session.data.train_rows, epoch=1):
            pass
        look(parts, "an epoch's batches")
    return parts


def _train(session: "Session", parts: Parts) -> None:
    from tests.support.sessions import Memory as Kept

    class Watching(Kept):
        def progress(self, *arguments: object) -> None:
            look(parts, "steps")

        def epoch(self, measured: object, *arguments: object, last: bool) -> None:
            look(parts, "evaluation and best weights" if last else "evaluation")

        def checkpoint(self) -> None:
            look(parts, "checkpoint")

    session.train(Watching(), lambda: False)


if __name__ == "__main__":
    found = measure_parts(Path(sys.argv[1]), json.loads(sys.argv[2]), trains=bool(int(sys.argv[3])))
    print(json.dumps({name: dataclasses.asdict(each) for name, each in found.items()}))
