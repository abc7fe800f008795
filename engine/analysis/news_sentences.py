"""Sentences of news, which the terminal, the app and alerts share."""

from engine.analysis.news import Best, News, RunState
from engine.text import decimals

OVER_BASELINE = ("test_acc",)
"""Metrics that the baseline, an accuracy on the test images, can be compared with."""


def counts(news: News, *, with_first_failure: bool = False) -> list[str]:
    """Count the events of each kind: `6 done`, `1 failed`, `2 warnings`."""
    ended = (("done", news.done), ("failed", news.failed), ("cancelled", news.cancelled))
    counted = [f"{len(runs)} {status}" for status, runs in ended if runs]
    if news.failed and with_first_failure:
        first, more = news.failed[0], len(news.failed) > 1
        place = next(number for number, text in enumerate(counted) if text.endswith("failed"))
        counted[place] += f" (#{first.id} {first.cause}{', …' if more else ''})"
    if news.warned:
        counted.append(f"{len(news.warned)} warning{'s' if len(news.warned) > 1 else ''}")
    return counted


def failure(run: RunState) -> str:
    """Say why a run failed: `diverged: the loss is not finite at step 41`."""
    return f"{run.cause}: {run.error}"


def warning(run: RunState) -> str:
    """Say what the gravest finding of a run is."""
    return f"{run.head[0]}: {run.evidence}"


def standing(best: Best) -> str:
    """Say among how many runs one is the best."""
    return f"of {best.of} in {best.sweep}"


def value(run: RunState) -> str:
    """Format the best value as `test_acc .8269 (baseline .7333)`; only an accuracy has a baseline."""
    beside = f" (baseline {decimals(run.baseline)})" if run.selected_on in OVER_BASELINE else ""
    return f"{run.selected_on} {decimals(run.best)}{beside}"
