"""Problem found before or while something is done, in a form that every front end words in its own terms; and the base
of the errors that a user can mend."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]
"""With an `error` the work cannot be done; a `note` needs nobody's attention."""
NameSetting: TypeAlias = Callable[[str, object], str]
"""Words a setting, given as a spec's field and its value (None: whichever fits), in a front end's terms."""


@dataclass(frozen=True)
class WayOut:
    """One way to solve a problem; `{}` in the text stands for the setting that does it."""

    text: str
    field: str = ""
    """Of the spec; empty where no setting helps."""
    value: object = None
    """Value to set it to; None where that is the user's to know."""

    def said(self, name_setting: NameSetting) -> str:
        """Return the text with its setting named."""
        return self.text.replace("{}", name_setting(self.field, self.value), 1) if self.field else self.text


IF_GRADES = WayOut("{} if they are grades", "ordered", "on")
"""Way out where classes lack an order."""


@dataclass(frozen=True)
class Problem:
    """Error or warning: what is wrong, where, and what to do."""

    field: str
    """The spec's field that it stands beside; empty where it concerns no single one."""
    severity: Severity
    what: str
    """One sentence, to be read beside the field's name."""
    values: tuple[str, ...] = ()
    """The first few of what it is about: images, classes, settings, runs."""
    ways_out: tuple[WayOut, ...] = ()
    kind: str = ""
    """One word for programs, such as `missing_files`."""
    brief: str = ""
    """The same in a few words, where there is little room."""
    count: int = 1
    """Number of images, files or runs that it concerns."""

    def said(self, name_setting: NameSetting) -> str:
        """One line: what is wrong and what to do."""
        return ": ".join(filter(None, [self.what, either(way.said(name_setting) for way in self.ways_out)]))

    @property
    def text(self) -> str:
        """Return the line in terms of no front end: `…: skip them with on_bad skip`."""
        return self.said(setting_words)

    @property
    def line(self) -> str:
        """Return the text after the field's name, where there is one."""
        return f"{self.field}: {self.text}" if self.field else self.text


def either(choices: Iterable[str]) -> str:
    """`a`, `a, or b`, `a, b, or c`."""
    *others, last = [*choices] or [""]
    return f"{', '.join(others)}, or {last}" if others else last


def setting_words(field: str, value: object) -> str:
    """Name a setting by its field, as run logs and JSON documents do: `on_bad skip`, `allow_leak`, `images`."""
    return field if value is None or value is True else f"{field} {value}"


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Return those that keep runs from being queued."""
    return [problem for problem in problems if problem.severity == "error"]


def warnings_of(problems: Iterable[Problem]) -> list[Problem]:
    """Return those to heed that keep no run from being queued."""
    return [problem for problem in problems if problem.severity == "warning"]


class UserError(Exception):
    """Error of what a user asked for, or of its surroundings: its text is one line that says what to do."""
