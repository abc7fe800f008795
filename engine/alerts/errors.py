"""Error of alerts."""

from engine.problem import UserError


class AlertError(UserError, ValueError):
    """Address, or kind of event, that cannot be used: one line that says what to do and holds no secret."""
