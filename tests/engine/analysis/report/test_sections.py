"""Sections of a report: networks as trained, confusions, findings of several runs, tables without empty columns."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_runs import MadeRuns, right
from report_runs import draw_dots, record, start_run

from engine.analysis.finding import Finding, Severity
from engine.analysis.interval import wilson_interval
from engine.analysis.report.blocks import Bullets, Paragraph, Section, Table, table, words_of
from engine.analysis.report.confusions import confusions
from engine.analysis.report.cost_section import cost_section
from engine.analysis.report.discussion_section import discussion_section
from engine.analysis.report.facts import Facts
from engine.analysis.report.metrics_appendix import metric_tables
from engine.analysis.report.networks_table import networks_table
from engine.analysis.report.settings_table import described, environment_rows
from engine.analysis.report.values import interval_of, range_in_percent
from engine.analysis.study import Study, StudyRun
from engine.metrics.metric import EpochValues
from engine.queries.read_study import collect
from engine.store import queue
from engine.store.database import Store
from tui.cli.report import architectures


@pytest.fixture
def run(store: Store) -> StudyRun:
    held = start_run(store, ["cat", "dog", "owl"], image_size=28)
    record(store, held, 1, [[7, 2, 1], [0, 10, 0], [3, 0, 2]])
    queue.end(store, held, "done")
    return collect(store, run_ids=None, sweep=None).runs[0]


def test_classes_of_lowest_recall_and_the_pairs_taken_for_each_other(run: StudyRun) -> None:
    said = confusions(run)
    assert "lowest recall is that of owl (40.00 % of 5), then cat (70.00 % of 10)" in said
    assert (
        "owl taken for cat (3, 50.00 % of the errors); cat taken for dog (2, 33.33 % of the errors)" in said
    )
    assert "recall is that of owl" in said and "then dog" not in said
    assert confusions(replace(run, matrix=[[1, 0], [0, 1]])) == confusions(replace(run, matrix=None)) == ""


def test_networks_as_they_were_trained(run: StudyRun) -> None:
    small = replace(run, id=2, spec=run.spec.model_copy(update={"stem": "cifar"}))
    study = Study("", (run, small))
    shown = networks_table(study, architectures(study))[0]
    assert isinstance(shown, Table)
    rows = [[words_of(cell) for cell in row] for row in shown.rows]
    assert [row[0] for row in rows] == ["#1", "#2"]
    assert [row[5] for row in rows] == ["1×1", "4×4"]
    assert [row[3:5] for row in rows] == [["28", "3"]] * 2
    note = words_of(shown.note)
    assert "as small as in #1," in note and "stem cifar would keep 4×4 at 28 px" in note


def test_the_appendix_gives_accuracy_the_interval_of_the_results(tmp_path: Path) -> None:
    made = MadeRuns(tmp_path)
    made.run(right([0, 1, 2, 3]))
    [run] = collect(made.store, run_ids=None, sweep=None).runs
    facts = made.facts()
    by_groups, by_images = (next(metric_tables([run], each)) for each in (facts, Facts()))
    ends = range_in_percent(interval_of(run, run.best, facts))
    assert words_of(by_groups.rows[0][1]) == f"90.00 ({ends}; n 40 of 20 groups)"
    assert "the interval of the accuracy counts them" in words_of(by_groups.note)
    wilson = range_in_percent(wilson_interval(0.9, 40))
    assert words_of(by_images.rows[0][1]) == f"90.00 ({wilson}; n 40)" and wilson != ends
    assert words_of(by_images.note).endswith("taken as independent.")


def finding(headline: str, evidence: str) -> Finding:
    return Finding(headline.replace(" ", "_"), "warning", headline, evidence)


def test_the_same_finding_of_several_runs_is_one_item(run: StudyRun) -> None:
    many = [replace(run, id=each, findings=(finding("unstable", f"it fell {each}"),)) for each in range(1, 6)]
    alone = replace(run, id=9, findings=(finding("overfitting", "it rose"),))
    clean = replace(run, id=10, findings=())
    [part] = discussion_section({"digits": [*many, alone, clean]}).blocks
    assert isinstance(part, Section)
    bullets, said = part.blocks
    assert isinstance(bullets, Bullets) and isinstance(said, Paragraph)
    first, second = map(words_of, bullets.items)
    assert first.startswith("#1–5: unstable (warning). #1 it fell 1. #2 it fell 2. #3 it fell 3.")
    assert "it fell 4" not in first and first.endswith("The evidence of #4, #5 is told by resnet-tui show.")
    assert second.startswith("#9 resnet18, scratch: overfitting (warning): it rose.")
    assert words_of(said.content).startswith("#10: no problems found")


def test_columns_without_a_value_are_left_out_and_named() -> None:
    shown = table(
        "t", ("run", "kappa", "n"), [["#1", "–", "3"], ["#2", "–", "–"]], note="A note.", leave_out="–"
    )
    assert [words_of(head) for head in shown.header] == ["run", "n"]
    assert [[words_of(cell) for cell in row] for row in shown.rows] == [["#1", "3"], ["#2", "–"]]
    assert words_of(shown.note) == "A note. Not measured or not defined in any row, so left out: kappa."
    assert table("t", ("run", "n"), [["#1", "3"]], note="A note.", leave_out="–").note == ("A note.",)


def test_energy_is_summed_where_it_was_counted(run: StudyRun) -> None:
    def words(runs: list[StudyRun]) -> str:
        said, shown = cost_section(runs).blocks
        assert isinstance(said, Paragraph) and isinstance(shown, Table)
        cells = [words_of(cell) for row in (shown.header, *shown.rows) for cell in row]
        return words_of(said.content) + " | ".join(cells)

    assert "Energy: not measured." in words([run]) and "energy, Wh |" not in words([run])
    counted = [EpochValues(epoch, {**run.epochs[0].values, "energy_j": 900.0}) for epoch in (1, 2)]
    told = words([run, replace(run, epochs=tuple(counted))])
    assert "It used 0.5 Wh in 1 run," in told and "energy, Wh" in told and "0.50" in told


def test_what_differs_between_machines_names_the_runs(run: StudyRun) -> None:
    first, second = (replace(run, id=each, environment={"torch": f"2.{each}", "os": "x"}) for each in (1, 2))
    assert environment_rows([first, second]) == [["os", "x"], ["torch", "2.1 (#1); 2.2 (#2)"]]


def test_a_value_of_a_registry_is_described_without_the_others() -> None:
    said = described("augment", "flip")
    assert said.endswith(": left and right, top and bottom, at random") and "rotate" not in said
    assert described("augment", "none") and described("epochs", 3).startswith("passes over")


def test_val_that_ranks_stands_beside_test_accuracy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_dots(monkeypatch)
    made = MadeRuns(tmp_path)
    for seed in (0, 1):
        made.run(right([0, 1]), lr=0.1, seed=seed, val_acc=0.9 - seed / 10)
        made.run(right([0]), lr=0.01, seed=seed, val_acc=0.6)
    words = made.page(tmp_path / "out").all("main")[0].words
    assert "val accuracy, % (mean ± sd)" in words and "85.00 ± 7.07" in words and "60.00 ± 0.00" in words
    assert "test accuracy, % @ epoch (epoch chosen by val_acc)" in words


def test_of_a_run_with_several_findings_the_gravest_suggestion_is_given(run: StudyRun) -> None:
    def found(kind: str, severity: Severity, suggestion: str) -> Finding:
        return Finding(kind, severity, kind, "it is so", suggestion=suggestion)

    several = (
        found("unstable", "warning", ""),
        found("overfitting", "warning", "epochs 3 → 1"),
        found("still improving", "note", "epochs 3 → 9"),
    )
    [part] = discussion_section({"digits": [replace(run, findings=several)]}).blocks
    assert isinstance(part, Section)
    words = " ".join(
        words_of(item) for block in part.blocks if isinstance(block, Bullets) for item in block.items
    )
    assert "epochs 3 → 1" in words and "epochs 3 → 9" not in words
    said = [words_of(block.content) for block in part.blocks if isinstance(block, Paragraph)]
    assert said == ["Of a run with several findings the suggestion of the gravest is given."]
