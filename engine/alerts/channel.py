"""New channels from addresses."""

from engine.alerts.address import digest_of, shown_address
from engine.store.alerts import NewChannel


def new_channel(url: str, kinds: tuple[str, ...], sweep: str = "") -> NewChannel:
    """Return the channel of a checked address."""
    return NewChannel(url, digest_of(url), shown_address(url), kinds, sweep)
