"""Section of the report on one data set: results table, verdicts, curves and confusion matrices."""

from collections.abc import Sequence

from engine.analysis.finding import SEVERITIES
from engine.analysis.gallery import Gallery, add_accuracy, add_matrices
from engine.analysis.interval import wilson_interval
from engine.analysis.markdown import (
    SYNTHETIC_DATA,
    UNDEFINED,
    decimal,
    finding_said,
    headline_shown,
    markdown,
    percent,
    points,
    progress,
    table,
    title_of,
    weights_in_full,
    with_details,
)
from engine.analysis.metrics_section import metrics_section
from engine.analysis.score_gallery import add_scores
from engine.analysis.study import StudyRun
from engine.metrics.selection import is_optimistic
from engine.spec.plugin_name import arch_shown

BY_TEST = "highest test accuracy, % @ epoch (epoch chosen on the test set)"
BY_SEVERAL = "test accuracy at the best epoch, % @ epoch"
HEADER = [
    "run",
    "arch",
    "weights from",
    "epochs",
    BY_TEST,
    "chosen by",
    "95 % interval",
    "last epoch, %",
    "baseline, %",
    "above baseline, points",
    "balanced accuracy, %",
    "kappa",
    "finding",
]
WORDS = ("run", "arch", "weights from", "epochs", "chosen by", "finding")
CAVEATS = dict.fromkeys(
    SYNTHETIC_DATA,
    "The images are synthetic, drawn by the program: these results prove nothing about patients.",
) | {
    "digits": "Scanned handwritten digits that ship with scikit-learn, 8×8 pixels enlarged; they are split "
    "at random, so the same writers are trained on and tested."
}


def data_section(runs: Sequence[StudyRun], slug: str, gallery: Gallery) -> list[str]:
    """Write the section's paragraphs; `slug` becomes part of the names of its pictures."""
    data, path = runs[0].data, runs[0].spec.data
    stands_for = "" if data == path else f"{markdown(data)} stands for {markdown(path)}."
    about = (stands_for, CAVEATS.get(path, ""), _test_images(runs), _order(runs), _shared_groups(runs))
    return [
        f"### On {markdown(data)}",
        " ".join(filter(None, about)),
        *gallery.table(f"Results on {markdown(data)}.", _results(runs)),
        *leaks(runs),
        *_what_chose(runs),
        *_findings(runs),
        *metrics_section(runs, gallery),
        *add_accuracy(runs, slug, gallery),
        *add_matrices(runs, slug, gallery),
        *add_scores(runs, slug, gallery),
    ]


def _results(runs: Sequence[StudyRun]) -> str:
    """Write the results table. The heading says so where the test accuracy chose every run's epoch; else each row
    names the metric."""
    by_test = all(run.chosen_by == "test_acc" for run in runs)
    header = [BY_SEVERAL if name == BY_TEST and not by_test else name for name in HEADER]
    shown = [column for column, name in enumerate(header) if not (by_test and name == "chosen by")]
    rows = [[_row(run)[column] for column in shown] for run in runs]
    head = [header[column] for column in shown]
    right = frozenset(place for place, name in enumerate(head) if name not in WORDS)
    return table(head, rows, right=right)


def _row(run: StudyRun) -> list[str]:
    best, last = run.best, run.last
    assert best is not None and last is not None
    return [
        f"#{run.id}",
        markdown(arch_shown(run.spec.arch)),
        markdown(with_details(weights_in_full(run), run)),
        progress(run),
        f"{percent(best.number('test_acc'))} @ {best.epoch}",
        f"`{run.chosen_by}`",
        _interval(run),
        percent(last.number("test_acc")),
        percent(run.baseline),
        points(best.number("test_acc"), run.baseline),
        percent(best.number("balanced_acc")),
        decimal(best.number("kappa")),
        markdown(headline_shown(run) + ("" if run.done or run.status == "failed" else " so far")),
    ]


def _interval(run: StudyRun) -> str:
    n = sum(run.test_images or ())
    share = run.best.number("test_acc") if run.best is not None else None
    if not n or share is None:
        return UNDEFINED
    low, high = wilson_interval(share, n)
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _test_images(runs: Sequence[StudyRun]) -> str:
    """Count the test images of each class, and name the runs that were tested on another set."""
    known = [run for run in runs if run.test_images is not None]
    if not known:
        return ""
    first = known[0]
    each = ", ".join(
        f"{markdown(name)} {count}"
        for name, count in zip(first.classes, first.test_images or (), strict=True)
    )
    text = f"Test images: {sum(first.test_images or ()):,} ({each})."
    others = [f"#{run.id}" for run in known if _test_set(run) != _test_set(first)]
    if others:
        text += f" That is for #{first.id}. Different test sets, not comparable with it: {', '.join(others)}."
    return text


def _order(runs: Sequence[StudyRun]) -> str:
    """Say whether the classes are in order, and why; of which runs where they differ. Nothing for older runs, which did
    not note it, and for two classes, which have no other order."""
    found: dict[str, list[str]] = {}
    for run in runs:
        if run.is_ordered is not None and run.ordered_why and len(run.class_names) > 2:
            answer = "in order" if run.is_ordered else "in no order"
            found.setdefault(f"{answer} ({markdown(run.ordered_why)})", []).append(f"#{run.id}")
    if len(found) == 1 and len(runs) == sum(map(len, found.values())):
        return f"The classes are {next(iter(found))}."
    return " ".join(f"The classes of {', '.join(ids)} are {text}." for text, ids in found.items())


def _test_set(run: StudyRun) -> tuple[object, ...]:
    """Return the values that identify a run's test images and their labels."""
    return run.test_images, run.environment.get("data_fingerprint"), run.spec.test_fraction


def _shared_groups(runs: Sequence[StudyRun]) -> str:
    """Count the test images that share a group with a train image; empty where none does."""
    counts = dict.fromkeys(run.best.number("images_seen_group") for run in runs if run.best)
    if not any(counts):
        return ""
    shared = " or ".join(f"{count:,}" for count in counts if count)
    return (
        f"Of the test images, {shared} share a group (such as a patient) with a train image: the table of all "
        "metrics gives their accuracy separately."
    )


def _what_chose(runs: Sequence[StudyRun]) -> list[str]:
    """Warn of best epochs chosen on test data, and give the highest test accuracy of the other runs."""
    texts = []
    optimistic = [f"#{run.id}" for run in runs if is_optimistic(run.chosen_by, run.spec.epochs)]
    has_val = any(run.best is not None and run.best.number("val_acc") is not None for run in runs)
    if optimistic:
        texts.append(
            f"The numbers of {', '.join(optimistic)} are optimistic: the best epoch was chosen on test data. Choose "
            f"it on a val split instead: `{'' if has_val else '--val-fraction 0.1 '}--select-on val_acc`."
        )
    texts += [
        f"The highest test accuracy of #{run.id} is {percent(run.highest.number('test_acc'))} % @ {run.highest.epoch} "
        "(epoch chosen on the test set)."
        for run in runs
        if run.highest is not None and run.highest != run.best
    ]
    return texts


def leaks(runs: Sequence[StudyRun]) -> list[str]:
    """Write a sentence for each warm start from weights that were trained on images or groups of its test set."""
    return [
        f"**#{run.id} starts from weights that were trained on its test images**: {run.leak['images']:,} val and test "
        f"images and {run.leak['groups']:,} groups were in the training data of "
        f"{', '.join(f'#{source}' for source in run.leak['from'])}; this affects {run.leak['test_images']:,} of "
        "its test images. Its accuracy says little about new images."
        for run in runs
        if run.leak and (run.leak["images"] or run.leak["groups"])
    ]


def _findings(runs: Sequence[StudyRun]) -> list[str]:
    """Write the findings of each run below its name, those with the gravest first; notes by their headlines only."""
    judged = [run for run in runs if run.findings is not None and run.status != "failed"]
    troubled = [run for run in judged if run.findings]
    troubled.sort(key=lambda run: SEVERITIES.index((run.findings or ())[0].severity))
    lines = []
    for run in troubled:
        found = run.findings or ()
        lines.append(f"- **{markdown(title_of(run))}**")
        lines += [
            f"  - {each.severity}, **{markdown(each.headline)}**: {markdown(finding_said(each), 1000)}"
            for each in found
        ]
    none_collapsed = judged and all(each.kind != "collapsed" for run in judged for each in run.findings or ())
    return [text for text in ("No run collapsed." if none_collapsed else "", "\n".join(lines)) if text]
