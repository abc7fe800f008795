"""Choice of the charts of curves: those that a user hides, on runs' and on compared curves. Pure."""

from collections.abc import Collection

from tui.views.curves import Panel, run_panels

OF_COMPARED = "compared: "
"""Beginning of the words of a chart that compared runs alone have."""


def shown_panels(panels: tuple[Panel, ...], hidden: Collection[str]) -> tuple[Panel, ...]:
    """Return the panels that are not hidden; all where that leaves none, which a choice made elsewhere may do."""
    return tuple(panel for panel in panels if panel.key not in hidden) or panels


def chart_words() -> dict[str, str]:
    """Return the titles of all charts by their keys: of a run's, and of those that compared runs alone have."""
    from tui.views.compared import compare_panels  # only the list of charts waits for it

    runs = {panel.key: panel.title for panel in run_panels()}
    return {**{panel.key: f"{OF_COMPARED}{panel.title}" for panel in compare_panels()}, **runs}


def hidden_text(hidden: Collection[str]) -> str:
    """Return the hidden charts as preferences keep them; keys of charts that do not exist are left out."""
    return ",".join(key for key in chart_words() if key in hidden)
