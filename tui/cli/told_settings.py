"""Settings that tell the runs of a list apart and have no column, in the words of Home's table."""

from collections.abc import Sequence
from typing import Any

from engine.spec.run_spec import FIELDS, VARIED, settings_of
from engine.store.tables import Run
from tui.views.unlike import Unlike

REPEATED = tuple(name for name in FIELDS if name in VARIED)
"""Settings in which the repetitions of a recipe differ."""


def told_settings(runs: Sequence[Run]) -> list[str]:
    """Return for each run what is unusual about its recipe, then its seed, split seed and fold where runs differ in
    them; empty texts where nothing tells."""
    unlike = Unlike()
    unlike.take(runs)
    first: dict[str, str] = {}
    for run in runs:
        first.setdefault(run.group_key, run.spec)
    while wanted := unlike.wanted():
        unlike.learn({key: first[key] for key in wanted})
    specs = [settings_of(run.spec, (*REPEATED, "folds")) for run in runs]
    differing = [name for name in REPEATED if len({spec[name] for spec in specs}) > 1]
    return [
        ", ".join(filter(None, [unlike.words(run.group_key), *(_repeated(spec, name) for name in differing)]))
        for run, spec in zip(runs, specs, strict=True)
    ]


def _repeated(spec: dict[str, Any], name: str) -> str:
    """`seed 1`; `fold 1/3`, and nothing of a run that is no fold."""
    if name != "fold":
        return f"{name} {spec[name]}"
    return f"fold {spec[name]}/{spec['folds']}" if spec[name] else ""
