"""Forecast of the start and end of queued runs, from the throughput of earlier runs. Pure arithmetic in seconds from
now.

A time is `None` where it depends on a throughput or a number of images that no run has measured. Early stopping,
failures, edits of the queue and the packing of new images are not foreseen."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.analysis.paces import NOW, Kind, Pace, PastRun, Span, duration, images_shown, pooled, shared_pace
from engine.analysis.shared_cards import ForecastCard, SharedCards
from engine.hardware.card_memory import CardRun


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
    memory_key: str = ""
    memory_place: str = ""
    peak_memory_gb: float | None = None
    trains_alone: bool = False

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


class ForecastWorker(NamedTuple):
    """Worker that takes runs."""

    device: str
    has_card: bool
    free: Span | None
    """End of its present run; None where it cannot be forecast."""
    cards: int = 1
    card: ForecastCard | None = None
    """Card that it shares."""
    run: CardRun | None = None
    """Run that it trains now, where it shares its card."""

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
    """Of runs that had their device for themselves."""
    images: Mapping[str, float]
    at_once: Mapping[tuple[Kind, str], Mapping[int, Pace]] = field(default_factory=dict)
    """Of all runs, by how many were on the card at once."""
    peaks: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Largest peak in GiB by memory key and place."""
    _alike: dict[tuple[object, ...], Span | None] = field(default_factory=dict)
    """Cache of durations, by all of a task but its id, the device and how many are on it at once."""

    def pace(self, kind: Kind, device: str, at_once: int = 1) -> Pace | None:
        """Return the throughput of a run beside others on a device, measured or assumed; None where it is unknown."""
        return shared_pace(self.at_once.get((kind, device), {}), at_once)

    def seconds(self, task: QueuedRun, device: str, at_once: int = 1) -> Span | None:
        """Forecast the duration of a run on a device; None where its throughput or data are unknown."""
        key = (*task[1:], device, at_once)
        if key not in self._alike:
            self._alike[key] = self._seconds(task, device, at_once)
        return self._alike[key]

    def card_run(self, task: QueuedRun, card: ForecastCard | None) -> CardRun:
        """Return a run with what is known of its memory on such a card."""
        place = card.place if card is not None else ""
        own = task.peak_memory_gb if place and task.memory_place == place else None
        return CardRun(task.id, own, self.peaks.get((task.memory_key, place)), task.trains_alone)

    def images_of(self, task: QueuedRun) -> float | None:
        """Return the training images that an epoch shows, by the run itself or by another on the same data."""
        per_pass = self.images.get(task.data)
        return task.images or (per_pass * task.passes if per_pass is not None else None)

    def _seconds(self, task: QueuedRun, device: str, at_once: int) -> Span | None:
        pace, shown = self.pace(task.kind, device, at_once), self.images_of(task)
        if pace is None or shown is None or not task.epochs_left:
            return None
        return duration(shown * task.epochs_left, pace)


def learn(past: Iterable[PastRun], peaks: Mapping[tuple[str, str], float] | None = None) -> Knowledge:
    """Pool earlier runs, given newest first, by kind, device and how many shared it. The newest run on a data set tells
    its size. `peaks`: as in Knowledge."""
    alike: dict[tuple[Kind, str], dict[int, list[Pace]]] = defaultdict(lambda: defaultdict(list))
    images: dict[str, float] = {}
    for run in past:
        alike[run.kind, run.device][run.at_once].append(run.pace)
        images.setdefault(run.data, run.images)
    at_once = {
        key: {count: pooled(paces) for count, paces in shared.items()} for key, shared in alike.items()
    }
    alone = {key: paces[1] for key, paces in at_once.items() if 1 in paces}
    return Knowledge(alone, images, at_once, peaks or {})


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
    cards = SharedCards([(each.card, each.run, each.free) for each in stations if each.run and each.free])
    while free:
        time, number, since = heapq.heappop(free)
        station = stations[number]
        task = scheduler.first(time, station)
        if task is None:
            opening = scheduler.next_opening(time)
            if opening is None:
                idle.append((time, number, since))
            else:
                heapq.heappush(free, (opening, number, since))
            continue
        run = known.card_run(task, station.card)
        if later := cards.next_end(station.card, run, time):
            heapq.heappush(free, (later.mid, number, since.not_before(later)))
            continue
        scheduler.take(task)
        opened = scheduler.opened.get(task.id)
        start = since.not_before(opened) if opened else since
        at_once = cards.at_once(station.card, run, time, scheduler.left)
        seconds = known.seconds(task, station.device, at_once)
        if seconds is None:
            yield task.id, Forecast(start, None)
            return
        end = start.then(seconds)
        yield task.id, Forecast(start, end)
        heapq.heappush(free, (end.mid, number, end))
        cards.begin(station.card, run, end)
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
        self.left = len(queue)
        """Tasks that nobody has taken."""
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

    def first(self, time: float, station: ForecastWorker) -> QueuedRun | None:
        """Return the first ready task that a station can train; None where there is none."""
        while self._later and self._later[0][0] <= time:
            self._open(heapq.heappop(self._later)[1])
        heaps = [heap for need, heap in self._ready.items() if heap and station.can_train(need)]
        return self._tasks[min(heap[0] for heap in heaps)] if heaps else None

    def take(self, task: QueuedRun) -> None:
        """Take a task that `first` has returned."""
        heapq.heappop(self._ready[Need(task.needs_card, task.gpus)])
        self.left -= 1

    def next_opening(self, time: float) -> float | None:
        """Return the time, after `time`, at which the next task becomes ready; None where it is unknown."""
        return max(self._later[0][0], time) if self._later else None
