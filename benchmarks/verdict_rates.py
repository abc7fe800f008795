"""Error rates of the verdict: many small real runs, judged against images that no run saw.

    OMP_NUM_THREADS=1 python -m benchmarks.verdict_rates train --phase development --runs 46 --out DIR
    OMP_NUM_THREADS=1 python -m benchmarks.verdict_rates train --phase measurement --runs 126 --out DIR
    python -m benchmarks.verdict_rates report --phase measurement --out DIR

The rules were set on the development runs and frozen by a commit before the first measurement run was judged. The
two phases share no seed and no drawn image. Written down before any run was trained:

Truth. It is told from fresh images (drawn with seeds of their own, or digits kept apart: never trained or tested
on), from the training images seen again without augmentation, and from going on with the run; the verdict sees none
of these. The first that holds is the truth:

1. `diverged`: the training met a loss that is no finite number, or the fresh logits are not finite.
2. `collapsed`: one class takes at least 95 % of the answers on the fresh images, and the answers carry no
   information about the label (permutation test of the chi-square statistic, 999 shuffles, p >= .01).
3. `overfitting`: the fresh negative log-likelihood at the end is worse than at its best epoch, by more than .05 and
   more than 2 paired standard errors; and accuracy on the training images lies more than .15 above accuracy on the
   fresh ones (weighted to the test split's class shares). Past epoch 8 the fresh images are looked at after every
   third epoch and the last.
4. `underfitting`: going on for three times as many epochs (same settings, schedule begun anew, looked at after each
   third) raises fresh balanced accuracy by more than .08, about 2.4 standard errors; or the answers carry no
   information and the training images are not answered .15 better than by their most frequent class.
5. `healthy`: none of these.

Rates. For each kind, misses: truth of this kind, judged otherwise; false alarms: judged this kind, truth otherwise;
each with its Wilson 95 % interval. The verdict judged is the one after the run's last epoch.
"""

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.verdict_runs import Pool, draw_pool, train_scenario, warm_weights
from benchmarks.verdict_scenarios import PHASES, scenario
from benchmarks.verdict_truth import KINDS, truth_of
from engine.analysis.evidence import EpochEvidence
from engine.analysis.findings.judging import judge, make_case
from engine.analysis.interval import wilson_interval
from engine.analysis.verdict import Verdict, derived_verdict
from engine.hardware.telemetry import cpu_name
from engine.spec.grid import make_spec


def train(phase: str, runs: int, out: Path) -> None:
    """Train the runs that `out` lacks, a line of JSON each; stopped and begun again, it goes on."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{phase}.jsonl"
    done = {record["number"] for record in read(path)}
    pool: Pool = draw_pool(phase, out)
    weights = warm_weights(out)
    for number in range(runs):
        if number in done:
            continue
        began = time.monotonic()
        record = train_scenario(scenario(phase, number), pool, weights)
        record["seconds"] = round(time.monotonic() - began, 1)
        with path.open("a") as lines:
            lines.write(json.dumps(record) + "\n")
        print(f"{phase} {number}: {record['family']} {truth_of(record)} in {record['seconds']} s", flush=True)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def verdict_of(record: dict[str, Any]) -> Verdict:
    """Return the verdict after the run's last epoch."""
    spec = make_spec(record["spec"])
    history = [evidence_of(row, record["test_counts"]) for row in record["epochs"]]
    if record["diverged_step"] is not None:
        history.append(EpochEvidence(len(history), math.inf, None, None, None, None, answers=(), labels=()))
    case = make_case(history, spec, record["train_counts"])
    assert case is not None
    return derived_verdict(case, judge(case))


def evidence_of(row: dict[str, Any], labels: list[int]) -> EpochEvidence:
    return EpochEvidence(
        epoch=row["epoch"],
        train_loss=row["train_loss"],
        train_acc=row["train_acc"],
        test_acc=row["test_acc"],
        baseline=max(labels) / sum(labels),
        kappa=row["kappa"],
        answers=tuple(row["answers"]),
        labels=tuple(labels),
        max_logit=row["max_logit"],
        grad_norm=row["grad_norm"],
        grad_norm_first=row["grad_norm_first"],
        nonfinite_share=row["nonfinite_share"],
        test_nll=row["test_nll"],
    )


def report(phase: str, out: Path) -> Iterator[str]:
    """Markdown: the table of truth and verdict, then each kind's rates."""
    records = read(out / f"{phase}.jsonl")
    pairs = [(truth_of(record), verdict_of(record).kind) for record in records]
    table: Counter[tuple[str, str]] = Counter(pairs)
    minutes = sum(record["seconds"] for record in records) / 60
    yield f"{len(records)} {phase} runs, {minutes:.0f} minutes, {time.strftime('%Y-%m-%d')}, {cpu_name()}"
    yield ""
    yield "| truth, told by fresh images | " + " | ".join(f"judged {kind}" for kind in KINDS) + " |"
    yield "| --- |" + " ---: |" * len(KINDS)
    for truth in KINDS:
        yield f"| {truth} | " + " | ".join(str(table[truth, kind]) for kind in KINDS) + " |"
    yield ""
    yield "| kind | misses | false alarms |"
    yield "| --- | --- | --- |"
    for kind in KINDS:
        missed = [judged != kind for truth, judged in pairs if truth == kind]
        alarmed = [judged == kind for truth, judged in pairs if truth != kind]
        yield f"| {kind} | {rate(missed)} | {rate(alarmed)} |"
    right = [truth == judged for truth, judged in pairs]
    yield ""
    yield f"Verdict and truth agree in {rate(right)}."
    for record, (truth, judged) in zip(records, pairs, strict=True):
        if truth != judged:
            verdict = verdict_of(record)
            yield f"- run {record['number']} ({record['family']}) is {truth}, judged {judged}: {verdict.evidence}"


def rate(hits: Sequence[bool]) -> str:
    """`2 of 31: 6.5 % (1.8 to 20.7)`."""
    if not hits:
        return "no such run"
    low, high = wilson_interval(sum(hits) / len(hits), len(hits))
    share = 100 * sum(hits) / len(hits)
    return f"{sum(hits)} of {len(hits)}: {share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("train", "report"))
    parser.add_argument("--phase", choices=PHASES, required=True)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.command == "train":
        train(arguments.phase, arguments.runs, arguments.out)
    else:
        print("\n".join(report(arguments.phase, arguments.out)))


if __name__ == "__main__":
    main()
