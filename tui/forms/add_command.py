"""Command line that queues a run again."""

import shlex

from engine.recipes.optimizers import DEFAULT
from engine.spec.grid import make_spec
from engine.spec.run_spec import FIELDS, RunSpec
from tui.forms.form_words import typed


def add_command(spec: RunSpec, name: str = "") -> str:
    """Write the settings that differ from the defaults: `resnet-tui add --data fundus --arch resnet50 …`."""
    default = make_spec({"data": spec.data, "optimizer": spec.optimizer})
    words = ["resnet-tui", "add"]
    for field in FIELDS:
        value, flag = getattr(spec, field), f"--{field.replace('_', '-')}"
        if (
            field != "data"
            and value == getattr(default, field)
            and (field != "optimizer" or value == DEFAULT)
        ):
            continue
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        else:
            words += [flag, typed(value)]
    return shlex.join([*words, *(("--name", name) if name else ())])
