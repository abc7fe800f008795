"""A study as `report.md` and pictures: numbers as the store has them, and what they do and do not show."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.analysis.arch_table import ArchTable, table_1
from engine.analysis.data_section import data_section
from engine.analysis.gallery import Gallery
from engine.analysis.markdown import markdown, slug, table, weights_in_full, why_unfinished
from engine.analysis.settings_section import settings_section
from engine.analysis.study import ReportError, Study, StudyRun, by_data
from engine.files.paths import SHARED, write_atomic

TABLES_BEFORE = 3
"""Architectures, shared settings, what differs."""
HOW_TO_READ = """\
- **Best epoch**: the one that the run's `select_on` chose. Where that was a metric of the test set (epoch chosen \
on the test set), the test images served twice, to choose the epoch and to measure it, so its numbers are \
optimistic; the accuracy of the last epoch stands beside it, which nobody chose unless `patience` ended the run \
by such a metric.
- **95 % interval** is Wilson's for a share of that many images. It covers the chance in which images happened to \
be tested, taken as independent of each other; not the choice of the epoch, nor what another seed would give: \
each row is one run.
- **Baseline** is the accuracy of always answering the most frequent class of the test images; differences \
from it are in percentage points.
- **Balanced accuracy** is the mean of the classes' recalls. **Kappa** is the quadratic weighted one, which \
takes the classes as ordered grades: 0 is chance, 1 is perfect; where classes have no order it means little. \
Both belong to the best epoch.
- **Referable** means grade 2 or more, where classes are ordered grades: ranked by the sum of p(grade ≥ 2), or by the \
grade where the network gives that. **Calibration error**: mean gap between confidence and accuracy over 15 bins of \
equal width.
- **Accuracy while training** is measured on the epoch's own batches, augmented, by the network as it changes; it \
may lie below the test accuracy. **On the train images afterwards** is the finished network's, in evaluation mode.
- **Verdict** is judged from the network's answers, not from accuracy alone: *collapsed* means that nearly \
all test images got the same answer; *overfitting*, that the test loss rises while the training images are still \
learnt; *underfitting*, that the answers tell nothing of the labels, or that the run ended while it still learnt.
- `–` stands for what is undefined or was not measured."""


def write_report(study: Study, out: Path, *, architectures: Sequence[ArchTable]) -> list[Path]:
    """Write `report.md` and its pictures into a folder, made where it is missing; gives the files written.

    Everything is drawn before the first file is written, and each file is whole or absent. Raises ReportError
    where the folder cannot be written."""
    with _explained(out):
        out.mkdir(parents=True, exist_ok=True)
    gallery = Gallery(tables=TABLES_BEFORE)
    text = _document(study, architectures, gallery)
    files = {**gallery.files, "report.md": text.encode()}
    with _explained(out):
        for name, content in files.items():
            write_atomic(out / name, content, mode=SHARED)
    return [out / name for name in files]


@contextlib.contextmanager
def _explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReportError(f"{out}: {error.strerror}: give another folder with --out") from error


def _document(study: Study, architectures: Sequence[ArchTable], gallery: Gallery) -> str:
    parts = [
        f"# Report: sweep {markdown(study.sweep)}" if study.sweep else "# Report",
        _summary(study),
        "## Architectures",
        "**Table 1.** The networks used.",
        table_1(study, architectures),
        "## Settings",
        settings_section(study),
        "## Results",
        HOW_TO_READ,
    ]
    slugs: list[str] = []
    for data, runs in by_data(study.measured).items():
        slugs.append(_unique(slug(data), slugs))
        parts += data_section(runs, slugs[-1], gallery)
    parts += _unfinished([run for run in study.runs if not (run.done and run.best)])
    return "\n\n".join(part for part in parts if part) + "\n"


def _unique(name: str, taken: Sequence[str]) -> str:
    candidates = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
    return next(each for each in candidates if each not in taken)


def _summary(study: Study) -> str:
    counts = Counter(run.status for run in study.runs)
    states = ", ".join(f"{count} {status}" for status, count in counts.items())
    plural = "run" if len(study.runs) == 1 else "runs"
    text = f"{len(study.runs)} {plural}: {states}."
    if len(by_data(study.measured)) > 1:
        text += " Results on different data stand in sections of their own: they cannot be compared."
    return text


def _unfinished(runs: Sequence[StudyRun]) -> list[str]:
    if not runs:
        return []
    rows = [
        [
            f"#{run.id}",
            markdown(run.name),
            markdown(run.data),
            run.spec.arch,
            markdown(weights_in_full(run)),
            markdown(why_unfinished(run), 400),
        ]
        for run in runs
    ]
    return [
        "## Runs without a final result",
        table(["run", "name", "data", "arch", "weights from", "why"], rows),
    ]
