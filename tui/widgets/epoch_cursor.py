"""Pages of one run that look at an epoch: they step through the epochs together."""

from textual.widget import Widget


class EpochPane(Widget):
    """Page with an epoch that keys choose."""

    @property
    def epoch(self) -> int | None:
        """Return the epoch that was chosen; None for none, or the newest, whichever it is."""
        raise NotImplementedError

    def look_at(self, epoch: int | None) -> None:
        """Show an epoch that was chosen elsewhere; where it has none of that number, stay."""
        raise NotImplementedError
