"""Use of the device and the host over a run's whole length, and its charts. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.hardware.system_history import QUANTITIES, Quantity
from engine.store.system_use import AttemptUse
from tui.plots import INK, Line
from tui.plots.ink import Colour
from tui.views.curves import Panel
from tui.views.run_view import Points
from tui.views.x_axis import Pace

OF_CARD, OF_HOST = ("gpu_",), ("cpu_", "memory_")
"""Beginnings of the quantities' names."""


EACH_SECOND = Pace(0, ((1.0, 1.0),))
"""Pace of one epoch a second: the places of these charts are seconds."""


@dataclass(frozen=True)
class SystemView:
    """Quantities over the seconds of the run's attempts, one after the other without the time between them."""

    points: Mapping[str, Points]
    """Second and value by quantity; those that are known alone."""
    seconds: float = 0.0
    attempts: int = 0
    title: str = ""
    """Title of a saved chart, and the beginning of the names of their files."""
    file_stem: str = "run"
    names: Mapping[int, str] = field(default_factory=dict)
    front: int | None = None
    paces: tuple[Pace, ...] = (EACH_SECOND,)

    @property
    def epoch(self) -> int:
        """Return the newest second."""
        return int(self.seconds)

    @property
    def last_epoch(self) -> int:
        """Return the right end of the axis, in seconds."""
        return max(math.ceil(self.seconds), 1)

    @property
    def caption(self) -> str:
        return f"{self.attempts} attempts, one after the other" if self.attempts > 1 else ""


def system_view(uses: Sequence[AttemptUse], title: str = "", file_stem: str = "run") -> SystemView:
    """Put the attempts of a run behind each other."""
    points: dict[str, list[tuple[float, float]]] = {}
    began_s = 0.0
    for use in uses:
        for key, column in use.series.columns.items():
            for place, value in enumerate(column):
                if value is not None:
                    at_s = min((place + 0.5) * use.series.width_s, use.seconds)
                    points.setdefault(key, []).append((began_s + at_s, value))
        began_s += use.seconds
    known = {each.key: tuple(points[each.key]) for each in QUANTITIES if each.key in points}
    return SystemView(known, began_s, len(uses), title, file_stem)


def system_panels() -> tuple[Panel, ...]:
    """Return a panel for each quantity."""
    return tuple(
        Panel(
            f"use-{each.key}",
            _title(each),
            _lines_of(each.key),
            is_share=_is_share(each),
            covers=_covers(each),
        )
        for each in QUANTITIES
    )


def known_panels(view: SystemView, panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """Return the panels that have something to show."""
    return tuple(panel for panel in panels if panel.lines(view))


def _title(quantity: Quantity) -> str:
    unit = "" if quantity.unit in ("", quantity.words) else f" {quantity.unit}"
    return f"{quantity.words}{unit}"


def _is_share(quantity: Quantity) -> bool:
    return not quantity.unit


def _covers(quantity: Quantity) -> tuple[float, ...]:
    """Return values that the axis shows in any case."""
    if quantity.unit == "%":
        return (0.0, 100.0)
    return () if quantity.unit == "°C" else (0.0,)


def _lines_of(key: str) -> Callable[[SystemView], list[Line]]:
    def lines(view: SystemView) -> list[Line]:
        return [Line("", view.points[key], _colour(key))] if key in view.points else []

    return lines


def _colour(key: str) -> Colour:
    """Return the colour of the card, of the host or of the training."""
    if key.startswith(OF_CARD):
        return INK.test
    return INK.val if key.startswith(OF_HOST) else INK.train
