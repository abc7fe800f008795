"""Queueing of the runs of `add` and `clone`, after preflight found no errors."""

import math
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from engine.files.paths import Home
from engine.preflight.data_checks import by_images
from engine.preflight.findings import Findings, preflight
from engine.preflight.imagenet_files import missing_weights
from engine.spec.grid import expand_grid
from engine.spec.presets import with_preset
from engine.spec.recipe_words import differing, setting
from engine.spec.run_spec import RunSpec
from engine.store.add import Batch, add_batches
from engine.store.alerts import NewChannel
from engine.store.database import Store, open_store
from tui.cli.flag_words import FLAGS, Wording, refuse, tell_warnings
from tui.cli.options import each_value
from tui.cli.output import print_message
from tui.formatting import plain

TOLD_NOTES = ("folds", "val_unused")
"""Kinds of notes that are worth a line."""
MOST_VALUES = 6
"""Values of a setting that a grid is told with."""


def expand(home: Home, settings: dict[str, Any], preset: str | None = None) -> list[RunSpec]:
    """Expand a grid to specs, with a preset's settings for the fields it leaves out. Raises SpecError."""
    given = with_relative_data(home, settings)
    grids = [given] if preset is None else with_preset(preset, given)
    return [spec for grid in grids for spec in expand_grid(grid)]


def with_relative_data(home: Home, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings with paths relative to the home, as they are stored, so that the folder may move."""

    def images(path: str) -> str:
        folder = home.resolve(path)
        return home.relative(folder) if os.path.isdir(folder) else path

    changes: dict[str, Callable[[str], str]] = {
        "data": home.stored, "images": images, "arch": home.stored_arch, "pretrained": home.stored_weights,
    }  # fmt: skip
    return {
        name: each_value(value, changes[name]) if value and name in changes else value
        for name, value in settings.items()
    }


def checked(
    home: Home,
    store: Store | None,
    specs: Sequence[RunSpec],
    changing: Mapping[int, RunSpec] | None = None,
    words: Wording = FLAGS,
) -> Findings:
    """Run preflight. Raises CliError with a line for each error."""
    found = preflight(home, store, specs, changing=changing)
    refuse(found.errors, words)
    return found


def tell_findings(found: Findings, words: Wording = FLAGS) -> None:
    """Print a description of the data, the notes of TOLD_NOTES, and a line for each warning.

    Call it last: a refusal prints its reasons alone."""
    for splits in by_images(found.data):
        if described := splits[0].describe(words.setting):
            more = f" (the first of {len(splits)} splits)" if len(splits) > 1 else ""
            print_message(f"{described}{more}")
    for problem in found.problems:
        if problem.kind in TOLD_NOTES:
            print_message(problem.said(words.setting))
    tell_warnings(found.warnings, words)


def queue_runs(
    home: Home,
    store: Store | None,
    batches: Sequence[Batch],
    *,
    said: str = "",
    words: Wording = FLAGS,
    channels: Collection[NewChannel] = (),
) -> int:
    """Check all runs, queue them in one transaction with the `channels` that are told of them, print `said` and their
    ids; without a store in a new one."""
    specs = [spec for batch in batches for spec in batch.specs]
    found = checked(home, store or _existing_store(home), specs, words=words)
    added = add_batches(store or open_store(home.database), batches, channels)
    tell_findings(found, words)
    for run_id, earlier in added.repeats.items():
        print_message(f"run {run_id} repeats run {earlier}: same settings, same data")
    if len(specs) > 1:
        print_message(plain(grid_in_words(specs)))
    if said:
        print_message(said)
    print_message(found.room.describe())
    tell_warnings(missing_weights(specs), words)
    for run_id in added.ids:
        print(run_id)
    return 0


def grid_in_words(specs: Sequence[RunSpec]) -> str:
    """Say how many runs there are and in which settings they differ: `a grid of 6 runs: lr 0.1, 0.01; seed 0, 1, 2`."""
    values = {
        name: list(dict.fromkeys(setting(spec, name) or "–" for spec in specs)) for name in differing(specs)
    }
    is_grid = math.prod(map(len, values.values())) == len(specs)
    told = "; ".join(f"{name} {_some(each)}" for name, each in values.items()) or "all alike"
    return f"{'a grid of ' if is_grid else ''}{len(specs):,} runs: {told}"


def _some(values: Sequence[str]) -> str:
    """`0, 1, 2`; of more than MOST_VALUES the first, and how many there are."""
    shown = ", ".join(values[:MOST_VALUES])
    return shown if len(values) <= MOST_VALUES else f"{shown} … ({len(values):,} values)"


def _existing_store(home: Home) -> Store | None:
    """Open the run table where it exists; None otherwise, so that a refused call does not create an empty one."""
    file = home.database_file
    return open_store(home.database) if file is None or file.exists() else None
