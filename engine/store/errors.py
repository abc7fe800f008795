"""Errors that callers of the store see; each message is one line that says what to do."""


class StoreError(Exception):
    """The database cannot be used."""


class QueueError(ValueError):
    """A request that does not fit the run table."""


class LeaseLost(Exception):
    """The run was claimed by another attempt or taken away: whoever sees this must stop writing."""


class TransitionError(ValueError):
    """A status that may not follow the present one."""
