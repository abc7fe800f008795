"""Parser of a filled-in form. Pure, so that it runs at every key press and is tested without a screen."""

import difflib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.recipes.optimizers import DEFAULT
from engine.spec.archs import DEFAULT_ARCH
from engine.spec.grid import SpecError, expand_grid, grid_values, make_spec, split_list
from engine.spec.plugin_name import arch_shown
from engine.spec.presets import PRESETS, with_preset
from engine.spec.run_spec import FIELDS, GRID_FIELDS, VARIED, RunSpec, choices_of
from tui.forms.form_words import ARCH, MORE, OTHERS, OWN, PRESET, beside_fields, typed

NO_DATA = "no data: give a folder, or digits, fundus, fundus-balanced"
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Checked:
    """Result of checking a form: `problems` by field ("" for several fields together), or else the `specs`."""

    problems: Mapping[str, str]
    specs: tuple[RunSpec, ...]


def check(texts: Texts) -> Checked:
    """Validate a form's texts by themselves; empty fields take their preset's or default values."""
    problems: dict[str, str] = {}
    if not texts.get("data", "").strip():
        problems["data"] = NO_DATA
    more, wrong = parse_more(texts.get(MORE, ""))
    if wrong:
        problems[MORE] = wrong
    try:
        specs = _specs(texts, more)
    except SpecError as error:
        return Checked({**beside_fields(error.found), **problems}, ())
    return Checked(problems, () if problems else tuple(specs))


def _specs(texts: Texts, more: Mapping[str, str]) -> list[RunSpec]:
    given = {name: text for name, text in texts.items() if name in FIELDS and text.strip()}
    settings = {name: _value(name, text) for name, text in {"data": "?", **given, **more}.items()}
    preset = texts.get(PRESET, "").strip()
    grids = with_preset(preset, settings) if preset else [settings]
    return [spec for grid in grids for spec in expand_grid(grid)]


def parse_more(text: str) -> tuple[dict[str, str], str]:
    """Parse settings such as `loss=ce,ce-sqrt schedule=step`; return them and all that is wrong, empty where nothing
    is."""
    found: dict[str, str] = {}
    try:
        words = shlex.split(text)
    except ValueError:
        return {}, "unclosed quotation mark"
    problems: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        name = name.replace("-", "_")
        if name not in OTHERS:
            problems.append(_no_setting(name))
        elif not equals or not value:
            problems.append(f"{name}=… {'|'.join(choices_of(name))}".rstrip())
        elif name in found:
            problems.append(f"{name} is given twice")
        else:
            found[name] = value
    return found, "; ".join(problems)


def _no_setting(name: str) -> str:
    if name in OWN or name == PRESET:
        return f"{name} has a field of its own"
    near = difflib.get_close_matches(name, OTHERS, n=1)
    return f"unknown setting {name!r}" + (f": {near[0]}?" if near else ", such as loss=ce-sqrt")


def defaults(texts: Texts) -> dict[str, str]:
    """Return the default of each field, as it would be typed; the preset's where one is named."""
    common = {name: texts[name].strip() for name in ("data",) if texts.get(name, "").strip()}
    archs = split_list([texts.get(ARCH, "")]) or [DEFAULT_ARCH]
    more, _ = parse_more(texts.get(MORE, ""))
    optimizer = {"optimizer": more["optimizer"]} if "optimizer" in more else {}
    preset = texts.get(PRESET, "").strip()
    try:
        grids = [{"data": "?", **common, **optimizer}]
        if preset in PRESETS:
            grids = with_preset(preset, {**grids[0], ARCH: archs})
        specs = [spec for grid in grids for spec in expand_grid(grid)]
    except SpecError:
        specs = [make_spec({"data": "?"})]
    empty = {
        name: ", ".join(dict.fromkeys(typed(getattr(spec, name)) for spec in specs))
        for name in OWN
        if name not in ("data", ARCH)
    }
    return {ARCH: DEFAULT_ARCH, **empty}


def texts_of(spec: RunSpec, change: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of a form that queues the spec with a change; `more` has what differs from the defaults."""
    values = {**spec.model_dump(), **change}
    plain = make_spec({"data": values["data"], "optimizer": values["optimizer"]})
    texts = {name: typed(values[name]) for name in OWN}
    others = [
        f"{name}={shlex.quote(typed(values[name]))}"
        for name in OTHERS
        if values[name] != getattr(plain, name) or (name == "optimizer" and values[name] != DEFAULT)
    ]
    return {**texts, PRESET: "", MORE: " ".join(others)}


def texts_of_group(specs: Sequence[RunSpec]) -> dict[str, str] | None:
    """Return the texts of a form that queues the runs of one group again.

    None where no form does: the runs are no grid, as where each split has a seed of its own."""
    texts = texts_of(specs[0], {})
    more, _ = parse_more(texts[MORE])
    for name in VARIED:
        values = sorted({getattr(spec, name) for spec in specs})
        if name in OWN:
            texts[name] = ",".join(map(typed, values))
        elif len(values) > 1:
            more[name] = ",".join(map(typed, values))
    if [spec.fold for spec in specs if spec.fold] and more.get("fold") == _all_folds(specs[0].folds):
        del more["fold"]  # `folds` alone gives them all
    texts[MORE] = " ".join(f"{name}={shlex.quote(value)}" for name, value in more.items())
    made = {spec.digest() for spec in check(texts).specs}
    return texts if made == {spec.digest() for spec in specs} else None


def _all_folds(folds: int) -> str:
    return ",".join(map(str, range(1, folds + 1)))


def preview(specs: Sequence[RunSpec], repeats: Sequence[bool], most: int) -> list[str]:
    """Write a line for each of the first `most` runs with the settings in which they differ; repeats are marked."""
    differing = [name for name in GRID_FIELDS if len({getattr(spec, name) for spec in specs}) > 1]
    shown = [
        name for name in GRID_FIELDS if name in (ARCH, "pretrained", "lr", "epochs") or name in differing
    ]
    lines = [
        "  ".join(_part(name, getattr(spec, name)) for name in shown)
        + ("   repeats an earlier run" if again else "")
        for spec, again in zip(specs[:most], repeats or [False] * len(specs), strict=False)
    ]
    return [*lines, f"… and {len(specs) - most} more"] if len(specs) > most else lines


def _value(name: str, text: str) -> object:
    return grid_values(name, [text]) if name in GRID_FIELDS else text.strip()


def _part(name: str, value: Any) -> str:
    text = arch_shown(value) if name == ARCH else typed(value)
    return text if name in (ARCH, "pretrained") else f"{name} {text}"
