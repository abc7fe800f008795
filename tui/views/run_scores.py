"""Page of scores of one run: a class over the others, on test or val images, of the best or last epoch. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.analysis.run_curves import EpochCurves
from engine.metrics.curves.split_curves import ScoreCurves, SplitCurves
from tui.plots import INK, MARKERS
from tui.views.score_picture import (
    HISTOGRAM,
    KINDS,
    RELIABILITY,
    Drawing,
    Row,
    ScorePicture,
    bars_of,
    cells_of,
    columns_of,
    line_of,
    mirror_of,
    places_of,
    reading_of,
    square_of,
)


@dataclass(frozen=True)
class RunScores:
    """Curves of a run's best and last epoch, or why there are none."""

    best: EpochCurves | str
    last: EpochCurves | str

    def of(self, which: "Which") -> tuple[int, SplitCurves] | None:
        """Return the epoch and the curves of a split; None where they are not there."""
        found = self.best if which.epoch == "best" else self.last
        split = None if isinstance(found, str) else (found.test if which.split == "test" else found.val)
        return None if isinstance(found, str) or split is None else (found.epoch, split)


@dataclass(frozen=True)
class Which:
    """Images and epoch that are looked at."""

    split: str
    epoch: str


ALL_WHICH = tuple(Which(split, epoch) for epoch in ("best", "last") for split in ("test", "val"))


def known_of(scores: Iterable[RunScores]) -> list[Which]:
    """Return what any of the runs has."""
    runs = list(scores)
    return [which for which in ALL_WHICH if any(each.of(which) is not None for each in runs)]


@dataclass(frozen=True)
class ScoreState:
    """Choice of what is shown: kind of drawing, class, images, place of the cursor."""

    kind: str = KINDS[0]
    target: int = 0
    which: int = 0
    cursor: int | None = None

    def next_kind(self, by: int, kinds: tuple[str, ...] = KINDS) -> "ScoreState":
        return replace(self, kind=kinds[(kinds.index(self.kind) + by) % len(kinds)], cursor=None)

    def next_target(self, by: int, count: int) -> "ScoreState":
        return replace(self, target=min(max(self.target + by, 0), max(count - 1, 0)), cursor=None)

    def next_which(self, count: int) -> "ScoreState":
        return replace(self, which=(self.which + 1) % max(count, 1), cursor=None)

    def move(self, by: int, highest: int) -> "ScoreState":
        """Move the cursor; the first key puts it in the middle."""
        at = highest // 2 if self.cursor is None else min(max(self.cursor + by, 0), highest)
        return replace(self, cursor=at)


def shown_split(scores: RunScores, state: ScoreState) -> tuple[str, SplitCurves] | None:
    """Return what is looked at: `test, best epoch 4, n 359`, and its curves; None where there are none."""
    known = known_of([scores])
    which = known[min(state.which, len(known) - 1)] if known else None
    found = scores.of(which) if which is not None else None
    if which is None or found is None:
        return None
    return f"{which.split}, {which.epoch} epoch {found[0]}, n {found[1].images:,}", found[1]


def shown_curves(scores: RunScores, state: ScoreState) -> ScoreCurves | None:
    """Return the curves that the state points at; None where there are none."""
    found = shown_split(scores, state)
    if found is None or not found[1].of:
        return None
    return found[1].of[min(state.target, len(found[1].of) - 1)]


def run_picture(scores: RunScores, state: ScoreState) -> ScorePicture:
    """Return the page: the chosen class drawn over the others."""
    found, chosen = shown_split(scores, state), shown_curves(scores, state)
    if found is None or chosen is None:
        why = scores.best if isinstance(scores.best, str) else "one number ranks no class between two others"
        return ScorePicture(state.kind, "", why, (), (), "")
    about, split = found
    rows = tuple(
        Row(
            each.name,
            cells_of(each, state.kind),
            INK.test if each is chosen else None,
            "" if INK.has_hues else MARKERS[0],
            each is chosen,
        )
        for each in split.of
    )
    drawing = _drawing(split, chosen, state)
    says = "" if isinstance(drawing, str) else reading_of(chosen, state.kind, state.cursor)
    return ScorePicture(state.kind, about, drawing, columns_of(state.kind), rows, says)


def _drawing(split: SplitCurves, chosen: ScoreCurves, state: ScoreState) -> Drawing:
    cursor = None if state.cursor is None else min(state.cursor, places_of(chosen, state.kind))
    if state.kind == RELIABILITY:
        if chosen.reliability is None:
            return f"no reliability: {chosen.no_reliability}"
        return bars_of(chosen.reliability, cursor)
    if state.kind == HISTOGRAM:
        if chosen.histogram is None:
            return "no histogram: a score is not finite"
        return mirror_of(chosen, chosen.histogram, cursor)
    others = [line_of(each, state.kind, INK.faint) for each in split.of if each is not chosen]
    top = line_of(chosen, state.kind, INK.test, "" if INK.has_hues else MARKERS[0])
    lines = tuple(line for line in (*others, top) if line is not None)
    return square_of(chosen, state.kind, lines, cursor)
