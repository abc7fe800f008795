"""Say whether the classes of runs are grades, trained ones too: their numbers follow without training again."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

from engine.analysis.evidence import evidence_of
from engine.analysis.findings.case import make_case
from engine.datasets.formats.labels.classes import rise
from engine.datasets.formats.labels.grades import is_scale
from engine.files.paths import Home
from engine.metrics.class_order import metrics_of_order, values_in_order
from engine.spec.grid import load_spec, make_spec
from engine.spec.run_spec import RunSpec
from engine.store import history, listing
from engine.store.database import Store
from engine.store.edit_journal import Editing, editing
from engine.store.edits.kept_results import Kept, read_kept
from engine.store.epoch_values import defined_numbers, values_of_row
from engine.store.errors import QueueError
from engine.store.history import Matrix
from engine.store.judgement import Judgement, judgement_of
from engine.store.measurement_tables import EpochMetrics
from engine.store.order_values import bring_back, set_aside
from engine.store.run_numbers import numbered
from engine.store.spec_columns import OF_SPEC, of_spec
from engine.store.tables import Run

COLUMNS = (
    *OF_SPEC, "is_ordered", "ordered_why", "best_kappa", "best_metrics", "last_metrics",
    *Judgement.__dataclass_fields__,
)  # fmt: skip


@dataclass
class Reordered:
    """Fate of a run's numbers."""

    run_id: int
    unknown: dict[str, list[int]] = field(default_factory=dict)
    """Labels of the metrics that cannot be computed from what was kept, with their epochs."""
    findings_stay: bool = False
    """True where the run could not be judged anew, as the data cannot be read as they were."""


def order_classes(store: Store, home: Home, run_ids: Collection[int], ordered: str) -> list[Reordered]:
    """Set `ordered` of runs that do not run, and compute the metrics that follow from what was kept of their epochs.

    Return what became of those whose epochs had been measured otherwise. Raises QueueError for a running run and for
    one whose classes have no order to be taken; SpecError where the run needs the order."""
    kept = read_kept(store, home, run_ids, scores=ordered == "on")
    found = []
    with editing(store, "edit", run_ids, COLUMNS) as edit:
        for run_id in edit.was:
            run = listing.get_run(edit.session, run_id)
            epochs = history.epochs_of(edit.session, run_id)
            spec = _checked(run, ordered, is_measured=bool(epochs))
            edit.write([run_id], **of_spec(spec))
            if epochs and run.is_ordered != (ordered == "on"):
                found.append(_follow(edit, run, spec, epochs, kept[run_id]))
        edit.text = f"edit {numbered(edit.was)}: ordered {ordered}"
    return found


def _checked(run: Run, ordered: str, *, is_measured: bool) -> RunSpec:
    """Return the run's spec with the setting. Raises QueueError, SpecError."""
    if run.status == "running":
        raise QueueError(f"run {run.id} is running: pause it first, or clone it")
    if is_measured and ordered == "auto":
        raise QueueError(
            f"run {run.id} has measured epochs: say whether its classes are in order with on or off"
        )
    spec = make_spec({**load_spec(run.spec).model_dump(), "ordered": ordered})
    if (
        is_measured
        and ordered == "on"
        and not (spec.class_list or rise(run.class_names) or is_scale(run.class_names))
    ):
        raise QueueError(
            f"the classes of run {run.id} are words, and nothing gives their order: clone it with class_names in order"
        )
    return spec


def _follow(edit: Editing, run: Run, spec: RunSpec, epochs: list[EpochMetrics], kept: Kept) -> Reordered:
    """Let the epochs' numbers, the best's, the last's and the findings follow the setting."""
    assert run.id is not None
    is_ordered = spec.ordered == "on"
    result = Reordered(run.id)
    matrices = history.confusions_of(edit.session, run.id)
    for row in epochs:
        if is_ordered:
            bring_back(row, _computed(row, matrices, kept))
        else:
            set_aside(row)
    if is_ordered:
        result.unknown = _unknown(epochs, matrices)
    by_epoch = {row.epoch: row for row in epochs}
    best, last = by_epoch.get(-1 if run.best_epoch is None else run.best_epoch), by_epoch.get(run.epoch)
    edit.write(
        [run.id],
        is_ordered=is_ordered,
        ordered_why=f"setting ordered is {spec.ordered}",
        best_kappa=best.kappa if best is not None else None,
        best_metrics=defined_numbers(best) if best is not None else None,
        last_metrics=defined_numbers(last) if last is not None else None,
    )
    if run.verdict not in (None, "diverged"):  # a run that diverged is not judged by its epochs
        result.findings_stay = not _judge_anew(edit, run, spec, epochs, matrices, kept)
    return result


def _computed(row: EpochMetrics, matrices: Mapping[int, Matrix], kept: Kept) -> Mapping[str, object]:
    matrix = matrices.get(row.epoch)
    if matrix is None:
        return {}
    scored = kept.scored.get(row.epoch)
    if scored is None:
        return values_in_order(matrix)
    return values_in_order(matrix, scored.labels, scored.scores)


def _unknown(epochs: list[EpochMetrics], matrices: Mapping[int, Matrix]) -> dict[str, list[int]]:
    """Return the metrics that a run measured in order would have and these epochs lack."""
    found: dict[str, list[int]] = {}
    for row in epochs:
        values = values_of_row(row)
        for each in metrics_of_order():
            measured = values.number(f"{each.split}_acc") is not None
            is_of_grades = each.metric.name != "kappa" and len(matrices.get(row.epoch, ())) < 3
            if measured and values.number(each.key) is None and not is_of_grades:
                found.setdefault(each.label.removeprefix("… "), []).append(row.epoch)
    return found


def _judge_anew(
    edit: Editing,
    run: Run,
    spec: RunSpec,
    epochs: list[EpochMetrics],
    matrices: Mapping[int, Matrix],
    kept: Kept,
) -> bool:
    """Judge the run by its numbers as they are now; return False where that is not known well enough."""
    if kept.train_counts is None or not matrices:
        return False
    labels = tuple(map(sum, next(iter(matrices.values()))))
    evidence = [evidence_of(values_of_row(row), baseline=run.baseline, labels=labels) for row in epochs]
    case = make_case(
        evidence,
        spec,
        kept.train_counts,
        ends_here=run.status == "done",
        predictions=kept.predictions,
        leak=run.leak,
        best_epoch=run.best_epoch,
        class_names=run.class_names,
    )
    if case is not None:
        edit.write([run.id or 0], **asdict(judgement_of(case)))
    return True
