"""The help of each verb shows the text that was written."""

from collections.abc import Iterator
from typing import Any

import pytest
from rich.emoji import Emoji
from shell import Shell

from tui.cli import _command


def verbs(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each verb with its command, those of `data` and `queue` too."""
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from verbs(each, (*path, name))


VERBS = dict(verbs(_command()))


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_no_text_of_the_help_is_replaced_by_an_emoji(path: tuple[str, ...]) -> None:
    """Rich writes `:ID:` and its like as pictures."""
    command = VERBS[path]
    texts = [command.help, command.epilog, command.short_help]
    for each in command.params:
        texts += [getattr(each, "help", ""), each.metavar, *each.opts]
    for text in filter(None, texts):
        assert Emoji.replace(text) == text


def test_add_says_how_to_wait_for_any_end(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert shell("add", "--help") == 0
    (line,) = [line for line in shell.out.splitlines() if "--after" in line]
    assert "with any: before its number when it has ended in any way" in line and "[any:]ID" in line


@pytest.mark.parametrize("group", ["workers", "db", "notify", "queue"])
def test_a_group_of_verbs_says_that_it_needs_one(shell: Shell, group: str) -> None:
    assert shell(group) == 2 and "Usage" in shell.out
    assert shell.err == f"resnet-tui: {group} needs a verb: see resnet-tui {group} --help\n"
