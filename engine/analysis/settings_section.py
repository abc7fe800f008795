"""Settings of a study: first those that all runs share, then those in which they differ."""

from collections.abc import Sequence

from engine.analysis.markdown import UNDEFINED, markdown, setting, table, weights_in_full
from engine.analysis.study import NO_DIFFERENCE, Study, StudyRun
from engine.recipes.registries import value_in_words
from engine.spec.plugin_name import arch_shown
from engine.spec.run_spec import FIELDS, RunSpec

ALWAYS_APART = ("data", "arch", "pretrained")
"""Settings shown for each run even where all are alike."""
MOST_CHARACTERS = 1_000
"""Length of the line that describes the values of a setting."""


def settings_section(study: Study) -> str:
    """Write the tables of shared and of differing settings, and the environment of the runs."""
    settings = [field for field in FIELDS if field not in (*ALWAYS_APART, *NO_DIFFERENCE)]
    apart = [field for field in settings if len({setting(run.spec, field) for run in study.runs}) > 1]
    shared = [field for field in settings if field not in apart]
    first = study.runs[0].spec
    rows = [
        [f"`{field}`", markdown(setting(first, field)), markdown(_meaning(field, getattr(first, field)))]
        for field in shared
    ]
    parts = [
        "**Table 2.** Settings that all runs share.",
        table(["setting", "value", "meaning"], rows),
        _environment(study.measured),
        _passes(study.runs),
        "**Table 3.** The runs, and the settings in which they differ.",
        _apart(study.runs, apart),
        _values(study.runs, apart),
    ]
    return "\n\n".join(part for part in parts if part)


def _apart(runs: Sequence[StudyRun], fields: Sequence[str]) -> str:
    named = any(run.name for run in runs)
    header = [
        "run",
        *(["name"] if named else []),
        "data",
        "arch",
        "weights from",
        *(f"`{f}`" for f in fields),
    ]
    rows = [
        [
            f"#{run.id}",
            *([markdown(run.name)] if named else []),
            markdown(run.data),
            markdown(arch_shown(run.spec.arch)),
            markdown(weights_in_full(run)),
            *(markdown(setting(run.spec, field)) for field in fields),
        ]
        for run in runs
    ]
    return table(header, rows)


def _environment(runs: Sequence[StudyRun]) -> str:
    """List the environment that the runs' processes recorded."""
    keys = sorted({key for run in runs for key in run.environment})
    texts = []
    for key in keys:
        values = dict.fromkeys(run.environment.get(key, UNDEFINED) for run in runs)
        texts.append(f"{markdown(key.replace('_', ' '))} {' or '.join(map(markdown, values))}")
    return f"Trained with: {'; '.join(texts)}." if texts else ""


def _passes(runs: Sequence[StudyRun]) -> str:
    """Warn where runs differ in the times that an epoch shows an image, so that their epochs cannot be compared."""
    groups: dict[int, list[str]] = {}
    for run in runs:
        groups.setdefault(run.spec.passes, []).append(f"#{run.id}")
    if len(groups) < 2:
        return ""
    parts = [f"{_times(passes)} in {', '.join(groups[passes])}" for passes in sorted(groups)]
    return (
        f"Passes: an epoch shows each training image {' and '.join(parts)}; compare by steps, not by epochs."
    )


def _times(passes: int) -> str:
    return "once" if passes == 1 else f"{passes} times ({passes} passes an epoch)"


def _meaning(field: str, value: object) -> str:
    """Describe the setting, and its value where it is one of a registry."""
    words = [RunSpec.model_fields[field].description or "", value_in_words(field, value)]
    return ": ".join(filter(None, words))


def _values(runs: Sequence[StudyRun], fields: Sequence[str]) -> str:
    """Describe the values of each differing setting that is one of a registry, a line each."""
    lines = []
    for field in fields:
        words = {value: value_in_words(field, value) for value in (getattr(run.spec, field) for run in runs)}
        known = [f"{value}: {text}" for value, text in words.items() if text]
        lines += [f"- `{field}` {markdown('; '.join(known), MOST_CHARACTERS)}."] if known else []
    return "\n".join(lines)
