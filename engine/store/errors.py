"""Errors that callers of the store see; each message is one line that says what to do."""

from engine.problem import UserError


class StoreError(UserError):
    """Database that cannot be used."""


class QueueError(UserError, ValueError):
    """Request that does not fit the run table."""


class LeaseLost(Exception):
    """Claim that is no longer valid, because another attempt has the run or it was taken away: stop writing."""


class TransitionError(ValueError):
    """Status that may not follow the present one."""
