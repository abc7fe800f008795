"""Validation of settings and expansion of grids into specs, with one line for each mistake."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError

from engine.problem import Problem, UserError
from engine.recipes.entry import unknown_choice
from engine.spec.conflicts import conflicts
from engine.spec.run_settings import MOST_FOLDS
from engine.spec.run_spec import FIELDS, VARIED, RunSpec, choices_of

MOST_IN_RANGE = 1_000
_RANGE = re.compile(r"(\d{1,9})\s*[-–]\s*(\d{1,9})", re.ASCII)
MOST_TOLD = 5
"""Problems of a field that are told of a grid, which may have thousands alike."""


class SpecError(UserError, ValueError):
    """Settings that cannot be, with all that is wrong with them."""

    def __init__(self, found: Mapping[str, str] | Iterable[Problem]) -> None:
        """`found`: the problems, or a text for each wrong field ("" for several together)."""
        if isinstance(found, Mapping):
            found = [Problem(name, "error", text, kind="setting") for name, text in found.items()]
        self.found = tuple(found)
        super().__init__("; ".join(each.line for each in self.found))

    @property
    def problems(self) -> dict[str, str]:
        """Return what is wrong with each field."""
        texts: dict[str, list[str]] = {}
        for problem in self.found:
            texts.setdefault(problem.field, []).append(problem.text)
        return {field: "; ".join(each) for field, each in texts.items()}


def make_spec(values: Mapping[str, Any]) -> RunSpec:
    """Validate settings given as text or values; fields left out take their defaults.

    Raises SpecError with every wrong field, or where all are right with every conflict between them."""
    try:
        spec = RunSpec.model_validate(dict(values))
    except ValidationError as error:
        raise SpecError(_problems(cast(Sequence[Mapping[str, Any]], error.errors()))) from None
    if found := conflicts(spec):
        raise SpecError(found)
    return spec


def load_spec(text: str, run_id: int | None = None) -> RunSpec:
    """Read the JSON of `RunSpec.to_json`, of this run where that is known. Raises SpecError."""
    try:
        return make_spec(json.loads(text))
    except (SpecError, json.JSONDecodeError) as error:
        whose = "a stored run" if run_id is None else f"run {run_id}"
        why = str(error) if isinstance(error, SpecError) else "they are damaged"
        way = "leave it out, or use the version of resnet-tui that queued it"
        raise SpecError(
            {"": f"the settings of {whose} cannot be read by this version ({why}): {way}"}
        ) from None


def split_list(texts: Iterable[str]) -> list[str]:
    """Return the values of a grid field: one text is a comma-separated list, several are taken as they are."""
    given = list(texts)
    parts = given[0].split(",") if len(given) == 1 else given
    return [part.strip() for part in parts if part.strip()]


def grid_values(name: str, texts: Iterable[str]) -> list[str]:
    """Return the values of a grid field as `split_list` does; in a field of VARIED `0-4` is the numbers 0 to 4.

    A range of more than MOST_IN_RANGE numbers is left as it is, for the check of the spec to name it."""
    values = split_list(texts)
    return [each for value in values for each in (_in_range(value) if name in VARIED else [value])]


def _in_range(text: str) -> list[str]:
    found = _RANGE.fullmatch(text)
    if found is None:
        return [text]
    first, last = int(found[1]), int(found[2])
    return [str(each) for each in range(first, last + 1)] if 0 <= last - first < MOST_IN_RANGE else [text]


def expand_grid(settings: Mapping[str, Sequence[Any] | Any]) -> list[RunSpec]:
    """Return the product over all grid fields that hold a list, in the order of the fields, without repeats.

    The fields in which the runs of a group differ vary together, at the place of the seed. `folds` without `fold` gives
    a run for each. Raises SpecError with what is wrong with every field, at most MOST_TOLD of each."""
    axes = {
        name: _axis(name, value) for name, value in _with_all_folds(settings).items() if value is not None
    }
    names = sorted(axes, key=_place)
    specs: dict[RunSpec, None] = {}
    problems: dict[Problem, None] = {}
    for combination in itertools.product(*(axes[name] for name in names)):
        try:
            specs[make_spec(dict(zip(names, combination, strict=True)))] = None
        except SpecError as error:
            problems |= dict.fromkeys(error.found)
    if problems:
        raise SpecError(_first_of_each_field(problems))
    return list(specs)


def _with_all_folds(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Add all folds of a cross-validation where `folds` is given and no `fold` of it.

    What is no number of folds is left as it is, for the check of the spec to name it."""
    folds = settings.get("folds")
    number = int(str(folds)) if str(folds).isdecimal() else 0
    if str(settings.get("fold") or 0) != "0" or not 2 <= number <= MOST_FOLDS:
        return dict(settings)
    return {**settings, "fold": list(range(1, number + 1))}


def _place(name: str) -> tuple[int, int]:
    own = FIELDS.index(name) if name in FIELDS else -1
    return FIELDS.index("seed") if name in VARIED else own, own


def _first_of_each_field(problems: Iterable[Problem]) -> list[Problem]:
    told: Counter[str] = Counter()
    kept = []
    for problem in problems:
        told[problem.field] += 1
        if told[problem.field] <= MOST_TOLD:
            kept.append(problem)
    return kept


def _axis(name: str, value: Any) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [value]
    if not value:
        raise SpecError({name: "give at least one value"})
    return list(value)


def _problems(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    problems: dict[str, str] = {}
    for error in errors:
        name = str(error["loc"][0]) if error["loc"] else ""
        problems.setdefault(name, _describe(name, error))
    return problems


def _describe(name: str, error: Mapping[str, Any]) -> str:
    given, limits = error.get("input"), error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a setting"
        case "literal_error":
            return unknown_choice(given, choices_of(name))
        case "float_parsing" | "float_type":
            return f"{given!r} is not a number"
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return f"{given!r} is not a whole number"
        case "finite_number":
            return f"{given!r} is not finite"
        case "bool_parsing" | "bool_type":
            return f"{given!r} is neither true nor false"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal" as kind:
            words = (
                kind.replace("greater_than", "above")
                .replace("less_than", "below")
                .replace("_equal", " or at")
            )
            return f"{given} is out of range: must be {words} {next(iter(limits.values()))}"
        case "value_error":
            return str(limits["error"])
    return str(error["msg"])
