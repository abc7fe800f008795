"""Numbered pictures of a report, and the Markdown that shows them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.analysis import figures, matrix_figure
from engine.analysis.markdown import markdown, slug, unique
from engine.analysis.study import StudyRun
from engine.spec.archs import ARCH_INFOS
from engine.spec.plugin_name import arch_shown

ACCURACY_NOTE = (
    "Train accuracy is a running average over the epoch's batches, while the network changes; val and test accuracy "
    "are measured after each epoch. All figures of one data set have the same vertical axis."
)
MATRIX_NOTE = (
    "Rows are true classes, columns predicted classes, at the epoch given in the results table; one colour scale "
    "from 0 to 1. The number below each share is the count of images."
)


@dataclass
class Gallery:
    """PNGs by file name, in the order in which the report shows them, and the count of numbered tables."""

    files: dict[str, bytes] = field(default_factory=dict)
    tables: int = 0
    """Tables numbered so far."""

    def table(self, caption: str, text: str) -> list[str]:
        """Number a table; returns its paragraphs. `caption` and `text` are Markdown."""
        self.tables += 1
        return [f"**Table {self.tables}.** {caption}", text]

    def add(self, name: str, picture: bytes, caption: str, note: str) -> list[str]:
        """Keep a picture; returns its paragraphs. `caption` is Markdown."""
        self.files[name] = picture
        return [f"![{caption}]({name})", f"**Figure {len(self.files)}.** {caption}. {note}"]


def add_accuracy(runs: Sequence[StudyRun], data_slug: str, gallery: Gallery) -> list[str]:
    """Add a figure for each arch among runs on one data set, or several for an arch of many runs."""
    axis = figures.shared_range(runs)
    archs = sorted({run.spec.arch for run in runs}, key=_place)
    names: list[str] = []
    texts: list[str] = []
    for arch in archs:
        mine = [run for run in runs if run.spec.arch == arch]
        splits = "Train, val and test" if any(figures.has_val(run) for run in mine) else "Train and test"
        caption = f"{splits} accuracy of {markdown(arch_shown(arch))} on {markdown(runs[0].data)} per epoch"
        names.append(unique(arch if arch in ARCH_INFOS else slug(arch_shown(arch)), names))
        for suffix, some in parts(mine, figures.RUNS_A_FIGURE):
            picture = figures.draw_accuracy(some, axis)
            texts += gallery.add(
                f"accuracy-{data_slug}-{names[-1]}{suffix}.png", picture, caption, ACCURACY_NOTE
            )
    return texts


def _place(arch: str) -> tuple[int, str]:
    """Sort built-in architectures in the registry's order, then plug-ins by name."""
    return list(ARCH_INFOS).index(arch) if arch in ARCH_INFOS else len(ARCH_INFOS), arch


def add_matrices(runs: Sequence[StudyRun], data_slug: str, gallery: Gallery) -> list[str]:
    """Add the confusion matrices of runs on one data set, in one figure unless they are many."""
    caption = f"Confusion matrices on {markdown(runs[0].data)}, each row over its sum"
    texts: list[str] = []
    known = [run for run in runs if run.matrix]
    for suffix, some in parts(known, matrix_figure.runs_a_figure(known)):
        picture = matrix_figure.draw_matrices(some)
        texts += gallery.add(f"confusion-{data_slug}{suffix}.png", picture, caption, MATRIX_NOTE)
    return texts


def parts(runs: Sequence[StudyRun], size: int) -> list[tuple[str, Sequence[StudyRun]]]:
    """Split runs into parts of at most `size`, each with the suffix of its figure's name: none, then -2, -3."""
    starts = range(0, len(runs), size)
    return [
        (f"-{part}" if part > 1 else "", runs[start : start + size])
        for part, start in enumerate(starts, start=1)
    ]
