"""Fuzzy search: letters that are typed find texts whose words begin with them or have them in order. Pure."""

from functools import lru_cache

BEGINS, WITHIN, IN_ORDER = 8.0, 4.0, 1.0
"""Score of a typed word that begins a word of the text, is within one, or has its letters in order."""
TITLE = 2.0
"""The title tells more than the sentence: its matches count so many times."""


def score(typed: str, title: str, sentence: str) -> float:
    """Return how well what was typed fits a title or its sentence; 0 where one of the typed words fits neither."""
    total = 0.0
    for word in typed.lower().split():
        best = max(TITLE * _of_text(word, title.lower()), _of_text(word, sentence.lower()))
        if not best:
            return 0.0
        total += best
    return total


def _of_text(typed: str, text: str) -> float:
    words = text.split()
    if typed in words:
        return BEGINS + 1
    if any(word.startswith(typed) for word in words):
        return BEGINS
    if typed in text:
        return WITHIN
    return IN_ORDER if any(_in_order(typed, tuple(words[at:])) for at in range(len(words))) else 0.0


@lru_cache(maxsize=4096)
def _in_order(typed: str, words: tuple[str, ...]) -> bool:
    """Return whether the letters stand in order in the first of these words, from its beginning, or go on likewise in
    the next, as `mvup` in `move up` and `pq` in `pause queue`."""
    if not typed:
        return True
    if not words or words[0][:1] != typed[0]:
        return False
    taken, place = 1, 1
    ends = [1]
    while taken < len(typed) and (found := words[0].find(typed[taken], place)) >= 0:
        taken, place = taken + 1, found + 1
        ends.append(taken)
    return any(_in_order(typed[end:], words[1:]) for end in reversed(ends))
