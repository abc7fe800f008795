"""Feed of the addresses that workers send alerts to, without their secrets."""

from __future__ import annotations

from engine.files.paths import Home
from tui.lent_stores import borrowed_store
from tui.snapshot import AddressView


class AlertsFeed:
    """Feed of the addresses, which writes nothing. Used by one thread."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def poll(self) -> tuple[AddressView, ...] | None:
        """Return the addresses; None while the run table cannot be read, which other feeds say."""
        from engine.store.alerts import channels
        from engine.store.errors import StoreError

        try:
            with borrowed_store(self._home.database) as store, store.read() as session:
                found = channels(session)
        except StoreError:
            return None
        return tuple(
            AddressView(
                each.shown,
                each.sweep or each.user_name,
                tuple(each.kinds.split(",")),
                each.sent_at is not None,
                each.problem,
            )
            for each in found
        )

    def close(self) -> None:
        """Nothing is open between two polls."""
