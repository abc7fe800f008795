"""Forecast of the start and end of queued runs, from the throughput of earlier runs. Pure arithmetic in seconds from
now.

A time is `None` where it depends on a throughput or a number of images that no run has measured. Early stopping,
failures, edits of the queue and the packing of new images are not foreseen."""

import heapq
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

LEAST_SPREAD = 0.1
"""Least relative error of a forecast, either way: two earlier runs of equal throughput prove little."""

Kind: TypeAlias = tuple[str, int, str, str]
"""Arch, image size in pixels, precision, stem: runs alike in these have the same throughput on one device."""


class Span(NamedTuple):
    """Time in seconds from now: earliest, most likely, latest."""

    low: float
    mid: float
    high: float

    def then(self, seconds: "Span") -> "Span":
        return Span(self.low + seconds.low, self.mid + seconds.mid, self.high + seconds.high)

    def not_before(self, other: "Span") -> "Span":
        return Span(max(self.low, other.low), max(self.mid, other.mid), max(self.high, other.high))


NOW = Span(0.0, 0.0, 0.0)


class Pace(NamedTuple):
    """Throughput in training images per second of a run's whole time, evaluation and start included."""

    slow: float
    usual: float
    fast: float


class PastRun(NamedTuple):
    """Throughput and number of images of an earlier run."""

    kind: Kind
    device: str
    data: str
    images: float
    """Training images of an epoch, each counted once even where the epoch shows it more often."""
    pace: Pace
    threads: int | None = None
    """Compute threads; None where they are not known."""
    training: float = 0.0
    """Training images per second of training alone."""
    batch_size: int = 0


class QueuedRun(NamedTuple):
    """Queued run, with the columns of its row."""

    id: int
    arch: str
    image_size: int
    precision: str
    stem: str
    data: str
    passes: int
    """Times that an epoch shows each image."""
    needs_card: bool
    epochs: int
    batch_size: int
    steps_per_epoch: int
    """0 before the run has begun."""
    epoch: int
    step: int
    measured_images: float | None = None
    """As `images_shown` takes them."""
    gpus: int = 1
    """Cards that share its batches."""

    @property
    def kind(self) -> Kind:
        return self.arch, self.image_size, self.precision, self.stem

    @property
    def images(self) -> float | None:
        """Training images that an epoch shows, as far as the run itself tells."""
        return images_shown(self.measured_images, self.steps_per_epoch, self.batch_size)

    @property
    def epochs_left(self) -> float:
        begun = max(self.step / self.steps_per_epoch, self.epoch) if self.steps_per_epoch else 0.0
        return max(self.epochs - begun, 0.0)


def images_shown(measured: float | None, steps: int, batch_size: int) -> float | None:
    """Return the training images that an epoch of so many steps shows. `measured`: those of the run's longest epoch, in
    which a stop leaves out what came before it; None before there is one.

    The steps alone tell it within a batch: None where that is more than LEAST_SPREAD."""
    most = steps * batch_size
    if measured is None or not steps:
        return most if steps * LEAST_SPREAD >= 1 else None
    return min(max(measured, most - batch_size + 1), most)


class ForecastWorker(NamedTuple):
    """Worker that takes runs."""

    device: str
    has_card: bool
    free: Span | None
    """End of its present run; None where it cannot be forecast."""
    cards: int = 1

    def can_train(self, need: "Need") -> bool:
        """On the CPU processes stand for cards."""
        return self.cards >= need.gpus if self.has_card else not need.needs_card


class Need(NamedTuple):
    """Devices that a run needs."""

    needs_card: bool
    gpus: int


@dataclass(frozen=True)
class Knowledge:
    """Throughputs by kind of run and device, and training images by data set."""

    paces: Mapping[tuple[Kind, str], Pace]
    images: Mapping[str, float]
    _alike: dict[tuple[object, ...], Span | None] = field(default_factory=dict)
    """Cache of durations, by all of a task but its id, and the device."""

    def seconds(self, task: QueuedRun, device: str) -> Span | None:
        """Forecast the duration of a run on a device; None where its throughput or data are unknown."""
        key = (*task[1:], device)
        if key not in self._alike:
            self._alike[key] = self._seconds(task, device)
        return self._alike[key]

    def images_of(self, task: QueuedRun) -> float | None:
        """Return the training images that an epoch shows, by the run itself or by another on the same data."""
        per_pass = self.images.get(task.data)
        return task.images or (per_pass * task.passes if per_pass is not None else None)

    def _seconds(self, task: QueuedRun, device: str) -> Span | None:
        pace, shown = self.paces.get((task.kind, device)), self.images_of(task)
        if pace is None or shown is None or not task.epochs_left:
            return None
        return duration(shown * task.epochs_left, pace)


def learn(past: Iterable[PastRun]) -> Knowledge:
    """Pool earlier runs, given newest first, by kind and device. The newest run on a data set tells its size."""
    alike: dict[tuple[Kind, str], list[Pace]] = defaultdict(list)
    images: dict[str, float] = {}
    for run in past:
        alike[run.kind, run.device].append(run.pace)
        images.setdefault(run.data, run.images)
    return Knowledge({key: _pooled(paces) for key, paces in alike.items()}, images)


def _pooled(paces: Sequence[Pace]) -> Pace:
    usual = statistics.median(pace.usual for pace in paces)
    return Pace(min(pace.slow for pace in paces), usual, max(pace.fast for pace in paces))


def duration(images: float, pace: Pace) -> Span:
    """Forecast the seconds for a number of images, from the fastest to the slowest measured throughput and at least
    LEAST_SPREAD either way."""
    usual = images / pace.usual
    low = min(images / pace.fast, usual * (1 - LEAST_SPREAD))
    return Span(low, usual, max(images / pace.slow, usual * (1 + LEAST_SPREAD)))


class Forecast(NamedTuple):
    start: Span
    end: Span | None


def forecast(
    queue: Sequence[QueuedRun],
    stations: Sequence[ForecastWorker],
    running: Mapping[int, Span | None],
    waits: Mapping[int, Collection[int]],
    known: Knowledge,
    wanted: Collection[int] | None = None,
) -> dict[int, Forecast]:
    """Forecast start and end of the queued runs, in the queue's order, as the stations will take them one by one.

    `running`: the ends of the running runs; `waits`: for each run the unfinished ones that it waits for; `wanted`: the
    runs to return. Runs that cannot be forecast are left out: all that follow a run of unknown duration, and every run
    while a station's end is unknown."""
    if any(station.free is None for station in stations):
        return {}
    found: dict[int, Forecast] = {}
    left = set(wanted or ())
    for run_id, times in _simulate(_Scheduler(queue, running, waits), stations, known):
        found[run_id] = times
        left.discard(run_id)
        if wanted is not None and not left:
            break
    return found if wanted is None else {run_id: found[run_id] for run_id in wanted if run_id in found}


def _simulate(
    scheduler: "_Scheduler", stations: Sequence[ForecastWorker], known: Knowledge
) -> Iterator[tuple[int, Forecast]]:
    """Let the station that is free first take the next task, until one has an unknown duration."""
    free = [
        (station.free.mid, number, station.free) for number, station in enumerate(stations) if station.free
    ]
    heapq.heapify(free)
    idle: list[tuple[float, int, Span]] = []
    while free:
        time, number, since = heapq.heappop(free)
        task = scheduler.take(time, stations[number])
        if task is None:
            opening = scheduler.next_opening(time)
            if opening is None:
                idle.append((time, number, since))
            else:
                heapq.heappush(free, (opening, number, since))
            continue
        opened = scheduler.opened.get(task.id)
        start = since.not_before(opened) if opened else since
        seconds = known.seconds(task, stations[number].device)
        if seconds is None:
            yield task.id, Forecast(start, None)
            return
        end = start.then(seconds)
        yield task.id, Forecast(start, end)
        heapq.heappush(free, (end.mid, number, end))
        if scheduler.finish(task.id, end):
            for each in idle:
                heapq.heappush(free, each)
            idle.clear()


class _Scheduler:
    """Simulated queue: tasks that are ready to run, and the times at which the waiting ones become ready."""

    def __init__(
        self,
        queue: Sequence[QueuedRun],
        running: Mapping[int, Span | None],
        waits: Mapping[int, Collection[int]],
    ) -> None:
        self.opened: dict[int, Span] = {}
        self._tasks = queue
        self._waits: dict[int, int] = {}
        self._dependents: dict[int, list[int]] = defaultdict(list)
        self._later: list[tuple[float, int]] = []
        """Time at which a task becomes ready, and its place in the queue."""
        self._ready: dict[Need, list[int]] = defaultdict(list)
        for place, task in enumerate(queue):
            targets = waits.get(task.id)
            if not targets:
                self._open(place)
                continue
            self._waits[place] = len(targets)
            for target in targets:
                self._dependents[target].append(place)
        for run_id, end in running.items():
            if end is not None:
                self.finish(run_id, end)

    def _open(self, place: int) -> None:
        task = self._tasks[place]
        heapq.heappush(self._ready[Need(task.needs_card, task.gpus)], place)

    def finish(self, run_id: int, end: Span) -> bool:
        """End a run at a time; True where that makes others ready."""
        opens = False
        for place in self._dependents.pop(run_id, ()):
            task = self._tasks[place]
            self.opened[task.id] = self.opened.get(task.id, NOW).not_before(end)
            self._waits[place] -= 1
            if not self._waits[place]:
                heapq.heappush(self._later, (self.opened[task.id].mid, place))
                opens = True
        return opens

    def take(self, time: float, station: ForecastWorker) -> QueuedRun | None:
        """Take the first ready task that a station can train; None where there is none."""
        while self._later and self._later[0][0] <= time:
            self._open(heapq.heappop(self._later)[1])
        heaps = [heap for need, heap in self._ready.items() if heap and station.can_train(need)]
        return self._tasks[heapq.heappop(min(heaps, key=lambda heap: heap[0]))] if heaps else None

    def next_opening(self, time: float) -> float | None:
        """Return the time, after `time`, at which the next task becomes ready; None where it is unknown."""
        return max(self._later[0][0], time) if self._later else None
