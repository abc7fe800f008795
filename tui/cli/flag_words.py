"""Wording of problems for the command line: with flags, one line each."""

import json
import shlex
from collections.abc import Collection, Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Wording:
    """Names of settings in the messages of a call: flags, or keys of the file that the settings were read from."""

    file: str = ""
    """Name of that file; empty where there is none."""
    flags: Collection[str] = ()
    """Settings given by flags beside the file."""

    def setting(self, field: str, value: object) -> str:
        """Format a setting as it is given: `--val-fraction 0.1`, or `val_fraction = 0.1` of a file."""
        if not self._in_file(field):
            return flag_setting(field, value)
        return field if value is None else f"{field} = {json.dumps(value, ensure_ascii=False)}"

    def place(self, field: str) -> str:
        """Say where a setting is given: `--lr`, or `sweep.toml: lr`."""
        return f"{self.file}: {field}" if self._in_file(field) else flag(field)

    def line(self, problem: Problem) -> str:
        """Format a problem as one line, after the place that it is about where there is one."""
        text = problem.said(self.setting)
        return f"{self.place(problem.field)}: {text}" if problem.field else text

    def of_file(self, line: str) -> str:
        """Put the file's name, where there is one, before a line about options of several places."""
        return f"{self.file}: {line}" if self.file else line

    def _in_file(self, field: str) -> bool:
        return bool(self.file) and field not in self.flags


FLAGS = Wording()


def tell_warnings(problems: Iterable[Problem], words: Wording = FLAGS) -> None:
    """Print a line on standard error for each warning."""
    for problem in problems:
        print_message(f"warning: {problem.said(words.setting)}")


def refuse(problems: Iterable[Problem], words: Wording = FLAGS) -> None:
    """Raise a CliError with a line for each problem, where there is any."""
    if lines := [words.line(problem) for problem in problems]:
        raise CliError(*lines)
