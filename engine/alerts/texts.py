"""Texts of alerts: plain, a title that stands alone, and the numbers and the way on below it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from engine.alerts.kinds import KINDS, AlertKind
from engine.analysis.finding import GRAVE, Finding
from engine.analysis.news import Best, News, RunState
from engine.analysis.news_sentences import OVER_BASELINE, counts, failure, standing, value
from engine.store.alert_tables import Alert
from engine.store.run_numbers import numbered
from engine.text import decimals, plain

DOT = " · "
MOST_EVENTS, MOST_LETTERS = 20, 1500
"""Events that a message tells one by one, and letters of its body: most services cut what is longer."""
MOST_OF_TITLE, MOST_NAMED = 200, 3
"""Letters of a title, and runs of one kind that it names."""
ORDER = {each.kind: place for place, each in enumerate(KINDS)}
REPEAT = "perhaps a repeat: the worker that was sending this was lost"


class RunFacts(NamedTuple):
    """Run as an alert tells of it."""

    state: RunState
    name: str
    user: str
    host: str
    """Host that trained it; this one where it has not begun."""
    attempt: int
    epoch: int
    epochs: int
    best_epoch: int | None
    best_acc: float | None
    suggestion: str
    """Way on after a failure; empty where there is none."""
    findings: tuple[Finding, ...]

    @property
    def named(self) -> str:
        return f"#{self.state.id} {f'{self.name}, ' if self.name else ''}{self.state.label}"


def place_of(host: str, sweep: str) -> str:
    """Return how a title begins: host and sweep."""
    return DOT.join(filter(None, (host, sweep)))


def done_text(run: RunFacts, best: Best | None) -> tuple[str, str]:
    """Return title and body of a run that is done; `best`: it is the best of its sweep."""
    new = f", new best {standing(best)}" if best is not None else ""
    reached = f", {value(run.state)}" if run.state.best is not None else ""
    warned = f", {run.state.head[0]}" if run.state.is_warned else ""
    lines = [
        _reached(run),
        *(line for each in run.findings if each.severity in GRAVE for line in _said(each)),
    ]
    return f"{run.named}: done{new}{reached}{warned}", _joined(lines)


def failed_text(run: RunFacts) -> tuple[str, str]:
    """Return title and body of a run that has failed."""
    lines = [
        f"epoch {run.epoch} of {run.epochs} was its last" if run.epoch else "no epoch was trained",
        _reached(run),
        _to_do(run.suggestion),
        f"more: resnet-tui show {run.state.id}",
    ]
    return f"{run.named}: failed, {failure(run.state)}", _joined(lines)


def finding_text(run: RunFacts, finding: Finding) -> tuple[str, str]:
    """Return title and body of a finding about a run in training."""
    return f"{run.named}: {finding.headline} (epoch {run.epoch} of {run.epochs})", _joined(_said(finding))


def empty_text(news: News, sweep: str, left: Collection[int]) -> tuple[str, str]:
    """Return title and body for the end of the queue, or of a sweep. `left`: runs that wait for what does not come."""
    what = f"all runs of {sweep} have ended" if sweep else "queue empty"
    counted = counts(news, with_first_failure=True)
    lines = [
        f"best of {each.sweep}: #{each.run.id} {each.run.label}, {value(each.run)}" for each in news.best
    ]
    if left:
        lines.append(f"not begun: {numbered(sorted(left))} (resnet-tui ls says what each waits for)")
    return f"{what}{': ' if counted else ''}{', '.join(counted)}", _joined(lines)


def stalled_text(run: RunFacts, quiet: str, times: float, usual: str, step: int) -> tuple[str, str]:
    """Return title and body of a run that takes no step; `quiet`, `usual`: how long it takes none, and does usually."""
    what = f"{run.named}: stalled, no step for {quiet}"
    where = f"step {step:,}, epoch {run.epoch} of {run.epochs} completed"
    usually = f"{times:.0f} times the usual: pauses between two steps took up to {usual} so far"
    more = f"to do: look at resnet-tui log {run.state.id}; pause and resume it, or cancel it"
    return what, _joined([usually, where, _reached(run), more])


def _reached(run: RunFacts) -> str:
    """Say the best epoch, and its accuracy on the test images where another metric has chosen it."""
    if run.best_epoch is None:
        return ""
    by_accuracy = run.state.selected_on in OVER_BASELINE
    accuracy = "" if by_accuracy or run.best_acc is None else f", test_acc {decimals(run.best_acc)}"
    baseline = f" (baseline {decimals(run.state.baseline)})" if accuracy else ""
    return f"best epoch {run.best_epoch}: {value(run.state)}{accuracy}{baseline}"


def _said(finding: Finding) -> Iterator[str]:
    yield f"{finding.headline}: {finding.evidence}"
    yield _to_do(finding.suggestion)


def _to_do(suggestion: str) -> str:
    return f"to do: {suggestion}" if suggestion else ""


def _joined(lines: Sequence[str] | Iterator[str]) -> str:
    return "\n".join(plain(line) for line in lines if line)


class Message(NamedTuple):
    """Message of one or more events."""

    title: str
    body: str


def message_of(alerts: Sequence[Alert]) -> Message:
    """Put events into one message, the gravest first."""
    ordered = sorted(alerts, key=lambda each: (ORDER.get(each.kind, len(ORDER)), each.at, each.key))
    notes = [REPEAT] if any(each.offered > 1 for each in alerts) else []
    if len(ordered) == 1:
        return _fitted(_title(ordered[0].place, ordered[0].what), ordered[0].body.splitlines(), notes)
    common = _common(each.place for each in ordered)
    counted = [
        _counted(kind, some)
        for kind in KINDS
        if (some := [each for each in ordered if each.kind == kind.kind])
    ]
    lines = [line for each in ordered[:MOST_EVENTS] for line in _lines(each, common)]
    if more := len(ordered) - MOST_EVENTS:
        notes += [f"and {more} more: resnet-tui news"] if more > 0 else []
    return _fitted(_title(common or "resnet-tui", ", ".join(counted)), lines, notes)


def _common(places: Iterable[str]) -> str:
    """Return what all places begin with: the host, where the sweeps differ."""
    first, *others = {tuple(place.split(DOT)) for place in places}
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(first, *others, strict=False))
    return DOT.join(parts[0] for parts in shared)


def _counted(kind: AlertKind, alerts: Sequence[Alert]) -> str:
    """Count events of one kind for a title, with the first runs where they need a look: `2 failed (#7, #9)`."""
    if kind.kind == "empty":
        return alerts[0].what.partition(": ")[0]
    ids = [f"#{each.run_id}" for each in alerts if each.run_id is not None]
    named = [*ids[:MOST_NAMED], *(["…"] if len(ids) > MOST_NAMED else [])]
    return f"{len(alerts)} {kind.counted}" + (f" ({', '.join(named)})" if kind.is_grave else "")


def _lines(alert: Alert, common: str) -> Iterator[str]:
    """Yield the event in a line, and below it the further ones of all but good news."""
    yield _title(alert.place.removeprefix(common).removeprefix(DOT), alert.what)
    if alert.kind != "done":
        yield from (f"  {line}" for line in alert.body.splitlines())


def _title(place: str, what: str) -> str:
    title = plain(DOT.join(filter(None, (place, what))))
    return title if len(title) <= MOST_OF_TITLE else f"{title[: MOST_OF_TITLE - 1]}…"


def _fitted(title: str, lines: Sequence[str], notes: Sequence[str]) -> Message:
    """Leave out the last lines of a body that is too long, and say so."""
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > MOST_LETTERS:
            notes = [*notes, "the rest: resnet-tui news"]
            break
        kept.append(line)
    return Message(title, "\n".join([*kept, *notes]) or title)
