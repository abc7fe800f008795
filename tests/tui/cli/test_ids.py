"""Numbers of runs as they are typed: one, several, ranges."""

import pytest

from tui.cli.ids import parse_ids
from tui.cli.output import CliError


@pytest.mark.parametrize(
    ("given", "spans"),
    [
        (["3"], [(3, 3)]),
        (["3-7", "1,9-9"], [(3, 7), (1, 1), (9, 9)]),
        ([" 4 , 5 "], [(4, 4), (5, 5)]),
    ],
)
def test_ids_are_numbers_ranges_and_lists(given: list[str], spans: list[tuple[int, int]]) -> None:
    assert parse_ids(given) == spans


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("x", "'x' is not a run number: give numbers, ranges such as 3-7"),
        ("3-", "'3-' is not a run number"),
        ("1,,2", "'' is not a run number"),
        ("٣", "is not a run number"),
        ("7-3", "7-3 is not a range: write 3-7"),
        ("9" * 30, "there is no run 999"),
        ("9" * 5000, "there is no run 99999999999999999999… of 5000 digits: resnet-tui ls"),
        (f"{'9' * 5000}-3", "there is no run 999"),
    ],
)
def test_what_is_no_id_is_named(given: str, says: str) -> None:
    with pytest.raises(CliError, match=says):
        parse_ids([given])
