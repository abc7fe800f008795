"""Read what is compared: runs, groups of runs and sweeps, with their predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from sqlmodel import Session

from engine.analysis.comparison.comparison import Comparison, Moment, compare
from engine.analysis.comparison.sentences import by_status
from engine.analysis.comparison.sides import About, RunPredictions, Side
from engine.analysis.finding import GRAVE
from engine.analysis.groups import Group, side_name
from engine.analysis.run_curves import none_measured
from engine.datasets.layouts import DataError
from engine.files.epoch_predictions import NoPredictions, read_predictions
from engine.files.paths import Home
from engine.metrics.selection import is_optimistic
from engine.queries.best_epochs import best_epoch_of, kappa_of, test_accuracy_of
from engine.queries.image_groups import GroupReader
from engine.queries.judged import read_findings
from engine.queries.read_groups import group_of_run, read_groups
from engine.spec.grid import load_spec
from engine.spec.plugin_name import arch_shown
from engine.spec.recipe_words import NAMED_FIRST, differing, recipe_name, setting, weights_from
from engine.spec.run_spec import NO_RESULT, VARIED, RunSpec
from engine.store import listing
from engine.store.database import Store
from engine.store.status import ENDED
from engine.store.tables import Run

GROUP, SWEEP = "group:", "sweep:"
"""Prefixes that name a group (that of a run) and a sweep, as `run:12` names a run's weights."""
MOST_SIDES = 40
"""All pairs of more would be neither read nor told apart after the correction."""


class Named(NamedTuple):
    """Side before its predictions are read."""

    name: str
    runs: tuple[Run, ...]
    not_done: Mapping[int, str]
    """Status of each run that is not done, those of its group too."""
    remarks: tuple[str, ...] = ()


class CompareError(ValueError):
    """Comparison that cannot be made; its text is one line that says what to do."""


def read_comparison(store: Store, home: Home, names: Sequence[str], on: Moment = "best") -> Comparison:
    """Compare what is named: `12` or `#12` a run, `group:12` the group of run 12, `sweep:NAME` or NAME a sweep's groups
    and single runs.

    Raises CompareError for a name that is nothing of these, and for fewer than two sides; QueueError for a run that
    does not exist."""
    with store.read() as session:
        chosen = [side for name in names for side in _named(session, name)]
        not_measured = _not_measured(session, [name for name in names if _is_sweep(name)], chosen)
        wanted = list({tuple(run.id for run in side.runs): side for side in chosen}.values())
        compared = [[_compared(session, run, on) for run in side.runs] for side in wanted]
        judged = [_judged(session, side.runs) for side in wanted]
    if len(wanted) < 2:
        what = f"{wanted[0].name} alone" if wanted else "nothing"
        raise CompareError(
            f"there is {what} to compare: name two or more of runs (12), groups (group:12), sweeps"
        )
    if len(wanted) > MOST_SIDES:
        raise CompareError(f"{len(wanted)} sides are too many to compare at once: name at most {MOST_SIDES}")
    reader = GroupReader(home)
    sides = [
        replace(
            read_side(home, reader, each.name, runs),
            remarks=each.remarks,
            about=replace(about, epoch_chosen=_epoch_chosen(runs, on), **more),
        )
        for each, about, runs, more in zip(wanted, _about(wanted, on), compared, judged, strict=True)
    ]
    return replace(compare(sides, on), not_measured=not_measured)


def _about(sides: Sequence[Named], on: Moment) -> list[About]:
    """Say what each side is, by the settings in which they differ; `select_on` is said with the best epoch.

    Settings that vary within groups are named of single runs alone, and only where two have all others in common."""
    specs = [load_spec(side.runs[0].spec, side.runs[0].id) for side in sides]
    without = NO_RESULT | ({"select_on"} if on == "best" else set())
    fields = differing(specs, without | VARIED)
    if all(len(side.runs) == 1 for side in sides) and len({_values(spec, fields) for spec in specs}) < len(
        specs
    ):
        fields = differing(specs, without)
    apart = [field for field in fields if field not in NAMED_FIRST]
    return [
        About(
            recipe=recipe_name(spec, apart),
            network=arch_shown(spec.arch),
            weights=weights_from(spec),
            settings={field: setting(spec, field) for field in apart},
            not_done={str(run_id): status for run_id, status in side.not_done.items()},
        )
        for side, spec in zip(sides, specs, strict=True)
    ]


def _judged(session: Session, runs: Sequence[Run]) -> dict[str, Any]:
    """Return the baselines of runs, and the error or warning that is gravest, of equals the one that most have."""
    found: dict[tuple[str, str], list[int]] = {}
    for run in runs:
        for each in read_findings(session, run) or ():
            if each.severity in GRAVE:
                found.setdefault((each.severity, each.headline), []).append(run.id or 0)
    baselines = {str(run.id): run.baseline for run in runs if run.baseline is not None}
    if not found:
        return {"baselines": baselines}
    severity, headline = min(found, key=lambda each: (GRAVE.index(each[0]), -len(found[each])))
    of = tuple(dict.fromkeys(found[severity, headline]))
    return {
        "baselines": baselines,
        "finding": headline,
        "finding_severity": severity,
        "finding_runs": of,
    }


def _values(spec: RunSpec, fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(setting(spec, field) for field in fields)


def _epoch_chosen(runs: Sequence["Compared"], on: Moment) -> str:
    """Say how the epoch of each run was chosen, and of which runs `select_on` could choose none."""
    spec = runs[0].spec
    if not spec.epochs:
        return "none, evaluated as it came"
    if on == "last":
        return "the last"
    others = [run for run in runs if run.epoch is not None and run.chosen_by != spec.select_on]
    if not others:
        return f"by {spec.select_on}"
    why = f"by {others[0].chosen_by}, for {spec.select_on} is undefined in every epoch"
    if len(others) == len(runs):
        return why
    return f"by {spec.select_on}; of {', '.join(f'#{run.id}' for run in others)} {why}"


def _named(session: Session, name: str) -> list[Named]:
    """Return the sides that a name stands for."""
    number = name.strip().removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 10:
        run = listing.get_run(session, int(number))
        return [_alone(run)]
    if name.startswith(GROUP):
        of = name.removeprefix(GROUP).removeprefix("#")
        if not (of.isascii() and of.isdecimal() and len(of) < 10):
            raise CompareError(f"{name}: name a group by one of its runs, as in group:12")
        run = listing.get_run(session, int(of))
        return [_side_of(session, run, group_of_run(session, int(of)))]
    return _of_sweep(session, name.removeprefix(SWEEP))


def _is_sweep(name: str) -> bool:
    return not name.startswith(GROUP) and not name.strip().removeprefix("#").isdecimal()


def _not_measured(session: Session, sweeps: Sequence[str], sides: Sequence[Named]) -> dict[str, str]:
    """Return the status of the sweeps' runs that have measured nothing and that no side names, by number."""
    named = {run.id for side in sides for run in side.runs} | {run for side in sides for run in side.not_done}
    runs = [run for sweep in sweeps for run in listing.list_runs(session, sweep=sweep.removeprefix(SWEEP))]
    return {str(run.id): run.status for run in runs if run.id not in named and not _is_measured(run)}


def _is_measured(run: Run) -> bool:
    return bool(run.epoch or not run.epochs)


def _of_sweep(session: Session, sweep: str) -> list[Named]:
    runs = listing.list_runs(session, sweep=sweep)
    if not runs or not sweep:
        raise CompareError(
            f"{sweep!r} is neither a run nor a sweep: give a run (12), a group (group:12) or a sweep's name; "
            "resnet-tui ls shows them"
        )
    measured = [run for run in runs if _is_measured(run)]
    if not measured:
        raise CompareError(_none_of_sweep(sweep, runs))
    groups = read_groups(session, [run.id or 0 for run in measured])
    group_of = {run_id: group for group in groups for run_id in group.run_ids}
    sides: dict[str, Named] = {}
    for run in measured:
        side = _side_of(session, run, group_of.get(run.id or 0))
        sides.setdefault(side.name, side)
    return list(sides.values())


def _none_of_sweep(sweep: str, runs: Sequence[Run]) -> str:
    """Say that no run of a sweep can be compared yet, and what to do about it."""
    statuses = by_status({str(run.id): run.status for run in runs})
    way = "wait for its first epochs"
    if all(run.status in ENDED for run in runs):
        way = "retry its runs, or name others"
    elif not any(run.status == "running" for run in runs):
        way = "start a worker with resnet-tui worker, or resume what is paused"
    return f"no run of sweep {sweep} has measured an epoch yet ({statuses}): {way}"


def _side_of(session: Session, run: Run, group: Group | None) -> Named:
    """Return the runs that a summary of the run's group counts; where there are none, or no group, the run itself."""
    if group is None:
        return _alone(run)
    not_done = {each.run_id: each.status for each in group.not_done}
    if not group.counted:
        return _alone(run)._replace(not_done=not_done)
    members = tuple(listing.get_run(session, each.run_id) for each in group.counted)
    name = side_name([each.run_id for each in group.counted])
    return Named(name, members, not_done, tuple(group.left_out()))


def _alone(run: Run) -> Named:
    return Named(f"#{run.id}", (run,), {} if run.status == "done" else {run.id or 0: run.status})


@dataclass(frozen=True)
class Compared:
    """Run that is compared."""

    id: int
    spec: RunSpec
    class_names: tuple[str, ...]
    epoch: int | None
    """Epoch whose predictions are compared; None where none is measured yet."""
    accuracy: float | None
    """Test accuracy that was measured in it."""
    chosen_by: str
    """Metric that chose the epoch; empty for the last epoch."""
    status: str
    kappa: float | None = None
    """Quadratic kappa that was measured in the epoch; None where classes have no order."""


def _compared(session: Session, run: Run, on: Moment) -> Compared:
    epoch, chosen_by = best_epoch_of(session, run) if on == "best" else (run.epoch, "")
    measured = epoch if _is_measured(run) else None
    accuracy, kappa = test_accuracy_of(session, run, measured), kappa_of(session, run, measured)
    names = tuple(run.class_names)
    spec = load_spec(run.spec, run.id)
    return Compared(run.id or 0, spec, names, measured, accuracy, chosen_by, run.status, kappa)


def read_side(home: Home, reader: GroupReader, name: str, runs: Sequence[Compared]) -> Side:
    """Read one side's predictions; where they are missing, the side says why it cannot be compared."""
    spec = runs[0].spec
    try:
        read = tuple(_predictions(home, run) for run in runs)
    except NoPredictions as missing:
        return Side(name, (), problem=str(missing))
    side = Side(name, read, group_column=spec.group_column)
    if len({run.class_names for run in runs}) > 1:
        return replace(side, problem="its runs have different classes")
    if _labels_differ(read):
        return replace(side, problem="its runs have different labels for the same images: the data changed")
    try:
        groups = reader.groups_of(spec, list(dict.fromkeys(name for run in read for name in run.names)))
    except DataError as error:
        problem = f"the groups of the images cannot be read, and are needed to compare: {error}"
        return replace(side, problem=problem)
    return replace(side, groups=groups.of, rule=groups.rule)


def _labels_differ(runs: Sequence[RunPredictions]) -> bool:
    """Tell whether two runs have an image with different labels: older versions noted no fingerprint of the data."""
    pairs = {pair for run in runs for pair in zip(run.names, run.labels.tolist(), strict=True)}
    return len(pairs) > len({name for name, _ in pairs})


def _predictions(home: Home, run: Compared) -> RunPredictions:
    """Read a run's predictions at its epoch. Raises NoPredictions."""
    spec, epoch = run.spec, run.epoch
    if epoch is None:
        raise NoPredictions(f"#{run.id} {none_measured(run.status)}")
    found = read_predictions(home.run(run.id), run.class_names)
    if problem := found.problem(epoch, run.accuracy):
        raise NoPredictions(f"#{run.id}: {problem}")
    trained = [each for each in found.epochs if (each or not spec.epochs) and found.is_known(each)]
    return RunPredictions(
        run_id=run.id,
        epoch=epoch,
        names=found.names,
        labels=found.labels,
        by_epoch=found.answers[trained].astype(np.int64),
        answers=found.answers[epoch].astype(np.int64),
        select_on=run.chosen_by,
        chosen_on_test=bool(run.chosen_by) and is_optimistic(run.chosen_by, spec.epochs),
        test_over_train=spec.test_over_train,
        kappa=run.kappa,
    )
