"""Claims of a report: which recipe it calls the best and by what, what it names as caveats, and its checklist."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from html_pages import Page
from made_runs import MadeRuns, right
from report_runs import draw_dots
from sqlalchemy import update

from engine.analysis.finding import Finding
from engine.analysis.report.facts import DataFacts, Facts, SplitFacts
from engine.analysis.report.ranking import best_of, have_one_test_set, one_test_set, ranked, recipes_rank_by
from engine.analysis.report.recipes import recipes_of
from engine.analysis.report.write import write_report
from engine.queries.read_study import collect, with_test_digests
from engine.store.measurement_tables import EpochMetrics
from engine.store.schema import run_table

FEW, SOME, MANY = right([0]), right([0, 1, 2, 3]), right(range(12))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeRuns:
    draw_dots(monkeypatch)
    return MadeRuns(tmp_path)


def abstract_of(made: MadeRuns, out: Path) -> str:
    return made.page(out).all("section")[0].words


def checklist_of(made: MadeRuns, out: Path) -> str:
    """The checklist's words, without spaces between cells."""
    words = made.page(out).all("main")[0].words
    return words[words.index("What a reviewer asks") :]


def test_recipes_are_ranked_by_val_where_val_chose_every_epoch(made: MadeRuns, tmp_path: Path) -> None:
    made.run(SOME, lr=0.1, val_acc=0.9)
    made.run(FEW, lr=0.01, val_acc=0.6)
    recipes = recipes_of(collect(made.store, run_ids=None, sweep=None).runs)
    assert recipes_rank_by(recipes).key == "val_acc"
    assert [each.first.id for each in ranked(recipes)] == [1, 2]
    assert best_of([recipe.first for recipe in recipes]) is recipes[0].first
    abstract = abstract_of(made, tmp_path / "out")
    assert (
        "The best recipe by val accuracy, 90.00 %, which is measured on other images than the test accuracy, is #1"
        in abstract
    )
    assert "; the highest test accuracy is that of #2, 97.50 %" in abstract
    assert "was chosen on the test images" not in abstract
    assert (
        "; val accuracy 60.00 %, test accuracy 97.50 %, 95 % interval 85.8 to 99.6 %, n 40 test images)"
        in abstract
    )
    assert "on which splitpartlyThe report ranks 2 recipes by val accuracy" in checklist_of(
        made, tmp_path / "out"
    )


def test_a_single_run_that_is_best_by_val_beside_repeated_recipes_is_said_to_be_so(
    made: MadeRuns, tmp_path: Path
) -> None:
    made.run(SOME, lr=0.1, val_acc=0.9)
    for seed in (1, 2):
        made.run(FEW, lr=0.01, val_acc=0.5 + seed / 10, seed=seed)
    abstract = abstract_of(made, tmp_path / "out")
    assert (
        "The best val accuracy, 90.00 %, which is measured on other images than the test accuracy, is that of a single "
        "run, #1 " in abstract
    )
    assert "the best recipe of several runs, of mean val accuracy 65.00 %, is resnet18" in abstract
    spread = (
        "over 2 runs, 95 % interval 85.8 to 99.6 %, over test images alone; n 40 test images of 20 groups"
    )
    assert "; the highest test accuracy is that of #2, #3 (n 2), 97.50 %. " in abstract
    made.run(right([1]), lr=0.001, val_acc=0.4)
    abstract = abstract_of(made, tmp_path / "next")
    assert "that of #2, #3 (n 2), 97.50 %. " in abstract
    made.run(right([]), lr=1e-4, val_acc=0.3)
    abstract = abstract_of(made, tmp_path / "third")
    assert re.search(
        r"that of #5, 100\.00 %, 95 % interval \d+\.\d to 100\.0 %, n 40 test images\. ", abstract
    )
    assert f"; mean val accuracy 65.00 %, mean test accuracy 97.50 % {spread})" in abstract


def test_where_one_recipe_has_no_val_split_test_accuracy_ranks_and_says_so(
    made: MadeRuns, tmp_path: Path
) -> None:
    made.run(SOME, lr=0.1, val_acc=0.9)
    made.run(FEW, lr=0.01)
    recipes = recipes_of(collect(made.store, run_ids=None, sweep=None).runs)
    assert recipes_rank_by(recipes).key == "test_acc"
    assert [each.first.id for each in ranked(recipes)] == [2, 1]
    abstract = abstract_of(made, tmp_path / "out")
    assert "The best recipe is #2" in abstract
    assert "the best of 2 recipes was chosen on the test images that measure it" in abstract


def test_a_run_whose_val_metric_is_undefined_comes_last_and_changes_no_ranking(made: MadeRuns) -> None:
    made.run(MANY, lr=0.1, val_acc=0.9)
    made.run(SOME, lr=0.01, val_acc=0.6)
    made.run(FEW, lr=0.001, val_acc=0.1)
    with made.store.write() as session:
        session.execute(update(run_table).where(run_table.c.id == 3).values(best_epoch=None))
        session.execute(update(EpochMetrics).where(EpochMetrics.run_id == 3).values(val_acc=None))  # type: ignore[arg-type]
    recipes = recipes_of(collect(made.store, run_ids=None, sweep=None).runs)
    assert recipes_rank_by(recipes).key == "val_acc"
    assert [each.first.id for each in ranked(recipes)] == [1, 2, 3]


def test_val_metrics_of_other_val_splits_are_not_compared(made: MadeRuns) -> None:
    made.run(SOME, lr=0.1, val_acc=0.9)
    made.run(FEW, lr=0.01, val_acc=0.6, val_fraction=0.4)
    recipes = recipes_of(collect(made.store, run_ids=None, sweep=None).runs)
    assert recipes_rank_by(recipes).key == "test_acc"
    assert [each.first.id for each in ranked(recipes)] == [2, 1]


def test_none_is_the_best_of_recipes_that_were_tested_on_different_images(
    made: MadeRuns, tmp_path: Path
) -> None:
    made.run(SOME, lr=0.1)
    made.names, made.labels = made.names[:30], made.labels[:30]
    made.run(FEW[:30], lr=0.01)
    recipes = recipes_of(collect(made.store, run_ids=None, sweep=None).runs)
    assert not have_one_test_set(recipes)
    abstract = abstract_of(made, tmp_path / "out")
    assert "tested on different images, so none can be called the best" in abstract
    assert "90.00 %, 95 % interval 67.5 to 97.5 %, n 40 test images. " in abstract
    assert "told apart" not in abstract
    page = made.page(tmp_path / "whole").all("main")[0].words
    assert "best recipe" not in page and "stands out" not in page and "best of 2 recipes" not in page
    assert "30 test images; that is for #2, other runs have other splits" in abstract


def test_settings_that_draw_no_split_of_these_data_make_no_other_test_set(
    made: MadeRuns, tmp_path: Path
) -> None:
    made.run(SOME, lr=0.1)
    made.run(FEW, lr=0.01, test_fraction=0.3)  # the data have a test split of their own
    made.run(FEW, lr=0.001, group_column="")
    page = made.page(tmp_path / "out").all("main")[0].words
    assert "Different test sets" not in page and "Not known to be tested" not in page
    assert "The best recipe is #2" in page and "other runs have other splits" not in page
    study = with_test_digests(collect(made.store, run_ids=None, sweep=None), made.home)
    assert one_test_set(recipes_of(study.runs)) is True


def test_without_predictions_and_fingerprint_it_is_not_known_whether_test_sets_are_the_same(
    made: MadeRuns, tmp_path: Path
) -> None:
    made.run(SOME, lr=0.1)
    made.run(FEW, lr=0.01)
    made.home.run(2).predictions().unlink()
    recipes = recipes_of(collect(made.store, run_ids=None, sweep=None).runs)
    assert one_test_set(recipes) is None and have_one_test_set(recipes)
    page = made.page(tmp_path / "out").all("main")[0].words
    assert (
        "That is for #1. Not known to be tested on the same, for want of predictions or of a recorded" in page
    )
    assert "fingerprint of the data: #2." in page and "Different test sets" not in page
    assert "whether all recipes were tested on the same images is not known" in page


def test_findings_about_the_best_run_are_caveats(made: MadeRuns, tmp_path: Path) -> None:
    still = Finding("still_improving", "note", "still improving", "loss fell 12 %")
    over = Finding("overfitting", "warning", "overfitting", "NLL rose")
    made.run(FEW, lr=0.1, finding=over)
    made.run(MANY, lr=0.01, finding=still)
    abstract = abstract_of(made, tmp_path / "out")
    told = abstract.split("The gravest caveats: ")[1].split("; ")
    assert told[0].startswith("the best recipe has one finished run") and len(told) == 4
    assert told[2] == "the best run itself, #1: overfitting", "what is true of every run comes first"
    made.run(right([]), lr=0.001)
    abstract = abstract_of(made, tmp_path / "next")
    assert "overfitting" not in abstract  # of another run


def test_runs_that_were_still_improving_are_counted(made: MadeRuns, tmp_path: Path) -> None:
    still = Finding("still_improving", "note", "still improving", "loss fell 12 %")
    for seed in (1, 2):
        made.run(FEW, lr=0.1, seed=seed, val_acc=0.9, finding=still)
        made.run(SOME, lr=0.01, seed=seed, val_acc=0.8)
    told = (
        "2 of 4 finished runs were still improving at the last epoch: with more epochs their order may change"
    )
    assert abstract_of(made, tmp_path / "out").endswith(f"The gravest caveat: {told}.")


@pytest.mark.parametrize(("epochs", "answer"), [(1, "yes"), (2, "partly")])
def test_p_is_exact_only_where_the_images_did_not_choose_the_epoch(
    made: MadeRuns, tmp_path: Path, epochs: int, answer: str
) -> None:
    made.run(FEW, lr=0.1, epochs=epochs)
    made.run(MANY, lr=0.01, epochs=epochs)
    told = checklist_of(made, tmp_path / "out")
    item = "Superiority claimed only with a test on paired images or on groups of runs"
    assert f"{item}{answer}1 comparison on the same test images, corrected by Holm" in told
    assert ("the same images chose the epochs, so p is not exact" in told) is (answer == "partly")


def test_the_checklist_answers_for_the_worst_split(made: MadeRuns, tmp_path: Path) -> None:
    for _ in range(4):
        made.run(FEW, lr=0.1)
    by_group = DataFacts((1,), splits=(SplitFacts("test", 40, (30, 10), 20, False),), group_rule="patient")
    ways = (by_group, replace(by_group, run_ids=(2,)), replace(by_group, run_ids=(3,), shared_images=5))
    item, by_image = "and the splits disjoint", "The split is by image, not by group (as the data give it)"
    for data, answer in (
        (ways[:1], "yesThe split is by group (patient; as the data give it): no group is in two splits."),
        (ways[:2], "yesThe split is by group (patient; as the data give it): no group is in two splits."),
        (ways, f"no#3: {by_image}: groups (patient) lie in train and in test. #1, #2: The split is by group"),
        (
            (DataFacts((4,), unknown="gone"), by_group),
            "partly#4: The data could not be read when the report was",
        ),
        ((DataFacts((4,), unknown="gone"),), "not measuredThe data could not be read when the report was"),
    ):
        study = collect(made.store, run_ids=None, sweep=None)
        write_report(study, tmp_path / "out", Facts(data={"eyes": data}))
        assert f"{item}{answer}" in Page((tmp_path / "out" / "report.html").read_text()).all("main")[0].words


def test_the_checklist_names_variance_over_seeds_and_over_splits(made: MadeRuns, tmp_path: Path) -> None:
    item = "split, initialisation and order"
    for seed in (1, 2, 3):
        made.run(FEW, lr=0.1, seed=seed)
    seeds = "Seeds (initialisation and order together): up to 3 of a recipe, #1–3 (n 3)."
    told = checklist_of(made, tmp_path / "out")
    assert f"{item}partly{seeds} The split was the same in all runs of a recipe." in told
    for fold in (1, 2):
        made.run(FEW, lr=0.01, folds=2, fold=fold)
    told = checklist_of(made, tmp_path / "out")
    assert f"{item}partly{seeds} Splits: up to 2 of a recipe, #4, #5 (n 2)." in told
    for fold in (1, 2):
        made.run(FEW, lr=0.01, folds=2, fold=fold, seed=1)
    assert f"{item}yes{seeds} Splits: up to 2 of a recipe, #4–7 (n 2)." in checklist_of(
        made, tmp_path / "out"
    )


def test_the_checklist_names_what_was_not_measured(made: MadeRuns, tmp_path: Path) -> None:
    made.run(FEW, lr=0.1)
    told = checklist_of(made, tmp_path / "out")
    assert "Metrics that fit the taskno#1 has accuracy alone." in told
    assert "That of #1, trained once, leaves out the variance between seeds" in told


def test_recipes_that_share_the_first_place_are_named(made: MadeRuns, tmp_path: Path) -> None:
    for number in range(5):
        made.run(SOME, lr=0.01 * (number + 1))
    abstract = abstract_of(made, tmp_path / "out")
    assert "The best recipe is #1" in abstract
    assert "; #2, #3, #4, 1 more have the same test accuracy. " in abstract
    made.run(FEW, lr=0.2)
    assert "have the same" not in abstract_of(made, tmp_path / "out")


def test_a_best_recipe_that_learnt_nothing_is_not_praised(made: MadeRuns, tmp_path: Path) -> None:
    one_class = Finding("collapsed", "error", "collapsed", "all of one class")
    for seed in (0, 1):
        made.run(SOME, lr=0.1, seed=seed, finding=one_class)
        made.run(MANY, lr=0.01, seed=seed)
    page = made.page(tmp_path / "out")
    abstract = page.all("section")[0].words
    said = "the test images do not show that any of these runs has learnt anything (collapsed)"
    best = "#1, #3" in abstract[abstract.index("The best recipe") :].partition(":")[0]
    assert best and said in abstract
    assert "of the best recipe, #1, #3: collapsed" in abstract
    assert "stands out" not in page.all("main")[0].words
