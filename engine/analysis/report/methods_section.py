"""Methods: the networks, the recipes, and the settings that were set or that matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from engine.analysis.markdown import progress
from engine.analysis.report.blocks import Cell, Section, Table, code, paragraph, section, table
from engine.analysis.report.facts import Facts
from engine.analysis.report.networks_table import networks_table
from engine.analysis.report.recipes import STARTS, Recipe, seeds_in_words
from engine.analysis.report.settings_table import described, passes_note, values_note
from engine.analysis.report.values import evenly, plural
from engine.analysis.study import NO_DIFFERENCE, Study
from engine.spec.grid import make_spec
from engine.spec.plugin_name import arch_shown
from engine.spec.recipe_words import setting
from engine.spec.run_spec import FIELDS, VARIED, RunSpec

MATTER = (
    "image_size", "epochs", "batch_size", "lr", "optimizer", "weight_decay", "schedule", "loss", "augment", "sampler",
    "select_on",
)  # fmt: skip
"""Settings that a reader asks for even where they have their defaults."""
APART = ("data", "arch", "pretrained")
"""Settings that the table of recipes has columns for."""
RECIPES_A_TABLE = 6


def methods_section(study: Study, recipes: Sequence[Recipe], facts: Facts) -> Section:
    fields = [field for field in FIELDS if field not in (*APART, *NO_DIFFERENCE, *VARIED)]
    apart = [field for field in fields if len({setting(run.spec, field) for run in study.runs}) > 1]
    shared = [field for field in fields if field not in apart]
    said = [field for field in shared if field in MATTER or is_set(study.runs[0].spec, field)]
    return section(
        "What was done",
        "methods",
        paragraph(_summary(study, recipes)),
        _recipes(recipes),
        *_differences(recipes, apart),
        values_note(study.runs, apart),
        passes_note(study.runs),
        _shared(study, said, len(shared) - len(said)),
        *networks_table(study, facts.architectures),
    )


def is_set(spec: RunSpec, field: str) -> bool:
    """Tell whether a setting has another value than it takes by itself."""
    default = make_spec({"data": spec.data, "optimizer": spec.optimizer})
    return bool(getattr(spec, field) != getattr(default, field))


def _summary(study: Study, recipes: Sequence[Recipe]) -> str:
    counts = Counter(run.status for run in study.runs)
    states = ", ".join(f"{count} {status}" for status, count in counts.items())
    said = f"{plural(len(study.runs), 'run')} of {plural(len(recipes), 'recipe')}: {states}."
    return f"{said} A recipe is a set of settings; runs that differ in the seed alone are repetitions of one recipe."


def _recipes(recipes: Sequence[Recipe]) -> Table:
    named = any(run.name for recipe in recipes for run in recipe.runs)
    header = ["runs", *(["name"] if named else []), "data", "arch", STARTS, "epochs trained", "seeds"]
    rows = [
        [
            recipe.called,
            *([_names(recipe)] if named else []),
            recipe.first.data,
            arch_shown(recipe.first.spec.arch),
            recipe.in_details,
            ", ".join(dict.fromkeys(map(progress, recipe.runs))),
            seeds_in_words(recipe),
        ]
        for recipe in recipes
    ]
    return table("The recipes", header, rows, left=header)


def _names(recipe: Recipe) -> str:
    return ", ".join(dict.fromkeys(run.name for run in recipe.runs if run.name))


def _differences(recipes: Sequence[Recipe], fields: Sequence[str]) -> Iterator[Table]:
    """Yield tables with a row for each setting in which the recipes differ, each of as many recipes as fit a page."""
    if not fields:
        return
    for some in evenly(recipes, RECIPES_A_TABLE):
        header = ["setting", *(recipe.called for recipe in some)]
        rows: list[list[Cell]] = [
            [code(field), *(setting(recipe.first.spec, field) for recipe in some)] for field in fields
        ]
        yield table("Settings in which the recipes differ", header, rows)


def _shared(study: Study, fields: Sequence[str], others: int) -> Table:
    spec = study.runs[0].spec
    note = (
        f"The other {plural(others, 'setting')} that all share have their defaults and stand in the appendix."
    )
    rows: list[list[Cell]] = [
        [code(field), setting(spec, field), described(field, getattr(spec, field))] for field in fields
    ]
    header = ("setting", "value", "meaning")
    caption = "Settings that all runs share and that were set or that matter"
    return table(caption, header, rows, left=header, note=note if others else "")
