"""Wording of problems for the command line: with flags, one line each."""

import shlex
from collections.abc import Iterable

from engine.problem import Problem
from tui.cli.output import CliError, print_message


def flag(field: str) -> str:
    """Return a field's flag: `--batch-size` for `batch_size`."""
    return f"--{field.replace('_', '-')}"


def flag_setting(field: str, value: object) -> str:
    """Format a setting as it is given on the command line: `--val-fraction 0.1`, `--allow-leak`, `--images`."""
    if isinstance(value, bool):
        return flag(field) if value else f"--no-{flag(field)[2:]}"
    return flag(field) if value is None else f"{flag(field)} {shlex.quote(str(value))}"


def flag_line(problem: Problem) -> str:
    """Format a problem as one line, after the flag that it is about where there is one."""
    text = problem.said(flag_setting)
    return f"{flag(problem.field)}: {text}" if problem.field else text


def tell_warnings(problems: Iterable[Problem]) -> None:
    """Print a line on standard error for each warning."""
    for problem in problems:
        print_message(f"warning: {problem.said(flag_setting)}")


def refuse(problems: Iterable[Problem]) -> None:
    """Raise a CliError with a line for each problem, where there is any."""
    if lines := [flag_line(problem) for problem in problems]:
        raise CliError(*lines)
