"""The results on one data set: its table, what the numbers say of each run, curves and matrices."""

from collections.abc import Sequence

from engine.analysis.gallery import Gallery, add_accuracy, add_matrices
from engine.analysis.interval import wilson_interval
from engine.analysis.study import StudyRun
from engine.analysis.wording import (
    DRAWN_DATA,
    UNDEFINED,
    decimal,
    judged,
    markdown,
    percent,
    points,
    progress,
    table,
    title_of,
    verdict_shown,
    weights_in_full,
)

HEADER = [
    "run",
    "arch",
    "weights from",
    "epochs",
    "highest test accuracy, % @ epoch (epoch chosen on the test set)",
    "95 % interval",
    "last epoch, %",
    "baseline, %",
    "above baseline, points",
    "balanced accuracy, %",
    "kappa",
    "verdict",
]
NUMBERS = frozenset(range(4, len(HEADER) - 1))
"""The columns past the words and before the verdict."""
CAVEATS = dict.fromkeys(
    DRAWN_DATA,
    "The images are drawn by the program, not photographed: these results prove nothing about patients.",
) | {
    "digits": "Scanned handwritten digits that ship with scikit-learn, 8×8 pixels enlarged; they are split "
    "at random, so the same writers are trained on and tested."
}


def data_section(runs: Sequence[StudyRun], slug: str, number: int, gallery: Gallery) -> list[str]:
    """The section's paragraphs; `number` is its table's, `slug` goes into the names of its pictures."""
    data = runs[0].spec.data
    return [
        f"### On {markdown(data)}",
        " ".join(part for part in (CAVEATS.get(data, ""), _test_images(runs)) if part),
        f"**Table {number}.** Results on {markdown(data)}.",
        table(HEADER, [_row(run) for run in runs], right=NUMBERS),
        *_leaks(runs),
        *_selected_otherwise(runs),
        *_verdicts(runs),
        *add_accuracy(runs, slug, gallery),
        *add_matrices(runs, slug, gallery),
    ]


def _row(run: StudyRun) -> list[str]:
    highest, last = run.highest, run.last
    assert highest is not None and last is not None
    return [
        f"#{run.id}",
        run.spec.arch,
        markdown(weights_in_full(run)),
        progress(run),
        f"{percent(highest.test_acc)} @ {highest.epoch}",
        _interval(run),
        percent(last.test_acc),
        percent(run.baseline),
        points(highest.test_acc, run.baseline),
        percent(highest.balanced_acc),
        decimal(highest.kappa),
        markdown(verdict_shown(run) + ("" if run.done or run.status == "failed" else " so far")),
    ]


def _interval(run: StudyRun) -> str:
    n = sum(run.test_images or ())
    if not n or run.highest is None or run.highest.test_acc is None:
        return UNDEFINED
    low, high = wilson_interval(run.highest.test_acc, n)
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _test_images(runs: Sequence[StudyRun]) -> str:
    """How many images of which class the runs were tested on, and whether all on equally many."""
    known = [run for run in runs if run.test_images is not None]
    if not known:
        return ""
    first = known[0]
    each = ", ".join(
        f"{markdown(name)} {count}"
        for name, count in zip(first.classes, first.test_images or (), strict=True)
    )
    text = f"Test images: {sum(first.test_images or ()):,} ({each})."
    others = [f"#{run.id}" for run in known if run.test_images != first.test_images]
    if others:
        text += f" That is for #{first.id}. Tested on other images, and not comparable: {', '.join(others)}."
    return text


def _selected_otherwise(runs: Sequence[StudyRun]) -> list[str]:
    return [
        f"#{run.id} keeps the weights of epoch {run.kept.epoch}, chosen by `{run.spec.select_on}`: "
        f"test accuracy {percent(run.kept.test_acc)} %, "
        f"balanced accuracy {percent(run.kept.balanced_acc)} %, kappa {decimal(run.kept.kappa)}."
        for run in runs
        if run.kept is not None and run.spec.select_on != "test_acc"
    ]


def _leaks(runs: Sequence[StudyRun]) -> list[str]:
    """A sentence for each warm start from weights that know these test images."""
    return [
        f"**#{run.id} was tested on images that its first weights know**: {run.leak['images']:,} val and test "
        f"images and {run.leak['groups']:,} groups had been trained on by "
        f"{', '.join(f'#{source}' for source in run.leak['from'])}; they touch {run.leak['test_images']:,} of "
        "its test images. Its accuracy says little about new images."
        for run in runs
        if run.leak and (run.leak["images"] or run.leak["groups"])
    ]


def _verdicts(runs: Sequence[StudyRun]) -> list[str]:
    """A sentence for each run that is not healthy, the collapsed ones first."""
    judged_runs = [run for run in runs if run.verdict and run.status != "failed"]
    troubled = [run for run in judged_runs if run.verdict != "healthy"]
    troubled.sort(key=lambda run: run.verdict != "collapsed")
    lines = [
        f"- **{markdown(title_of(run))}** is judged {run.verdict}: {markdown(judged(run), 1000)}"
        for run in troubled
    ]
    none_collapsed = judged_runs and all(run.verdict != "collapsed" for run in judged_runs)
    return [text for text in ("No run collapsed." if none_collapsed else "", "\n".join(lines)) if text]
