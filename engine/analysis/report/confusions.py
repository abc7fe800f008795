"""Classes that a run predicts worst, and the classes that it takes for each other."""

from engine.analysis.markdown import percent
from engine.analysis.study import StudyRun

MOST_CLASSES = 2
MOST_PAIRS = 3


def confusions(run: StudyRun) -> str:
    """Name the classes of lowest recall and the most frequent confusions of a run's best epoch; empty where its
    confusion matrix is not known or nothing is wrong."""
    if run.matrix is None or not _wrong(run):
        return ""
    names, rows = run.classes, run.matrix
    recalls = sorted(
        (row[place] / sum(row), place) for place, row in enumerate(rows) if sum(row) and row[place] < sum(row)
    )
    worst = [
        f"{names[place]} ({percent(recall)} % of {sum(rows[place]):,})"
        for recall, place in recalls[:MOST_CLASSES]
    ]
    pairs = sorted(
        (-count, label, predicted)
        for label, row in enumerate(rows)
        for predicted, count in enumerate(row)
        if label != predicted and count
    )
    total = _wrong(run)
    taken = [
        f"{names[label]} taken for {names[predicted]} ({-count:,}, {percent(-count / total)} % of the errors)"
        for count, label, predicted in pairs[:MOST_PAIRS]
    ]
    return f"Its lowest recall is that of {', then '.join(worst)}; its most frequent confusions: {'; '.join(taken)}."


def _wrong(run: StudyRun) -> int:
    """Count the test images that are predicted wrongly."""
    return sum(
        count
        for label, row in enumerate(run.matrix or ())
        for predicted, count in enumerate(row)
        if label != predicted
    )
