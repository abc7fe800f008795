"""Chart of the highlighted run on Home where it is not that of accuracy: as on the run's own screen. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.metrics.catalogue import charts
from tui.detail_view import Curve, Curves, Reference
from tui.plots import Chart
from tui.views.curves import ChartState, chart_of, run_panels
from tui.views.run_chart_lines import BY_STEP
from tui.views.smoothing import strength
from tui.views.x_axis import Pace


@dataclass(frozen=True)
class HomeSubject:
    """Highlighted run as its charts read it: by epochs alone."""

    curves: Curves
    beside: Reference | None
    epoch: int
    last_epoch: int
    caption: str = ""
    front: int | None = None
    title: str = ""
    file_stem: str = ""
    group: Any = None
    baseline: float | None = None

    @property
    def losses(self) -> tuple[tuple[float, float], ...]:
        """Return the mean training loss of each epoch: Home reads none by step."""
        return self.curves["train_loss"]

    @property
    def names(self) -> Mapping[int, str]:
        return {}

    @property
    def paces(self) -> tuple[Pace, ...]:
        return (Pace(0, ()),) * 2


def chart_keys() -> Sequence[str]:
    """Return the keys of all charts, that of accuracy first."""
    return [chart.key for chart in charts()]


def home_chart(
    key: str, curves: Curves, accuracies: Curve, smoothing: int, reference: Reference | None
) -> Chart | None:
    """Return the chart of a key; None where there is no such chart."""
    panel = next((each for each in run_panels() if each.key == key), None)
    if panel is None:
        return None
    subject = HomeSubject(curves, reference, max(accuracies.epochs, default=0), accuracies.last_epoch)
    chart = chart_of(subject, ChartState((panel,), smoothing=strength(smoothing)), panel)
    lines = (replace(line, name="train") if line.name == BY_STEP else line for line in chart.lines)
    return replace(chart, lines=tuple(lines))
