"""Settings in words, for the methods and for the appendix with all of them."""

from collections.abc import Sequence

from engine.analysis.markdown import UNDEFINED
from engine.analysis.report.blocks import (
    Bullets,
    Cell,
    Paragraph,
    Section,
    code,
    paragraph,
    section,
    table,
    text,
)
from engine.analysis.report.values import ids_of
from engine.analysis.study import NO_DIFFERENCE, Study, StudyRun
from engine.recipes.registries import value_in_words
from engine.spec.recipe_words import setting
from engine.spec.run_spec import FIELDS, VARIED, RunSpec

NOT_SHARED = ("data", "arch", "pretrained", *NO_DIFFERENCE, *VARIED)


def settings_appendix(study: Study) -> Section:
    """List every setting that all runs share, and the environment that they were trained in."""
    shared = [
        field
        for field in FIELDS
        if field not in NOT_SHARED and len({setting(run.spec, field) for run in study.runs}) == 1
    ]
    spec = study.runs[0].spec
    rows: list[list[Cell]] = [
        [code(field), setting(spec, field), described(field, getattr(spec, field))] for field in shared
    ]
    header = ("setting", "value", "meaning")
    return section(
        "Appendix: settings that all runs share",
        "settings",
        table("All shared settings, defaults too", header, rows, left=header),
    )


def described(field: str, value: object) -> str:
    """Describe a setting, and its value where it is one of a registry: then without the list of all values."""
    said, of_value = RunSpec.model_fields[field].description or "", value_in_words(field, value)
    return f"{said.split(': ')[0]}: {of_value}" if of_value else said


def values_note(runs: Sequence[StudyRun], fields: Sequence[str]) -> Bullets:
    """Describe the values of each differing setting that is one of a registry, a line each."""
    lines = []
    for field in fields:
        words = {value: value_in_words(field, value) for value in (getattr(run.spec, field) for run in runs)}
        known = [f"{value}: {said}" for value, said in words.items() if said]
        lines += [text(code(field), f" {'; '.join(known)}.")] if known else []
    return Bullets(tuple(lines))


def passes_note(runs: Sequence[StudyRun]) -> Paragraph | None:
    """Warn where runs differ in the times that an epoch shows an image, so that their epochs cannot be compared."""
    groups: dict[int, list[int]] = {}
    for run in runs:
        groups.setdefault(run.spec.passes, []).append(run.id)
    if len(groups) < 2:
        return None
    parts = [f"{_times(passes)} in {ids_of(groups[passes])}" for passes in sorted(groups)]
    return paragraph(
        f"Passes: an epoch shows each training image {' and '.join(parts)}; compare by steps, not by epochs."
    )


def _times(passes: int) -> str:
    return "once" if passes == 1 else f"{passes} times ({passes} passes an epoch)"


def environment_rows(runs: Sequence[StudyRun]) -> list[list[Cell]]:
    """Return what the runs' processes recorded of their machine, a row for each fact; where it differs between runs,
    each value with its runs."""
    keys = sorted({key for run in runs for key in run.environment})
    return [[key.replace("_", " "), _by_run(key, runs)] for key in keys]


def _by_run(key: str, runs: Sequence[StudyRun]) -> str:
    found: dict[str, list[int]] = {}
    for run in runs:
        found.setdefault(run.environment.get(key, UNDEFINED), []).append(run.id)
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{value} ({ids_of(ids)})" for value, ids in found.items())
