"""Report of a study: `report.md` and pictures, with the limits of what the numbers show."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.analysis.arch_table import ArchTable, table_1
from engine.analysis.data_section import data_section
from engine.analysis.gallery import Gallery
from engine.analysis.markdown import markdown, slug, table, unique, weights_in_full, why_unfinished
from engine.analysis.settings_section import settings_section
from engine.analysis.study import ReportError, Study, StudyRun, by_data
from engine.files.paths import SHARED, write_atomic
from engine.spec.plugin_name import arch_shown

TABLES_BEFORE = 3
"""Tables before the results: architectures, shared settings, settings that differ."""
HOW_TO_READ = """\
- **Best epoch**: chosen by the run's `select_on`. Where that is a metric of the test set (epoch chosen on the test \
set), the same images choose the epoch and measure it, so its numbers are optimistic. The accuracy of the last epoch \
does not have this bias, unless `patience` ended the run by such a metric.
- **95 % interval**: Wilson's interval for a share of that many images. It covers the sampling of the test images, \
taken as independent. It does not cover the choice of the epoch or the variance between seeds: each row is one run.
- **Baseline**: accuracy of the always-one-class predictor, which predicts the most frequent class of the test images. \
Differences from it are in percentage points.
- **Balanced accuracy** is the mean of the recalls of all classes. **Kappa** is the quadratic weighted kappa, which \
treats the classes as ordered grades: 0 is chance, 1 is perfect. It means little where classes have no order. \
Both are of the best epoch.
- **AUC** is the probability that an image of a class gets a higher score for that class than an image of another, \
averaged over the classes. **Matthews correlation** and **Cohen's kappa, unweighted** measure agreement beyond chance \
for classes without order: 0 is chance, 1 is perfect.
- **Referable** means the third class or a worse one, where classes are ordered grades (grade 2 or more of 0 to 4): \
ranked by their probability, or by the predicted \
grade where the network has a single output. **Calibration error**: mean gap between confidence and accuracy over 15 \
bins of equal width.
- **Train accuracy (running average)** is measured on the epoch's augmented batches while the network changes; it may \
be below the test accuracy. **Train accuracy (evaluated)** is that of the finished network on the train images, in \
evaluation mode and without augmentation.
- **Finding** is the gravest of what is found of a run, judged from the network's predictions, not from accuracy \
alone; all stand below the table with their evidence. *Collapsed* means that nearly all test images got the same \
prediction; *overfitting*, that the test loss rises while the training loss still falls, or that the training images \
are known by heart; *worse than best epoch*, that the last epoch predicts significantly fewer of the same test images \
correctly; *no problems found* says that no rule applies, and no more.
- `–` marks a value that is undefined or was not measured."""


def write_report(study: Study, out: Path, *, architectures: Sequence[ArchTable]) -> list[Path]:
    """Write `report.md` and its pictures into a folder, created where it is missing; returns the files written.

    All pictures are drawn before the first file is written, and each file is whole or absent. Raises ReportError
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
        raise ReportError(f"{out}: {error.strerror}: choose another folder") from error


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
        slugs.append(unique(slug(data), slugs))
        parts += data_section(runs, slugs[-1], gallery)
    parts += _unfinished([run for run in study.runs if not (run.done and run.best)])
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary(study: Study) -> str:
    counts = Counter(run.status for run in study.runs)
    states = ", ".join(f"{count} {status}" for status, count in counts.items())
    plural = "run" if len(study.runs) == 1 else "runs"
    text = f"{len(study.runs)} {plural}: {states}."
    if len(by_data(study.measured)) > 1:
        text += " Results on different data sets cannot be compared; each set has its own section."
    return text


def _unfinished(runs: Sequence[StudyRun]) -> list[str]:
    if not runs:
        return []
    rows = [
        [
            f"#{run.id}",
            markdown(run.name),
            markdown(run.data),
            markdown(arch_shown(run.spec.arch)),
            markdown(weights_in_full(run)),
            markdown(why_unfinished(run), 400),
        ]
        for run in runs
    ]
    return [
        "## Runs without a final result",
        table(["run", "name", "data", "arch", "weights from", "why"], rows),
    ]
