"""Flags that take no list are given once: Typer would keep the last of several without a word."""

from collections import Counter
from typing import Any

from tui.cli.output import CliError


def take_flags_once(command: Any) -> None:
    """Have a command of Typer's, and all commands below it, refuse a call with such a flag more than once."""
    parse = command.parse_args

    def parse_once(context: Any, arguments: list[str]) -> Any:
        _, _, given = command.make_parser(context).parse_args(list(arguments))
        _refuse_repeated(given)
        return parse(context, arguments)

    command.parse_args = parse_once
    for each in getattr(command, "commands", {}).values():
        take_flags_once(each)


def _refuse_repeated(given: list[Any]) -> None:
    """`given`: the parameters of a call in their order, those that are repeated more than once. Raises CliError."""
    flags = (each for each in given if each.param_type_name == "option")
    once = [each for each in flags if not (each.multiple or each.count or each.is_eager)]
    for flag, times in Counter(map(id, once)).items():
        if times > 1:
            names = next([each.opts[0], *each.secondary_opts] for each in once if id(each) == flag)
            raise CliError(f"{'/'.join(names)}: given {times} times: give it once")
