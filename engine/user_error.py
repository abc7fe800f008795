"""Base of the errors that a user can mend."""


class UserError(Exception):
    """Error of what a user asked for, or of its surroundings: its text is one line that says what to do."""
