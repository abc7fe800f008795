"""Flags that several verbs share: the places of a home, and one flag for each field of a spec."""

import inspect
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.files.paths import Home
from engine.spec.dependent_defaults import DEPENDENT_DEFAULTS
from engine.spec.grid import grid_values
from engine.spec.run_spec import FIELDS, GRID_FIELDS, GROUP_OF, RunSpec, choices_of
from engine.store.people import forcing
from tui.cli.flag_words import flag
from tui.cli.output import CliError

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
_PLACES = (
    ("db", str | None, typer.Option(help="Database URL (default: sqlite:///runs.db in the home).")),
    ("home", Path | None, typer.Option(help="Folder of the runs (default: the current folder).")),
    ("cache", Path | None, typer.Option(help="Folder of the packed images (default: HOME/cache).")),
)


def takes_home(verb: Callable[..., int], *, default: Path | None = None) -> Callable[..., int]:
    """Give a verb --db, --home and --cache, and pass it a Home, by default at `default`, as its argument `home`."""

    def call(**values: Any) -> int:
        db, folder, cache = (values.pop(name) for name, _, _ in _PLACES)
        return verb(home=Home.find(folder or default, db, cache), **values)

    return _with_parameters(call, verb, "home", _PLACES)


def edits_runs(verb: Callable[..., int]) -> Callable[..., int]:
    """Give a verb that changes runs or workers --force, which lets it change those of other users too."""
    help_text = "Change what is other users' too."

    def call(*arguments: Any, **values: Any) -> int:
        with forcing() if values.pop("force") else nullcontext():
            return verb(*arguments, **values)

    return _with_parameters(call, verb, "", [("force", bool, typer.Option("--force", help=help_text))])


def takes_spec(verb: Callable[..., int], fields: Sequence[str] = FIELDS) -> Callable[..., int]:
    """Give a verb a flag for each of these spec fields, and pass it the given values, as text, in `settings`."""

    def call(**values: Any) -> int:
        given = {name: values.pop(name) for name in fields}
        settings = {name: _setting(name, value) for name, value in given.items() if value not in (None, [])}
        return verb(settings=settings, **values)

    return _with_parameters(call, verb, "settings", [_spec_flag(name) for name in fields])


def _setting(name: str, value: Any) -> Any:
    if name not in GRID_FIELDS:
        return value
    is_one_file = name == "pretrained" and len(value) == 1 and os.path.isfile(value[0])
    return list(value) if is_one_file else grid_values(name, value)  # a file's path may have a comma


def single(name: str, value: Any, otherwise: str = "for several runs use resnet-tui clone") -> Any:
    """Return the one value of a flag that may hold a list. Raises CliError for several, with what to do `otherwise`."""
    if not isinstance(value, list):
        return value
    if len(value) != 1:
        raise CliError(f"{flag(name)}: give one value: {otherwise}")
    return value[0]


def each_value(given: Any, change: Callable[[Any], Any]) -> Any:
    """Change the value of a flag, or each of a list."""
    return [change(each) for each in given] if isinstance(given, list) else change(given)


def _spec_flag(name: str) -> tuple[str, Any, Any]:
    field = RunSpec.model_fields[name]
    is_grid = name in GRID_FIELDS
    help_text = f"{field.description}{' ×' if is_grid else ''}"
    if choices := choices_of(name):
        help_text += f": {', '.join(choices)}"
    if not field.is_required() and field.annotation is not bool:
        help_text += f" (default: {DEPENDENT_DEFAULTS.get(name, field.default)})"
    shown: Any = {"help": help_text, "show_default": False, "rich_help_panel": GROUP_OF[name]}
    if field.annotation is bool:
        return name, bool | None, typer.Option(f"{flag(name)}/--no-{flag(name)[2:]}", **shown)
    option = typer.Option(flag(name), metavar="LIST" if is_grid else "VALUE", **shown)
    return name, list[str] | None if is_grid else str | None, option


def _with_parameters(
    call: Callable[..., int], verb: Callable[..., int], replaced: str, extra: Any
) -> Callable[..., int]:
    """Return `call` with the signature that Typer reads: the verb's, with `replaced` exchanged for extra options."""
    signature = inspect.signature(verb)
    kept = [each for name, each in signature.parameters.items() if name != replaced]
    options = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option]
        )
        for name, kind, option in extra
    ]
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in kept] + options
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": int}
    call.__name__, call.__doc__ = verb.__name__, verb.__doc__
    return call
