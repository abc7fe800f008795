"""Sweeps in TOML files: `add --from` reads one, `add --save` writes one. Keys are the names of `add`'s flags."""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer
from pydantic import TypeAdapter

from engine.files.paths import Home
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import grid_values
from engine.spec.plugin_name import PluginName, plugin_of
from engine.spec.pretrained import source_kind
from engine.spec.run_spec import FIELDS, GRID_FIELDS, VARIED, RunSpec
from tui.cli.flag_words import flag
from tui.cli.options import each_value
from tui.cli.output import CliError
from tui.formatting import plain

LARGEST_BYTES = 10_000_000
"""Size of a file that is no sweep any more."""
LINE_WIDTH = 110
"""Characters of a list on one line."""
MOST_SHOWN = 60
"""Characters of a wrong value that its message repeats."""
_SYNTAX = re.compile(r"(.*) \(at (line \d+, column \d+|end of document)\)", re.DOTALL)


class ValueProblem(ValueError):
    """Value that a key does not take: one line that says what to do."""


@dataclass(frozen=True)
class SweepFile:
    """Values that a file gives, by the names of flags and in the form in which flags give them."""

    path: Path
    values: Mapping[str, Any]
    problems: tuple[str, ...] = ()
    """Lines about keys and values that are wrong, each with the file's name."""


NO_FILE = SweepFile(Path(), {})


def read_sweep(path: Path, context: typer.Context, options: Collection[str], home: Home) -> SweepFile:
    """Read a file. `options`: the flags of the verb that are keys beside the settings.

    Paths start at the file's folder. Raises CliError where it cannot be read as TOML."""
    document = _parsed(path)
    take = _OptionReader(context, options)
    values: dict[str, Any] = {}
    problems = []
    for key, value in document.items():
        name = key.replace("-", "_")
        try:
            if name != key and name in document:
                raise ValueProblem(f"given as {name} too: give it once")
            values[name] = _setting_value(name, value) if name in FIELDS else take(name, value)
        except ValueProblem as problem:
            problems.append(f"{path}: {plain(key)}: {plain(problem)}")
    there = replace(home, root=path.absolute().parent)
    moved = _move_paths(values, lambda given: home.relative(there.resolve(given)), there)
    return SweepFile(path, moved, tuple(problems))


def sweep_text(path: Path, values: Mapping[str, Any], home: Home) -> str:
    """Write the text of a file at `path` from what flags gave, settings first; `read_sweep` gives the same runs."""
    folder = path.absolute().parent
    moved = _move_paths(values, lambda given: _beside(given, folder, home), home)
    settings = [_line(name, _typed(name, moved[name])) for name in FIELDS if name in moved]
    options = [_line(name, value) for name, value in moved.items() if name not in FIELDS]
    head = f"# resnet-tui add --from {plain(path.name)}\n# Paths start at the folder of this file.\n"
    return "\n".join(["\n".join(part) + "\n" for part in ([head.rstrip()], settings, options) if part])


def _parsed(path: Path) -> dict[str, Any]:
    """Raises CliError."""
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is no file" if path.exists() else "does not exist"
            raise CliError(f"{path} {what}: give a TOML file to --from")
        if path.stat().st_size > LARGEST_BYTES:
            raise CliError(f"{path} has more than {LARGEST_BYTES // 10**6} MB: give a TOML file to --from")
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise CliError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    except UnicodeDecodeError:
        raise CliError(f"{path} is not UTF-8 text: save it as UTF-8") from None
    except (ValueError, RecursionError) as error:  # not TOML, or a number of thousands of digits
        raise CliError(f"{path}: {_syntax(error)}: write TOML, such as lr = [0.1, 0.01]") from None


def _syntax(error: Exception) -> str:
    found = _SYNTAX.fullmatch(str(error))
    return plain(f"{found[2]}: {found[1]}" if found else error)


class _OptionReader:
    """Reads the values of flags that are no settings, as Typer does."""

    def __init__(self, context: typer.Context, names: Collection[str]) -> None:
        self._context = context
        self._options: dict[str, Any] = {
            each.name: each for each in context.command.params if each.name in names
        }

    def __call__(self, name: str, value: Any) -> Any:
        """Return what the flag would give. Raises ValueProblem."""
        option = self._options.get(name)
        if option is None and name in self._context.params:
            raise ValueProblem(f"no part of a sweep: give {flag(name)} beside --from")
        if option is None:
            raise ValueProblem(_unknown(name, value, [*FIELDS, *self._options]))
        if option.multiple:
            return _texts(value)
        if isinstance(value, list):
            raise ValueProblem(f"takes one value, no list: {_alone(value)}")
        try:
            return option.process_value(self._context, _text(value))
        except typer.BadParameter as error:
            raise ValueProblem(f"{_shown(value)}: {error.message.rstrip('.')}") from None


def _texts(value: Any) -> list[str]:
    """Return the texts of a flag that is given several times. Raises ValueProblem."""
    if isinstance(value, dict):
        return [f"{key}={_text(each)}" for key, each in value.items()]
    return [_text(each) for each in (value if isinstance(value, list) else [value])]


def _unknown(name: str, value: Any, names: Sequence[str]) -> str:
    if isinstance(value, dict):
        return "a file of a sweep has no such table: write all keys at its top, without [ ] above them"
    near = difflib.get_close_matches(name, names, n=1)
    return f"unknown key: {near[0]}?" if near else "unknown key: resnet-tui add --help lists all, as flags"


def _setting_value(name: str, value: Any) -> Any:
    """Raises ValueProblem."""
    if RunSpec.model_fields[name].annotation is bool:
        if not isinstance(value, bool):
            raise ValueProblem(f"{_shown(value)} is neither true nor false")
        return value
    if name not in GRID_FIELDS:
        if isinstance(value, list):
            raise ValueProblem(
                f"takes one value, no list ({RunSpec.model_fields[name].description}): {_alone(value)}"
            )
        return _text(value)
    texts = [_text(each) for each in (value if isinstance(value, list) else [value])]
    if not texts:
        raise ValueProblem("give at least one value")
    _check_no_list(name, value)
    return [each for text in texts for each in (grid_values(name, [text]) if name in VARIED else [text])]


def _alone(values: Sequence[Any]) -> str:
    return f"give {_shown(values[0])} alone" if values else "give it"


def _check_no_list(name: str, value: Any) -> None:
    """Raise ValueProblem for a text such as "0.1,0.01", which a flag takes for a list; paths may have a comma."""
    if not isinstance(value, str) or "," not in value:
        return
    parts = [part.strip() for part in value.split(",")]
    is_path = any(mark in value for mark in ("/", ".")) and name in ("arch", "pretrained")
    if not is_path:
        raise ValueProblem(f"{_shown(value)} is one value: for several write the list {json.dumps(parts)}")


def _text(value: Any) -> str:
    """Return the text that a flag would have. Raises ValueProblem for what no flag takes."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueProblem(f"{_shown(value)} is neither text nor a number")
    try:
        return repr(value)
    except ValueError:  # thousands of digits
        raise ValueProblem("the number is too long") from None


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _move_paths(values: Mapping[str, Any], move: Callable[[str], str], home: Home) -> dict[str, Any]:
    """Change the paths among values: of data, images, plug-ins and weights; those of `images` where `home` has them."""

    def arch(name: str) -> str:
        plugin = plugin_of(name.strip())
        return name if plugin is None else str(PluginName(move(plugin.path), plugin.function))

    def data(path: str) -> str:
        return path if path in BUILTIN_DEFAULTS or not path else _no_word(move(path), path)

    def images(path: str) -> str:
        return move(path) if path and os.path.isdir(home.resolve(path)) else path

    def weights(source: str) -> str:
        return source if source_kind(source) != "file" or not source else _no_word(move(source), source)

    changes = {"arch": arch, "data": data, "images": images, "pretrained": weights}
    return {
        name: each_value(value, changes[name]) if name in changes else value for name, value in values.items()
    }


def _no_word(path: str, given: str) -> str:
    """Return a path as no word, such as `digits` or `imagenet`, is written."""
    is_word = path in BUILTIN_DEFAULTS or source_kind(path) != "file"
    return f"./{path}" if is_word and path != given else path


def _beside(path: str, folder: Path, home: Home) -> str:
    """Return a path for a file in `folder`: relative to it, but an absolute one that lies elsewhere as it is."""
    absolute = os.path.abspath(home.resolve(path))
    if path.startswith("~") or (os.path.isabs(path) and not Path(absolute).is_relative_to(folder)):
        return path
    return os.path.relpath(absolute, folder)


def _typed(name: str, given: Any) -> Any:
    """Return a setting as its own type, a list of one value as that value."""
    kind: TypeAdapter[Any] = TypeAdapter(RunSpec.model_fields[name].annotation or str)
    typed = each_value(given, kind.validate_python)
    return typed[0] if isinstance(typed, list) and len(typed) == 1 else typed


def _line(name: str, value: Any) -> str:
    """Write a key and its value on one line, but a long list with a line for each of its values."""
    if not isinstance(value, list):
        return _toml(name, value)
    texts = (_toml("x", each).removeprefix("x = ") for each in value)
    line = f"{name} = [{', '.join(texts)}]"
    return line if len(line) <= LINE_WIDTH else _toml(name, value)


def _toml(name: str, value: Any) -> str:
    import tomli_w

    return tomli_w.dumps({name: value}).rstrip("\n")
