"""Error of this room, for the user."""


class ClusterError(Exception):
    """Call that cannot be carried out; one line that says what to do."""
