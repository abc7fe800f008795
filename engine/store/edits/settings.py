"""Change the settings of runs that wait."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from engine.files.paths import Home
from engine.spec.grid import load_spec, make_spec
from engine.spec.run_spec import RunSpec
from engine.store.add import check_sources, earlier_runs
from engine.store.database import Store
from engine.store.dependencies import first_misfit, replace_links
from engine.store.edit_journal import LINKS, Editing, editing
from engine.store.edits.discard import delete_training, discarding
from engine.store.errors import QueueError
from engine.store.listing import statuses
from engine.store.measurement_tables import EpochMetrics
from engine.store.run_numbers import numbered
from engine.store.schema import run_table
from engine.store.spec_columns import OF_SPEC, of_spec


def edit_settings(
    store: Store, home: Home, run_ids: Collection[int], settings: Mapping[str, Any]
) -> dict[int, int]:
    """Give queued or paused runs other settings; what is not named stays. Gives, for each run that repeats another
    now, that one.

    Where a run would train otherwise, its training so far (epoch 0 and a part of epoch 1) is deleted; `undo` restores
    the settings and says that this stays deleted.

    Raises QueueError for a run that does not wait, or that has trained an epoch which the new settings would have
    trained otherwise; SpecError where they are wrong."""
    with discarding() as discarded, editing(store, "edit", run_ids, (*OF_SPEC, LINKS, "epoch")) as edit:
        specs = {run_id: _changed_spec(edit, run_id, settings) for run_id in edit.was}
        repeats = earlier_runs(edit.session, {spec.digest() for spec in specs.values()}, but_not=specs)
        sources = {spec.source_run for spec in specs.values() if spec.source_run is not None}
        statuses(edit.session, sources)
        for run_id, spec in specs.items():
            old = load_spec(edit.before[run_id]["spec"])
            edit.write([run_id], **of_spec(spec))
            if spec.training_digest() != old.training_digest():
                edit.lost(delete_training(edit, home, discarded, [run_id]))
            if spec.source_run != old.source_run:
                _follow_source(edit, run_id, spec)
        # Once all are written, so that a run and one that starts from it can change together.
        check_sources(edit.session, list(specs.values()))
        if misfit := first_misfit(edit.session, {run_id: spec.network for run_id, spec in specs.items()}):
            raise QueueError(f"{misfit}: edit them in the same call, or cancel them first")
        edit.text = f"edit {numbered(edit.was)}: {', '.join(f'{k} {v}' for k, v in settings.items())}"
    digests = {run_id: spec.digest() for run_id, spec in specs.items()}
    return {run_id: repeats[digest] for run_id, digest in digests.items() if digest in repeats}


def changed_specs(store: Store, run_ids: Collection[int], settings: Mapping[str, Any]) -> dict[int, RunSpec]:
    """Return the spec that `edit_settings` would give each run. Raises QueueError, SpecError."""
    with store.read() as session:
        texts = {
            run_id: session.execute(select(run_table.c.spec).where(run_table.c.id == run_id)).scalar_one()
            for run_id in statuses(session, run_ids)
        }
    return {run_id: make_spec({**load_spec(text).model_dump(), **settings}) for run_id, text in texts.items()}


def _changed_spec(edit: Editing, run_id: int, settings: Mapping[str, Any]) -> RunSpec:
    status, row = edit.was[run_id], edit.before[run_id]
    if status == "running":
        raise QueueError(f"run {run_id} is running: pause it first, or clone it")
    if status not in ("queued", "paused"):
        raise QueueError(f"run {run_id} is {status}: clone it with these settings")
    old = load_spec(row["spec"])
    new = make_spec({**old.model_dump(), **settings})
    if row["epoch"] and new.training_digest() != old.training_digest():
        raise QueueError(
            f"run {run_id} has trained {row['epoch']} epochs with its settings: clone it with others"
        )
    if _changes_order(edit, run_id, old, new):
        raise QueueError(f"run {run_id} has measured epochs: give ordered without other settings")
    if new.epochs < row["epoch"]:
        raise QueueError(f"run {run_id} has trained {row['epoch']} epochs already: give as many or more")
    return new


def _changes_order(edit: Editing, run_id: int, old: RunSpec, new: RunSpec) -> bool:
    """Tell whether the numbers of epochs that stay would have to follow, as `order_classes` lets them."""
    stays = old.training_digest() == new.training_digest()
    return stays and old.ordered != new.ordered and edit.session.get(EpochMetrics, (run_id, 0)) is not None


def _follow_source(edit: Editing, run_id: int, spec: RunSpec) -> None:
    """Wait for the run that it starts from now, and no longer for the one before."""
    links = {after: kind for after, kind in edit.before[run_id][LINKS] if kind != "source"}
    if spec.source_run is not None and links.get(spec.source_run) != "ok":
        links[spec.source_run] = "source"
    replace_links(edit.session, run_id, links)
