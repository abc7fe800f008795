"""Command lines that queue runs again."""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from engine.recipes.optimizers import DEFAULT
from engine.spec.grid import make_spec
from engine.spec.repetitions import MOST, TOGETHER
from engine.spec.run_spec import DEFAULTS, FIELDS, VARIED, RunSpec
from tui.forms.form_words import typed

PLAIN = {field: DEFAULTS[field] for field in FIELDS if field in VARIED}
"""Defaults of the settings in which the runs of a recipe differ."""


def add_command(spec: RunSpec, name: str = "") -> str:
    """Write the settings that differ from the defaults: `resnet-tui add --data fundus --arch resnet50 …`."""
    return _command(spec, name, {}, "")


def add_commands(runs: Iterable[tuple[RunSpec, str]], sweep: str = "") -> list[str]:
    """Return as few commands as queue all these runs, each a spec with a name, again: one for the seeds, splits and
    folds of a recipe."""
    recipes: dict[tuple[RunSpec, str], list[RunSpec]] = defaultdict(list)
    for spec, name in runs:
        recipes[spec.model_copy(update=PLAIN), name].append(spec)
    return [
        command
        for (recipe, name), specs in recipes.items()
        for command in dict.fromkeys(_of_recipe(recipe, name, specs, sweep))
    ]


def _of_recipe(recipe: RunSpec, name: str, specs: Sequence[RunSpec], sweep: str) -> Iterator[str]:
    values = {field: sorted({getattr(spec, field) for spec in specs}) for field in PLAIN}
    queued = {tuple(getattr(spec, field) for field in PLAIN) for spec in specs}
    repeat: list[str] = []
    if queued != set(product(*values.values())):
        count = _repetitions(specs)
        if not count:
            yield from (_command(spec, name, {}, sweep) for spec in specs)
            return
        repeat = ["--repeat", str(count)]
        values |= {field: values[field][:1] for field in TOGETHER}
    if values["fold"] == list(range(1, recipe.folds + 1)):
        del values["fold"]  # --folds alone queues all
    lists = {field: ",".join(map(str, found)) for field, found in values.items() if found != [PLAIN[field]]}
    yield _command(recipe, name, lists, sweep, repeat)


def _repetitions(specs: Sequence[RunSpec]) -> int:
    """Return the N of `add --repeat N` that queues these runs: seed and split seed count on together; 0 for none."""
    queued = {(spec.seed, spec.split_seed, spec.fold) for spec in specs}
    count, folds = len({seed for seed, _, _ in queued}), {fold for _, _, fold in queued}
    seed, split_seed, _ = min(queued)
    made = {(seed + more, split_seed + more, fold) for more in range(count) for fold in folds}
    return count if made == queued and specs[0].test_fraction < 1 and count <= MOST else 0


def _command(
    spec: RunSpec, name: str, lists: Mapping[str, str], sweep: str, repeat: Sequence[str] = ()
) -> str:
    default = make_spec({"data": spec.data, "optimizer": spec.optimizer})
    words = ["resnet-tui", "add"]
    for field in FIELDS:
        value, flag = getattr(spec, field), f"--{field.replace('_', '-')}"
        is_default = value == getattr(default, field) and (field != "optimizer" or value == DEFAULT)
        if field in lists:
            words += [flag, lists[field]]
        elif is_default and field != "data":
            continue
        elif isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        else:
            words += [flag, typed(value)]
    words += repeat
    words += ["--name", name] if name else []
    words += ["--sweep", sweep] if sweep else []
    return shlex.join(words)
