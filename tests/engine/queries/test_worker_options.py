"""Options that are handed on to a worker are those that it takes."""

from engine.queries.worker_options import WorkerOptions
from engine.worker.arguments import parse


def test_a_worker_takes_what_is_handed_on() -> None:
    given = WorkerOptions("cuda:1", "3", ("night", "lab"), drain=True)
    taken = parse(given.arguments())
    assert WorkerOptions(taken.device, taken.slots, tuple(taken.tag), taken.drain) == given
    nothing = parse([])
    assert WorkerOptions(nothing.device, nothing.slots, tuple(nothing.tag), nothing.drain) == WorkerOptions()
