"""Words that may stand at the end of a command line, by the description of all verbs and flags."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.completion.kept_tree import Tree
from tui.completion.run_values import Item

Values = Mapping[str, Callable[[Mapping[str, str], str], list[Item]]]
"""Values that only a home knows: by kind, a function of the flags given so far and the beginning of a value."""
FILES, ELSE_FILES = "files", "else files"
"""Kinds of a value that the shell completes: beside words, or where no word fits."""


@dataclass(frozen=True)
class Answer:
    """Words that complete the last one of a command line."""

    items: tuple[Item, ...] = ()
    files: bool = False
    """Whether names of files are as good."""


@dataclass
class _Call:
    """Command line as far as it is written."""

    verb: Tree
    flags: dict[str, str] = field(default_factory=dict)
    """Flags given, with their values as text."""
    arguments: int = 0
    open_flag: str = ""
    """Flag whose value comes next."""
    only_arguments: bool = False


def complete(tree: Tree, words: Sequence[str], values: Values) -> Answer:
    """Complete the last of the words after the program's name, which may be empty."""
    *before, current = words or [""]
    call = _read(tree, before)
    if call is None:
        return Answer()
    if call.open_flag:
        return _value(call, call.verb["flags"][call.open_flag], current, "", values)
    if current.startswith("-") and not call.only_arguments:
        flag, equals, begun = current.partition("=")
        if not equals:
            return Answer(tuple(_flags(call, current)))
        known = call.verb["flags"].get(flag)
        return _value(call, known, begun, f"{flag}=", values) if known and known["takes"] else Answer()
    if verbs := call.verb["verbs"]:
        return Answer(tuple((name, each["help"]) for name, each in verbs.items() if name.startswith(current)))
    return _argument(call, current, values)


def _read(tree: Tree, words: Iterable[str]) -> _Call | None:
    """Return None for a verb that there is none of."""
    call = _Call(tree)
    for word in words:
        if call.open_flag:
            call.flags[call.open_flag], call.open_flag = word, ""
        elif word == "--" and not call.only_arguments:
            call.only_arguments = True
        elif word.startswith("-") and not call.only_arguments:
            flag, equals, value = word.partition("=")
            takes = call.verb["flags"].get(flag, {}).get("takes", False)
            call.flags[flag] = value
            call.open_flag = flag if takes and not equals else ""
        elif call.verb["verbs"]:
            if word not in call.verb["verbs"]:
                return None
            call.verb = call.verb["verbs"][word]
        else:
            call.arguments += 1
    return call


def _flags(call: _Call, begun: str) -> Iterator[Item]:
    """Yield the flags that are not given yet, or may be given again."""
    for name, flag in call.verb["flags"].items():
        if name.startswith(begun) and (name not in call.flags or flag["again"]):
            yield name, flag["help"]


def _argument(call: _Call, current: str, values: Values) -> Answer:
    """Complete an argument by its place; where nothing is known of it, offer the flags."""
    places = call.verb["arguments"]
    if call.arguments < len(places):
        found = _value(call, places[call.arguments], current, "", values)
    elif places and places[-1]["again"]:
        found = _value(call, places[-1], current, "", values)
    else:
        found = Answer()
    several = [each for each in places[: call.arguments] if each["again"]]
    if several and places[-1] is not several[-1]:  # IDs first, then a last word, such as up of `move`
        last = _value(call, places[-1], current, "", values)
        first = _value(call, several[-1], current, "", values)
        found = Answer(first.items + last.items, first.files or last.files)
    if not found.items and not found.files and not current:
        return Answer(tuple(_flags(call, "--")))
    return found


def _value(call: _Call, kind: Mapping[str, Any], begun: str, before: str, values: Values) -> Answer:
    """Complete a value, in a list its last part; `before` stands before it in the same word."""
    taken: list[str] = []
    if kind["list"]:
        *taken, begun = begun.split(",")
        before += "".join(f"{each}," for each in taken)
    found = [
        *(item for item in kind["words"] if item[0].startswith(begun)),
        *(item for name in kind["kinds"] if name in values for item in values[name](call.flags, begun)),
    ]
    kept = {word: told for word, told in found if word not in taken}
    items = tuple((f"{before}{word}", told) for word, told in kept.items())
    return Answer(items, FILES in kind["kinds"] or (ELSE_FILES in kind["kinds"] and not items))
