"""Division of an epoch's images into batches, and a batch's into micro-batches."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recipes.batch_parts import (
    LAST_SHORT,
    PARTITIONS,
    Divide,
    Ranks,
    batches_of,
    micro_batches_of,
    part_count,
)

IMAGES, SIZES = st.integers(0, 2_000), st.integers(1, 130)
DIVIDES = [divide for rule in PARTITIONS.values() for divide in (rule.batches, rule.micro_batches)]


def lengths(parts: list[slice]) -> list[int]:
    return [part.stop - part.start for part in parts]


def of_both_rules(images: int, size: int) -> tuple[list[int], list[int]]:
    return lengths(batches_of(images, size)), lengths(LAST_SHORT.batches(images, size))


@pytest.mark.parametrize("divide", DIVIDES)
@given(images=IMAGES, size=SIZES)
def test_parts_hold_every_image_once_in_order_and_none_is_left_alone(
    divide: Divide, images: int, size: int
) -> None:
    parts = divide(images, size)
    assert [place for part in parts for place in range(images)[part]] == list(range(images))
    assert len(parts) == part_count(images, size)
    assert max(lengths(parts), default=0) <= (3 if size == 2 else size)
    if size > 1 and images > 1:
        assert min(lengths(parts)) >= 2


@given(images=st.integers(1, 2_000), size=SIZES, micro=SIZES)
def test_no_batch_and_no_micro_batch_is_far_smaller_than_the_others(
    images: int, size: int, micro: int
) -> None:
    batches = lengths(batches_of(images, size))
    assert min(batches) >= 3 / 4 * size or max(batches) - min(batches) <= 1
    for batch in set(batches):
        parts = lengths(micro_batches_of(batch, micro))
        assert max(parts) - min(parts) <= 1


@given(images=IMAGES, size=SIZES)
def test_of_a_long_epoch_all_but_the_last_few_batches_are_whole(images: int, size: int) -> None:
    batches = lengths(batches_of(images, size))
    # Each of those that share takes a quarter, rounded down, or a single image of up to seven.
    sharing = math.ceil((size - 1) / max(1, size // 4))
    assert sharing <= 6 and set(batches[:-sharing]) <= {size}


@given(images=IMAGES, size=st.integers(3, 130))
def test_whole_and_nearly_whole_last_batches_stay_as_they_were(images: int, size: int) -> None:
    shared, last_short = of_both_rules(images, size)
    if images % size == 0 or images % size >= 3 / 4 * size:
        assert shared == last_short


@given(images=IMAGES)
def test_batches_of_one_and_of_two_stay_as_they_were(images: int) -> None:
    for size in (1, 2):
        shared, last_short = of_both_rules(images, size)
        assert shared == last_short


@pytest.mark.parametrize(
    ("images", "size", "shared", "last_short"),
    [
        (321, 32, [32] * 7 + [25, 24, 24, 24], [32] * 9 + [31, 2]),
        (320, 32, [32] * 10, [32] * 10),
        (65, 64, [33, 32], [63, 2]),
        (100, 64, [50, 50], [64, 36]),
        (30, 8, [8, 8, 8, 6], [8, 8, 8, 6]),
        (9, 4, [3, 3, 3], [4, 3, 2]),
        (5, 2, [2, 3], [2, 3]),
        (3, 1, [1, 1, 1], [1, 1, 1]),
        (1, 4, [1], [1]),
        (0, 4, [], []),
    ],
)
def test_values(images: int, size: int, shared: list[int], last_short: list[int]) -> None:
    assert of_both_rules(images, size) == (shared, last_short)


def test_micro_batches_are_even() -> None:
    assert lengths(micro_batches_of(33, 31)) == [17, 16] and lengths(micro_batches_of(32, 12)) == [11, 11, 10]
    assert lengths(micro_batches_of(5, 2)) == [2, 3] and lengths(micro_batches_of(3, 2)) == [3]


@given(images=st.integers(1, 300), start=st.integers(0, 50), size=st.integers(1, 9), fewest=st.integers(1, 2))
def test_the_processes_of_a_training_divide_each_batch(
    images: int, start: int, size: int, fewest: int
) -> None:
    """Each image is one process's, or, in a batch too small to be divided, everybody's; it counts once."""
    batch = slice(start, start + images)
    parts = [Ranks(rank, size, fewest).part(batch) for rank in range(size)]
    assert sum(part.share for part in parts) == pytest.approx(1.0)
    assert {part.total for part in parts} == {images}
    counted = [place for part in parts if part.counts for place in range(images + start)[part.images]]
    assert counted == list(range(start, start + images))
    found = lengths([part.images for part in parts])
    assert min(found) >= min(fewest, images) and max(found) - min(found) <= 1
    assert [part.share for part in parts] == pytest.approx([length / sum(found) for length in found])


@given(count=st.integers(0, 40), size=st.integers(1, 9))
def test_the_processes_of_a_training_take_turns_at_the_batches_of_an_evaluation(
    count: int, size: int
) -> None:
    batches = [slice(number, number + 1) for number in range(count)]
    turns = [Ranks(rank, size).in_turn(batches) for rank in range(size)]
    assert sorted((each for turn in turns for each in turn), key=lambda each: each.start) == batches
