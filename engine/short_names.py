"""Data sets by as much of their paths as tells them apart."""

from collections import Counter
from collections.abc import Iterable

from engine.spec.constants import BUILTIN_DEFAULTS


def short_names(data: Iterable[str]) -> dict[str, str]:
    """Return the shortest end of each data set's path, by whole parts, that is no other's and no built-in
    set's name; the whole path where there is none."""
    wanted = list(dict.fromkeys(data))
    ends = {each: _ends(each) for each in wanted}
    taken = Counter(end for some in ends.values() for end in some)
    return {each: next((end for end in ends[each] if taken[end] == 1), each) for each in wanted}


def _ends(data: str) -> list[str]:
    if data in BUILTIN_DEFAULTS:
        return [data]
    parts = [part for part in data.split("/") if part]
    ends = ["/".join(parts[first:]) for first in range(len(parts) - 1, -1, -1)]
    return list(dict.fromkeys([*(end for end in ends if end not in BUILTIN_DEFAULTS), data]))
