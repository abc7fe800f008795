"""Fuzzy search of commands by some letters."""

import pytest

from tui.views.fuzzy import score

TITLE, SENTENCE = "pause queue", "Let no more runs start, or let them start again"


@pytest.mark.parametrize(
    ("better", "worse"),
    [("queue", "que"), ("pause", "runs"), ("runs", "run"), ("run", "uns"), ("again", "agn"), ("pq", "pz")],
)
def test_what_fits_better_scores_higher(better: str, worse: str) -> None:
    assert score(better, TITLE, SENTENCE) > score(worse, TITLE, SENTENCE)


@pytest.mark.parametrize("typed", ["pq", "psqu", "PAUSE", "que", "rns", "queue pause", "stagain"])
def test_letters_in_order_find_it(typed: str) -> None:
    assert score(typed, TITLE, SENTENCE) > 0


@pytest.mark.parametrize("typed", ["qp", "zz", "pause zebra", "srt pxq", "use queue now"])
def test_other_letters_do_not(typed: str) -> None:
    assert score(typed, TITLE, SENTENCE) == 0


def test_a_long_text_of_equal_letters_takes_no_time() -> None:
    assert score("a" * 40, "a" * 30, " ".join(["aaaa"] * 20)) > 0
    assert score("a" * 400 + "b", "a" * 30, " ".join(["aaaa"] * 20)) == 0
