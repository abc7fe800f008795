"""Open the weights files that runs are to start from: torch does it in a process of its own."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from engine.files.paths import Home
from engine.preflight.data_checks import DataFound, ReadKey, read_key
from engine.preflight.plugin_checks import CLASSES, size_and_time
from engine.problem import Problem, WayOut
from engine.recipes.losses import LOSSES
from engine.spec.plugin_name import plugin_of
from engine.spec.pretrained import SOURCE_WORDS, source_kind
from engine.spec.run_spec import RunSpec
from engine.torch_subprocess import AskError, ask


@dataclass(frozen=True)
class Wanted:
    """Requirements of a run on a weights file, as `engine.models.weight_check` takes it."""

    name: str
    path: str
    arch: str
    stem: str
    image_size: int
    plugin_file: str
    """File of the plug-in that makes the network; empty for a built-in one."""
    outputs: int
    class_names: tuple[str, ...] | None = None
    """Of a run that only evaluates, whose head must be the file's; None for others."""


Signature: TypeAlias = tuple[Wanted, tuple[int, int], tuple[int, int]]
"""A check, and the size and time of the weights file and of the plug-in's; 0, 0 without a plug-in."""
_checked: dict[Signature, tuple[str | None, str | None]] = {}
"""Problems and guesses of files checked by this process, kept because a form asks again at every change."""


def is_file(pretrained: str) -> bool:
    """Return True where a spec's `pretrained` names a file."""
    return source_kind(pretrained) == "file"


def check_weights(home: Home, specs: Sequence[RunSpec], data: Mapping[ReadKey, DataFound]) -> list[Problem]:
    """One problem for each file that is missing, damaged, or not what the runs that name it need."""
    named = [spec for spec in specs if is_file(spec.pretrained)]
    missing: list[Problem] = []
    wanted: dict[Wanted, None] = {}
    for name in dict.fromkeys(spec.pretrained for spec in named):
        if not os.path.isfile(home.resolve(name)):
            ways = WayOut("give another file"), WayOut(", ".join(SOURCE_WORDS)), WayOut("run:ID")
            is_folder = os.path.isdir(home.resolve(name))
            what = f"{name} is a folder" if is_folder else f"there is no weights file {name}"
            missing.append(Problem("pretrained", "error", what, (name,), ways, "no_weights"))
    absent = {problem.values[0] for problem in missing}
    for spec in named:
        if spec.pretrained not in absent:
            wanted[_wanted(home, spec, data.get(read_key(spec)))] = None
    return [*missing, *_check_files(list(wanted))]


def _wanted(home: Home, spec: RunSpec, found: DataFound | None) -> Wanted:
    plugin = plugin_of(spec.arch)
    names = None if spec.epochs or found is None or found.index is None else found.index.class_names
    return Wanted(
        spec.pretrained,
        str(home.resolve(spec.pretrained)),
        spec.arch,
        spec.stem,
        spec.image_size,
        str(home.resolve(plugin.path)) if plugin is not None else "",
        LOSSES[spec.loss].output_count(CLASSES if names is None else len(names)),
        names,
    )


def _check_files(wanted: Sequence[Wanted]) -> list[Problem]:
    signatures = {each: _signature(each) for each in wanted}
    new = [each for each, signature in signatures.items() if signature not in _checked]
    if new:
        try:
            given = json.dumps([asdict(each) for each in new])
            answer = ask("models.weight_check", [], what="the check of weights", given=given)
        except AskError as error:
            return [Problem("pretrained", "warning", str(error), kind="weights_unchecked")]
        found = zip(answer["problems"], answer["guesses"], strict=True)
        _checked.update({signatures[each]: both for each, both in zip(new, found, strict=True)})
    problems: list[Problem] = []
    for each, signature in signatures.items():
        why, guess = _checked[signature]
        if why is not None:
            problems.append(Problem("pretrained", "error", why, (each.name, each.arch), kind="weights"))
        elif guess is not None:
            problems.append(
                Problem("pretrained", "warning", guess, (each.name, each.arch), kind="weights_guess")
            )
    return problems


def _signature(wanted: Wanted) -> Signature:
    of_plugin = size_and_time(Path(wanted.plugin_file)) if wanted.plugin_file else (0, 0)
    return wanted, size_and_time(Path(wanted.path)), of_plugin
