"""Description of all verbs, flags and values, from which shells complete; `tui/completion` keeps and reads it."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from engine.alerts.kinds import ALL, NAMES
from engine.disk.pruning import KEPT
from engine.recipes.registries import value_in_words
from engine.spec.archs import ARCH_INFOS
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.presets import PRESETS
from engine.spec.pretrained import SOURCE_WORDS
from engine.spec.run_spec import FIELDS, GRID_FIELDS, RunSpec, choices_of
from engine.store import needs
from engine.store.edits.order import DIRECTIONS
from engine.store.status import STATUSES
from tui.cli import look
from tui.cli.compare import MOMENTS
from tui.cli.run_columns import column_words
from tui.completion.answer import SHELLS
from tui.completion.complete import ELSE_FILES, FILES
from tui.views.metric_columns import optional_metrics

MOST_HELP = 70
"""Characters of a flag's help that are shown beside it."""
FILE_WORDS = ("FILE", "DIR", "D", "IMAGE|DIR|CSV…", "URL|FILE")
"""Metavars of what shells complete as a file or folder."""

Words = Mapping[str, str]
"""Words that a value may be, with a few words about each."""


def _plain(words: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(words, "")


def _archs() -> Words:
    return {name: info.title for name, info in ARCH_INFOS.items()}


def _presets() -> Words:
    return {name: info.description for name, info in PRESETS.items()}


def _sorts() -> Words:
    words = column_words()
    return {**_plain(look.SORT_KEYS), **{name: words[name] for name in (*optional_metrics(), *FIELDS)}}


WORDS: dict[str, Callable[[], Words]] = {
    "preset": _presets,
    "status": lambda: _plain(STATUSES),
    "ls sort": _sorts,
    "columns": column_words,
    "needs": lambda: {f"{key}=": "" for key in needs.KEYS},
    "wanted": lambda: {**{f"{key}=": "" for key in needs.KEYS}, "none": "nothing is needed"},
    "direction": lambda: _plain(DIRECTIONS),
    "compare on": lambda: _plain(MOMENTS),
    "keep": lambda: _plain(KEPT),
    "notify_on": lambda: _plain([*NAMES, ALL]),
    "arch name": _archs,
    "presets name": _presets,
    "completion shell": lambda: _plain(SHELLS),
}
"""Words of values that are no settings, by the parameter's name, or after the verb's where others are called so."""
KINDS: dict[str, tuple[str, ...]] = {
    "run_id": ("runs",),
    "run_ids": ("runs",),
    "names": ("runs", "group:", "sweeps"),
    "after": ("runs", "any:"),
    "sweep": ("sweeps",),
    "pretrained": ("run:", ELSE_FILES),
    "data": (FILES,),
    "images": (FILES,),
    "arch": (ELSE_FILES,),
    "paths": (FILES,),
}
"""Kinds of values that a home or the shell knows, by the parameter's name."""
LISTS = ("columns", "run_ids", "after", "status", "needs", "wanted", "notify_on", *GRID_FIELDS)
"""Parameters that take several values with commas between them."""


def described(command: Any, verb: str = "") -> dict[str, Any]:
    """Describe a command of Typer's and all below it, as JSON takes it: `verb` is its name."""
    flags: dict[str, Any] = {}
    arguments = []
    for each in command.params:
        if each.param_type_name == "option":
            value = _described_value(verb, each)
            flags |= {name: value for name in (*each.opts, *each.secondary_opts) if name.startswith("--")}
        else:
            arguments.append(_described_value(verb, each))
    return {
        "help": (command.help or "").partition("\n")[0],
        "flags": {**flags, "--help": _HELP},
        "arguments": arguments,
        "verbs": {name: described(each, name) for name, each in getattr(command, "commands", {}).items()},
    }


_HELP = {"help": "", "takes": False, "again": False, "list": False, "words": [], "kinds": []}


def _described_value(verb: str, parameter: Any) -> dict[str, Any]:
    name = parameter.name
    return {
        "help": _short(getattr(parameter, "help", None) or "", name),
        "takes": not getattr(parameter, "is_flag", False),
        "again": bool(getattr(parameter, "multiple", False)) or parameter.nargs == -1,
        "list": name in LISTS,
        "words": list(map(list, _words(verb, name).items())),
        "kinds": list(_kinds(parameter)),
    }


def _words(verb: str, name: str) -> Words:
    for key in (f"{verb} {name}", name):
        if key in WORDS:
            return WORDS[key]()
    if name == "data":
        return dict.fromkeys(BUILTIN_DEFAULTS, "built-in data set")
    if name == "pretrained":
        return {word: source.title for word, source in SOURCE_WORDS.items()}
    if name == "arch":
        return _archs()
    if name in FIELDS and RunSpec.model_fields[name].annotation is not bool:
        return {word: value_in_words(name, word) for word in choices_of(name)}
    return {}


def _kinds(parameter: Any) -> tuple[str, ...]:
    if parameter.name in KINDS:
        return KINDS[parameter.name]
    annotation = parameter.type_descriptor.annotation
    is_path = annotation is Path or Path in get_args(annotation)
    return (FILES,) if is_path or parameter.metavar in FILE_WORDS else ()


def _short(text: str, name: str) -> str:
    """Return what a flag does in one short line, without the values that are offered anyway."""
    told = RunSpec.model_fields[name].description or "" if name in FIELDS else text
    first = re.split(r"[;:.] |\.$| \(", " ".join(told.split()))[0]
    return first if len(first) <= MOST_HELP else f"{first[: MOST_HELP - 1]}…"
