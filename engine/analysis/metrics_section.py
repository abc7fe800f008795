"""All metrics of the best epochs on one data set: a table with a column for each run, and one by class."""

from collections.abc import Callable, Sequence

from engine.analysis.gallery import Gallery
from engine.analysis.interval import wilson_interval
from engine.analysis.markdown import UNDEFINED, decimal, markdown, percent, table
from engine.analysis.ranking import REFERABLE_GRADE
from engine.analysis.study import Measured, StudyRun

RUNS_A_TABLE = 6
MOST_CLASSES = 12
"""With more, the table by class would be wider than a page."""
NOTE = "at the best epoch; in parentheses the 95 % interval and the images behind it."
CLASS_NOTE = "Precision / recall / F1 of each class at the best epoch."
Cell = Callable[[StudyRun, Measured], str]


def metrics_section(runs: Sequence[StudyRun], gallery: Gallery) -> list[str]:
    """The paragraphs; nothing where no run has more than the results' table shows."""
    texts: list[str] = []
    for start in range(0, len(runs), RUNS_A_TABLE):
        some = runs[start : start + RUNS_A_TABLE]
        rows = [row for row in (_row(name, cell, some) for name, cell in ROWS) if row]
        if rows:
            head = ["metric", *(f"#{run.id}" for run in some)]
            text = table(head, rows, right=frozenset(range(1, len(head))))
            texts += gallery.table(f"All metrics of {_names(some)} {NOTE}", text)
    return texts + _by_class(runs, gallery)


def _row(name: str, cell: Cell, runs: Sequence[StudyRun]) -> list[str]:
    """Empty where no run has the metric."""
    cells = [cell(run, run.best) if run.best is not None else UNDEFINED for run in runs]
    return [name, *cells] if any(text != UNDEFINED for text in cells) else []


def _names(runs: Sequence[StudyRun]) -> str:
    return ", ".join(f"#{run.id}" for run in runs)


def _share(value: float | None, n: int | None) -> str:
    """`81.33 (76.5 to 85.3; n 300)`."""
    if value is None:
        return UNDEFINED
    if not n:
        return percent(value)
    low, high = wilson_interval(value, n)
    return f"{percent(value)} ({100 * low:.1f} to {100 * high:.1f}; n {n:,})"


def _images(run: StudyRun) -> int:
    """Tested; 0 where that is not known."""
    return sum(run.test_images or ())


def _referable(run: StudyRun) -> int:
    return sum((run.test_images or ())[REFERABLE_GRADE:])


def _others(run: StudyRun) -> int:
    return _images(run) - _referable(run)


def _last(run: StudyRun) -> Measured | None:
    return run.epochs[-1] if run.epochs else None


def _trained(run: StudyRun, best: Measured) -> str:
    last = _last(run)
    if last is None or last.eval_train_acc is None:
        return UNDEFINED
    return f"{percent(last.eval_train_acc)} @ {last.epoch}"


ROWS: tuple[tuple[str, Cell], ...] = (
    ("accuracy, %", lambda run, best: _share(best.test_acc, _images(run))),
    ("… a group member in train, %", lambda run, best: _share(best.test_acc_seen_group, best.images_seen_group)),
    ("… no group member in train, %", lambda run, best: _share(best.test_acc_unseen_group, best.images_unseen_group)),
    ("macro F1", lambda run, best: decimal(best.macro_f1)),
    ("referable: AUC", lambda run, best: decimal(best.auc_referable)),
    ("… sensitivity as answered, %", lambda run, best: _share(best.sensitivity_referable, _referable(run))),
    ("… specificity as answered, %", lambda run, best: _share(best.specificity_referable, _others(run))),
    ("… sensitivity at specificity ≥ 93 %, %",
     lambda run, best: _share(best.sensitivity_referable_at_93, _referable(run))),
    ("… sensitivity at specificity ≥ 98 %, %",
     lambda run, best: _share(best.sensitivity_referable_at_98, _referable(run))),
    ("calibration error", lambda run, best: decimal(best.ece)),
    ("negative log-likelihood, unweighted", lambda run, best: decimal(best.test_nll)),
    ("the run's own loss on test", lambda run, best: decimal(best.test_loss)),
    ("val accuracy, %", lambda run, best: percent(best.val_acc)),
    ("val kappa", lambda run, best: decimal(best.val_kappa)),
    ("accuracy while training, %", lambda run, best: percent(best.train_acc)),
    ("… on the train images afterwards, % @ last epoch", _trained),
)  # fmt: skip


def _by_class(runs: Sequence[StudyRun], gallery: Gallery) -> list[str]:
    known = [run for run in runs if run.best is not None and run.best.precision]
    groups: dict[tuple[str, ...], list[StudyRun]] = {}
    for run in known:
        groups.setdefault(run.classes, []).append(run)
    texts: list[str] = []
    for classes, some in groups.items():
        if len(classes) <= MOST_CLASSES:
            head = ["run", *map(markdown, classes)]
            rows = [[f"#{run.id}", *_triples(run.best)] for run in some if run.best is not None]
            text = table(head, rows, right=frozenset(range(1, len(head))))
            texts += gallery.table(CLASS_NOTE, text)
    return texts


def _triples(best: Measured) -> list[str]:
    return [
        " / ".join(UNDEFINED if value is None else f"{value:.2f}" for value in triple)
        for triple in zip(best.precision, best.recall, best.f1, strict=True)
    ]
