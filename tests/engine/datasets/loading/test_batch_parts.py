"""How an epoch's images part into batches."""

from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.loading.batch_parts import parts_of


@given(count=st.integers(0, 300), size=st.integers(1, 50))
def test_parts_hold_every_image_once_in_order_and_none_is_left_alone(count: int, size: int) -> None:
    parts = parts_of(count, size)
    assert [place for part in parts for place in range(count)[part]] == list(range(count))
    lengths = [part.stop - part.start for part in parts]
    assert all(length == size for length in lengths[:-2])
    assert max(lengths, default=0) <= max(size, 3)
    if size > 1 and count > 1:
        assert min(lengths) >= 2


def test_a_single_last_image_gets_company() -> None:
    assert parts_of(9, 4) == [slice(0, 4), slice(4, 7), slice(7, 9)]
    assert parts_of(5, 2) == [slice(0, 2), slice(2, 5)]
    assert parts_of(1, 4) == [slice(0, 1)] and parts_of(3, 1) == [slice(0, 1), slice(1, 2), slice(2, 3)]
