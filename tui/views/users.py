"""Users of a run table. Pure."""

from collections.abc import Iterable


def has_several(users: Iterable[object]) -> bool:
    """Return True where two users are named at least; what is or was in a file is nobody's."""
    return len({user for user in users if user}) > 1
