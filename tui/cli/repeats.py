"""`--seeds` and `--repeat` of `add`: several runs of each recipe, which make a group."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.files.paths import Home
from engine.preflight.repetition import Repeated, repeat_runs
from engine.spec.repetitions import TOGETHER, with_seeds
from engine.spec.run_spec import RunSpec
from tui.cli.output import CliError

SAMPLE = {"seeds": ("seed",), "repeat": TOGETHER}
"""Settings that each of the two counts on from."""


def repeated(
    home: Home,
    specs: list[RunSpec],
    settings: Mapping[str, Any],
    seeds: int | None,
    repeat: int | None,
) -> Repeated:
    """Return the runs of each spec that the two flags ask for, and what varies between them. Raises CliError."""
    if seeds is not None and repeat is not None:
        raise CliError("give --seeds N or --repeat N, not both: --repeat varies the seeds too")
    if seeds is not None:
        _check_one_first("seeds", settings)
        return Repeated(with_seeds(specs, seeds))
    if repeat is None:
        return Repeated(specs)
    _check_one_first("repeat", settings)
    return repeat_runs(home, specs, repeat)


def _check_one_first(name: str, settings: Mapping[str, Any]) -> None:
    """Raise CliError where several values to count on from are given."""
    for field in SAMPLE[name]:
        given: Sequence[Any] = settings.get(field) or ()
        if len(given) > 1:
            flag = f"--{field.replace('_', '-')}"
            raise CliError(
                f"--{name}: {flag} {','.join(map(str, given))} are several: give the first {flag} or leave --{name} out"
            )
