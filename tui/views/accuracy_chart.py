"""Chart of the highlighted run or group on Home: train and test accuracy per epoch. Pure."""

from tui.detail_view import Curve, Reference
from tui.plots import INK, Chart, Line, finite
from tui.views.smoothing import SMOOTHING, smoothed_lines, strength


def accuracy_chart(curve: Curve, smoothing: int = 0, reference: Reference | None = None) -> Chart:
    """Return the chart; test accuracy on top, with a group's band, and the `reference` behind all. `smoothing`: place
    in SMOOTHING."""
    marks = ("", "") if INK.has_hues else ("○", "●")
    first, last = epoch_range(float(min(curve.epochs, default=1)), float(curve.last_epoch))
    lines = [
        Line("train", tuple(finite(curve.epochs, curve.train)), INK.train, marker=marks[0]),
        Line(
            "test",
            tuple(finite(curve.epochs, curve.test)),
            INK.test,
            marker=marks[1],
            band=_band(curve),
            best=curve.best,
        ),
    ]
    if reference is not None and reference.points:
        lines.insert(0, Line(reference.name, reference.points, INK.dim, dashed=True))
    if curve.baseline is not None:
        lines.insert(0, Line("baseline", ((0.0, curve.baseline),), INK.baseline, level=True))
    lines = smoothed_lines(lines, SMOOTHING[strength(smoothing)])
    return Chart("accuracy", tuple(lines), first, last, is_share=True)


def epoch_range(begin: float, last: float) -> tuple[float, float]:
    """Return the ends of an axis of epochs: from the first that was measured, `begin`, where a loss may be measured
    within the first epoch; one epoch alone is in the middle."""
    first = float(min(max(int(begin), 0), 1))
    return (first, last) if last > first else (first - 0.5, first + 0.5)


def _band(curve: Curve) -> tuple[tuple[float, float, float], ...]:
    """Return the band of the test accuracy, where it is known."""
    return tuple(
        (float(epoch), low, min(high, 1.0))
        for epoch, low, high in zip(curve.epochs, curve.low, curve.high, strict=False)
        if low is not None and high is not None
    )
