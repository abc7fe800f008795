"""Rates of the findings over recorded runs: how often each is right when it is said, and how often it is missed."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.finding_rates.record import Record
from benchmarks.finding_rates.truths import Truth, truths_of
from engine.analysis.evidence import EpochEvidence, evidence_of
from engine.analysis.finding import Finding
from engine.analysis.findings.case import Predictions, make_case
from engine.analysis.findings.judging import judge
from engine.analysis.findings.kinds import FINDING_KINDS
from engine.analysis.interval import wilson_interval
from engine.metrics.metric import EpochValues
from engine.spec.grid import make_spec

TRUTH_OF = {
    "diverged": "diverged",
    "collapsed": "collapsed",
    "chance": "at_chance",
    "below_chance": "below_chance",
    "batchnorm_lag": "lag",
    "below_baseline": "below_baseline",
    "unstable": "unstable",
    "overfitting": "overfitting",
    "worse_than_best": "worse_than_best",
    "nll_risen": "nll_risen",
    "source_better": "source_better",
    "never_predicted": "never_predicted",
    "still_improving": "improving",
}
"""Truth that each kind of finding is held against. The others state facts of the run's own files."""
SAID_BY = {kind.kind: kind.said_by for kind in FINDING_KINDS}


def findings_of(record: Record) -> tuple[Finding, ...]:
    """Judge a run after its last epoch, from what the app would know of it."""
    labels = tuple(int((record.test_labels == label).sum()) for label in range(record.classes))
    baseline = max(labels) / sum(labels)
    history = [
        evidence_of(EpochValues(row["epoch"], _values(row)), baseline=baseline, labels=labels)
        for row in _with_train_images(record)
    ]
    if record.about["diverged_step"] is not None:
        history.append(EpochEvidence(len(history), math.nan, None, None, None, None, answers=(), labels=()))
    case = make_case(
        history,
        make_spec(record.about["spec"]),
        record.about["train_counts"],
        predictions=Predictions(record.arrays["predictions"].astype("uint16"), record.test_labels),
    )
    return judge(case) if case is not None else ()


def _with_train_images(record: Record) -> list[dict[str, Any]]:
    """Return the epochs; those of records made before every run evaluated train images after its last epoch with what
    the truths know of them, for these runs have fewer than are evaluated."""
    if not record.is_finite or record.epochs[-1].get("eval_train_acc") is not None:
        return record.epochs
    nll, accuracy = record.again[max(record.again)]
    return [*record.epochs[:-1], {**record.epochs[-1], "eval_train_acc": accuracy, "eval_train_nll": nll}]


def _values(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in row.items()
        if name != "epoch"
    }


@dataclass(frozen=True)
class Judged:
    """Recorded run, what is true of it, and what was said."""

    record: Record
    truths: dict[str, Truth]
    said: dict[str, Finding]

    def says(self, kind: str, *, notes: bool) -> bool:
        return kind in self.said and (notes or self.said[kind].severity != "note")

    def covers(self, kind: str) -> bool:
        """Tell whether a finding is said, or another that says it already."""
        return bool({kind, *SAID_BY[kind]} & set(self.said))


def judged(records: Iterator[Record]) -> list[Judged]:
    """Judge each run and tell its truths."""
    return [
        Judged(record, truths_of(record), {each.kind: each for each in findings_of(record)})
        for record in records
    ]


def table(runs: Sequence[Judged]) -> Iterator[str]:
    """Markdown: a row for each finding. Runs in the grey zone of a truth count neither way."""
    yield "| finding | said | right when said | grey | true in | missed |"
    yield "| --- | ---: | --- | ---: | ---: | --- |"
    for kind, truth in TRUTH_OF.items():
        notes = kind == "still_improving"
        said = [run.truths[truth] for run in runs if run.says(kind, notes=notes)]
        known = [each for each in said if each is not None]
        true = [run for run in runs if run.truths[truth]]
        missed = [not run.covers(kind) for run in true]
        yield (
            f"| `{kind}` | {len(said)} | {rate(known)} | {len(said) - len(known)} | {len(true)} | {rate(missed)} |"
        )
    own = [run for run in runs if run.truths["below_baseline_on_test"]]
    unsaid = sum(not run.covers("below_baseline") for run in own)
    yield ""
    yield f"Below the baseline on their own test images: {len(own)} runs, {unsaid} of them unsaid."


def mistakes(runs: Sequence[Judged]) -> Iterator[str]:
    """A line for each warning that is wrong and each true thing that is not said."""
    for kind, truth in TRUTH_OF.items():
        for run in runs:
            about = run.record.about
            where = f"run {about['number']} ({about['family']}, {about['source']})"
            if run.truths[truth] is False and run.says(kind, notes=kind == "still_improving"):
                yield f"- {kind} wrong: {where}: {run.said[kind].evidence}"
            elif run.truths[truth] and not run.covers(kind):
                yield f"- {kind} missed: {where}; said {', '.join(run.said) or 'nothing'}"


def silent(runs: Sequence[Judged]) -> str:
    """Rate of runs without a warning of which nothing is wrong."""
    names = set(TRUTH_OF.values()) - {"improving"}
    quiet = [run for run in runs if not any(each.severity != "note" for each in run.said.values())]
    return rate([not any(run.truths[name] for name in names) for run in quiet])


def rate(hits: Sequence[bool]) -> str:
    """`29 of 31: 93.5 % (79.3 to 98.2)`, with Wilson's 95 % interval."""
    if not hits:
        return "–"
    low, high = wilson_interval(sum(hits) / len(hits), len(hits))
    share = 100 * sum(hits) / len(hits)
    return f"{sum(hits)} of {len(hits)}: {share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
