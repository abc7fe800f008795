"""Admission of runs to a card that others train on."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.hardware.card_memory import (
    CONTEXT_GB,
    MARGIN,
    CardRun,
    SharedCard,
    free_memory_gb,
    memory_place,
    refusal,
)

CARD = SharedCard("cuda:0", 80.0, 0.0)


def known(number: int, peak_gb: float, held_gb: float = 0.0) -> CardRun:
    """A run that has measured its own peak."""
    return CardRun(number, peak_gb, peak_gb, held_gb=held_gb)


def learnt(number: int, peak_gb: float, held_gb: float = 0.0) -> CardRun:
    """A run whose kind has a peak, and that has not measured its own."""
    return CardRun(number, None, peak_gb, held_gb=held_gb)


def unknown(number: int) -> CardRun:
    return CardRun(number, None, None)


@pytest.mark.parametrize(
    ("others_gb", "holders", "candidate", "reason"),
    [
        (0.0, [], unknown(1), None),
        (0.0, [], learnt(1, 72.2), None),
        (0.0, [known(4, 35.0), known(7, 34.0)], learnt(9, 8.5), None),
        (
            0.0,
            [known(7, 35.0), known(4, 34.9)],
            learnt(9, 10.6),
            "waits for 12.3 GiB of cuda:0: 9.1 free beside #4 and #7",
        ),
        (0.0, [known(4, 10.0, held_gb=75.0)], learnt(9, 8.5), "waits for 9.9 GiB of cuda:0: 5.0 free beside #4"),
        (
            70.0,
            [known(4, 1.0), known(5, 1.0), known(6, 1.0)],
            learnt(9, 8.5),
            "waits for 9.9 GiB of cuda:0: 5.5 free beside #4, #5, #6 and others' 70.0",
        ),
        (75.0, [], learnt(9, 8.5), "waits for 9.9 GiB of cuda:0: 5.0 free beside others' 75.0"),
        (0.4, [learnt(4, 68.0)], learnt(9, 8.5), "waits for 9.9 GiB of cuda:0: 4.2 free beside #4"),
        (0.0, [learnt(4, 30.0, held_gb=90.0)], learnt(9, 8.5), "waits for 9.9 GiB of cuda:0: 0.0 free beside #4"),
        (0.0, [unknown(4)], learnt(9, 1.0), "waits for #4, which trains alone on cuda:0 until its memory is known"),
        (0.0, [CardRun(4, 1.0, 1.0, True)], learnt(9, 1.0), "waits for #4, which trains alone on cuda:0"),
        (
            0.0,
            [known(4, 1.0)],
            unknown(9),
            "waits to train alone on cuda:0, for its memory is not known yet: #4 trains there",
        ),
        (
            0.0,
            [known(7, 1.0), known(4, 1.0)],
            CardRun(9, 1.0, 1.0, True),
            "waits to train alone on cuda:0, for it ran out of memory beside others: #4 and #7 train there",
        ),
        (12.0, [], unknown(9), "waits to train alone on cuda:0, for its memory is not known yet: others hold 12.0 GiB"),
        (0.9, [], unknown(9), None),
        (0.0, [], learnt(9, 79.0), None),
        (
            0.0,
            [known(4, 1.0)],
            learnt(9, 79.0),
            "waits to train alone on cuda:0, for it may take all memory: #4 trains there",
        ),
    ],
)  # fmt: skip
def test_a_run_begins_where_there_is_room_and_says_what_it_waits_for(
    others_gb: float, holders: list[CardRun], candidate: CardRun, reason: str | None
) -> None:
    assert refusal(SharedCard("cuda:0", 80.0, others_gb), holders, candidate) == reason


def test_a_bound_on_others_holds_for_every_run() -> None:
    card = SharedCard("cuda:1", 80.0, 5.0, most_others_gb=4.0, most_others_alone_gb=50.0)
    assert refusal(card, [], learnt(9, 1.0)) == "waits: others hold 5.0 GiB of cuda:1"
    assert "others hold 5.0 GiB" in (refusal(card, [], unknown(9)) or "")


def test_the_place_tells_models_and_image_caches_apart() -> None:
    assert memory_place("NVIDIA H100", 4 << 30) == "NVIDIA H100, 4 GiB of images"
    assert memory_place("NVIDIA H100", 3 << 29) == "NVIDIA H100, 1.5 GiB of images"


sizes = st.floats(0, 100)
runs = st.builds(CardRun, st.integers(1, 99), st.none() | sizes, st.none() | sizes, st.booleans(), sizes).map(
    lambda run: run if run.own_peak_gb is None else known(run.id, run.own_peak_gb, run.held_gb)
)


@example(1.0, 1.0, [], CardRun(1, None, 0.0))
@given(st.floats(1, 100), sizes, st.lists(runs, max_size=4), runs)
def test_what_is_known_is_never_promised_twice(
    memory_gb: float, others_gb: float, holders: list[CardRun], candidate: CardRun
) -> None:
    card = SharedCard("cuda:0", memory_gb, others_gb)
    if refusal(card, holders, candidate) is not None:
        return
    if not holders and others_gb <= card.most_others_alone_gb:
        return  # it will never be emptier
    assert not any(run.reserved_gb is None or run.must_be_alone for run in (*holders, candidate))
    promised = math.fsum(max(run.reserved_gb or 0.0, run.held_gb) for run in holders)
    assert candidate.kind_peak_gb is not None
    taken = others_gb + promised + (candidate.kind_peak_gb + CONTEXT_GB) * MARGIN
    assert taken <= memory_gb * (1 + 1e-9) and free_memory_gb(card, holders) <= memory_gb


@given(st.floats(1, 100), runs)
def test_on_an_empty_card_nothing_waits(memory_gb: float, candidate: CardRun) -> None:
    assert refusal(SharedCard("cuda:0", memory_gb, 0.0), [], candidate) is None
