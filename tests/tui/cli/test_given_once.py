"""A flag that takes no list is given once."""

import pytest
from shell import Shell, statuses


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "add --data digits --test-fraction 0.1 --test-fraction=0.3",
            "--test-fraction: given 2 times: give it once",
        ),
        ("add --data digits --name a --seed 1 --name b --name c", "--name: given 3 times: give it once"),
        (
            "add --data digits --nesterov --no-nesterov",
            "--nesterov/--no-nesterov: given 2 times: give it once",
        ),
        ("ls --json --json", "--json: given 2 times: give it once"),
        ("data check digits --home a --home b", "--home: given 2 times: give it once"),
        ("--home a --home b", "--home: given 2 times: give it once"),
    ],
)
def test_a_second_value_is_refused(shell: Shell, call: str, said: str) -> None:
    assert shell.refuses(*call.split()) == f"resnet-tui: {said}\n"


def test_lists_are_given_in_parts(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--lr", "0.1", "--lr", "0.01", "--seed", "1", "--seed", "2") == 0
    assert len(statuses(shell)) == 4
    assert shell("add", "--data", "digits", "--after", "1", "--after", "2") == 0


def test_what_stands_behind_two_dashes_is_no_flag(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--name", "a") == 0
    assert shell("note", "1", "--", "--db --db") == 0
