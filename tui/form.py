"""What a filled-in form means: pure, so that it is checked at every key press and tested without a screen."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from engine.grid import SpecError, expand_grid, split_list
from engine.spec import BUILTIN_DEFAULTS, RunSpec
from tui.text import learning_rate

LISTS = ("arch", "pretrained", "lr", "epochs", "batch_size", "image_size", "seed")
"""Fields that take several values separated by commas."""


@dataclass(frozen=True)
class Checked:
    """`problems` maps a field ("" for several together) to what is wrong; without any, `specs` can be queued."""

    problems: Mapping[str, str]
    specs: tuple[RunSpec, ...]
    repeats: int
    """How many of them were queued before."""

    @property
    def preview(self) -> str:
        """One line for each of the first runs."""
        return "\n".join(_line(spec) for spec in self.specs[:6]) + ("\n…" if len(self.specs) > 6 else "")


def check(
    texts: Mapping[str, str],
    known: Collection[str],
    weights_problem: Callable[[str], str | None] = lambda _source: None,
) -> Checked:
    """Validate a form's texts; empty fields take their defaults.

    `known`: digests of the runs that are there; `weights_problem` says what is wrong with a `pretrained` value."""
    settings = {name: _value(name, text) for name, text in texts.items() if text.strip()}
    missing = (
        {} if "data" in settings else {"data": "which images? a folder, or digits, fundus, fundus-balanced"}
    )
    if "arch" in texts and "arch" not in settings:
        missing["arch"] = "choose one or more"
    try:
        specs = expand_grid({"data": "?", **settings})
    except SpecError as error:
        return Checked({**error.problems, **missing}, (), 0)
    for problem in filter(None, (weights_problem(spec.pretrained) for spec in specs)):
        missing.setdefault("pretrained", problem)
    if missing:
        return Checked(missing, (), 0)
    return Checked({}, tuple(specs), sum(spec.digest() in known for spec in specs))


def is_built_in(data: str) -> bool:
    return data.strip() in BUILTIN_DEFAULTS


def _value(name: str, text: str) -> object:
    return split_list([text]) if name in LISTS else text.strip()


def _line(spec: RunSpec) -> str:
    parts = [spec.arch, spec.pretrained, f"lr {learning_rate(spec.lr)}", f"{spec.epochs} epochs"]
    return "  ".join([*parts, f"batch {spec.batch_size}", f"seed {spec.seed}"])
