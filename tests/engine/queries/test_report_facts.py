"""Facts of a report: data, intervals by groups, comparisons of recipes and worst errors, from files of real shape."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_runs import NAMES, MadeRuns, right
from report_runs import draw_dots

from engine.analysis.comparison.comparison import Comparison
from engine.analysis.comparison.sentences import in_one_sentence, in_points, pair_sentence, side_sentences
from engine.analysis.comparison.share_interval import share_interval
from engine.analysis.comparison.sides import About
from engine.queries.accuracy_intervals import accuracy_intervals
from engine.queries.read_comparison import read_comparison
from engine.store import listing


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeRuns:
    draw_dots(monkeypatch)
    return MadeRuns(tmp_path)


def groups() -> list[str]:
    return [name.partition("_")[0] for name in NAMES[:40]]


def test_data_and_groups_are_read_from_the_disk(made: MadeRuns) -> None:
    made.run(right([0, 1]))
    [found] = made.facts().data["eyes"]
    assert found.unknown == "" and [each.split for each in found.splits] == ["train", "test"]
    assert found.of("test") is not None and found.of("test").groups == 20  # type: ignore[union-attr]
    assert found.group_rule and not found.shared_images
    (made.home.root / "eyes" / "labels.csv").unlink()
    for image in (made.home.root / "eyes").iterdir():
        image.unlink()
    [gone] = made.facts().data["eyes"]
    assert gone.unknown and not gone.splits


def test_a_fold_of_data_with_their_own_test_split_was_drawn_by_the_program(
    made: MadeRuns, tmp_path: Path
) -> None:
    made.run(right([0]), folds=2, fold=1, split_seed=3, val_fraction=0.2)
    [found] = made.facts().data["eyes"]
    assert [each.split for each in found.splits if each.is_drawn] == ["val", "test"]
    assert (found.folds, found.split_seed, found.left_out) == (2, 3, 40)
    said = (
        "test one of 2 folds, val drawn by the program, seeded by the data and split seed 3, the data's own test images"
        " left out): no group is in two splits."
    )
    assert said in made.page(tmp_path / "out").all("main")[0].words


def test_splits_that_are_the_same_are_described_once(made: MadeRuns) -> None:
    made.run(right([0]))
    made.run(right([1]), test_fraction=0.3)
    made.run(right([1]), folds=2, fold=1)
    assert [each.run_ids for each in made.facts().data["eyes"]] == [(1, 2), (3,)]


def test_intervals_count_groups(made: MadeRuns) -> None:
    correct = right([0, 1, 2, 3, 8, 9])
    run_id = made.run(correct)
    found = made.facts().intervals[run_id, 1]
    expected = share_interval(correct, groups())
    assert (found.low, found.high, found.groups) == (expected.low, expected.high, 20)


def unnamed(found: Comparison) -> Comparison:
    """Return a comparison whose sides do not say what they are: the report has its own names of recipes."""
    return replace(found, sides=tuple(replace(side, about=About()) for side in found.sides))


def test_it_says_of_two_runs_and_of_two_groups_what_compare_says(made: MadeRuns, tmp_path: Path) -> None:
    good, bad = right([0]), right(range(0, 30))
    made.run(good, lr=0.01)
    made.run(bad, lr=0.1)
    found = made.facts().comparisons["eyes"]
    assert (
        found == unnamed(read_comparison(made.store, made.home, ["1", "2"]))
        and found.pairs[0].scope == "weights"
    )
    for seed in (1, 2):
        made.run(right([seed]), lr=0.01, seed=seed)
        made.run(right(range(seed, 30)), lr=0.1, seed=seed)
    found = made.facts().comparisons["eyes"]
    assert found == unnamed(read_comparison(made.store, made.home, ["group:1", "group:2"]))
    [pair] = found.pairs
    assert pair.scope == "recipe" and pair.told_apart
    page = made.page(tmp_path / "out")
    assert pair_sentence(pair, unit=in_points) in page.all("main")[0].words
    abstract = page.all("section")[0].words
    assert "#1, #3, #5 (n 3) is told apart from the next recipe (#2, #4, #6 (n 3)" in abstract
    assert (
        in_one_sentence(pair, unit=in_points) in abstract
        and "over test images and seeds; n 40 test images" in abstract
    )


def test_what_more_would_tell_and_the_optimism_of_the_epoch_are_said(made: MadeRuns, tmp_path: Path) -> None:
    made.run(right([0, 1]), lr=0.01, epochs=2)
    made.run(right([2, 3, 4]), lr=0.1, epochs=2)
    found = made.facts().comparisons["eyes"]
    assert found.pairs[0].told_apart is False and found.pairs[0].images_needed
    text = made.page(tmp_path / "out").all("main")[0].words
    assert "test images would tell it apart, with a chance of 80 %." in text
    assert side_sentences(found.sides[0])[0] in text and "too high" in text


def test_a_single_run_above_a_group_is_no_best_recipe_without_a_word(made: MadeRuns, tmp_path: Path) -> None:
    made.run(right([0]), lr=0.1)
    for seed in (1, 2):
        made.run(right([seed, 5, 6]), lr=0.01, seed=seed)
    abstract = made.page(tmp_path / "out").all("section")[0].words
    assert "The best test accuracy is that of a single run, #1" in abstract
    assert "the best recipe of several runs is resnet18, scratch; lr 0.01 (#2, #3): mean" in abstract
    assert "The best recipe is" not in abstract


def test_a_repeated_run_is_counted_once(made: MadeRuns, tmp_path: Path) -> None:
    for seed, wrong in ((1, [0]), (2, [0, 1, 2]), (1, [0])):
        made.run(right(wrong), lr=0.01, seed=seed)
    text = made.page(tmp_path / "out").all("main")[0].words
    assert f"mean test accuracy {100 * (39 + 37) / 80:.2f} % over 2 runs" in text
    assert "run 3 repeats run 1: counted once" in text


def test_the_most_confident_errors_are_shown_with_their_images(made: MadeRuns, tmp_path: Path) -> None:
    made.run(right([3, 7, 11]), lr=0.01)
    made.run(right([7, 20, 21, 22]), lr=0.1)
    found = made.facts().wrong["eyes"]
    assert (found.run_id, found.wrong, found.images) == (1, 3, 40)
    assert [each.name for each in found.shown] == [NAMES[11], NAMES[7], NAMES[3]]
    assert [(each.wrong_in, each.runs) for each in found.shown] == [(1, 2), (2, 2), (1, 2)]
    assert all(each.picture and each.picture[:2] == b"\xff\xd8" for each in found.shown)
    images = made.page(tmp_path / "out").all("img")
    assert len(images) == 3 and all(
        each.attributes["src"].startswith("data:image/jpeg;base64,") for each in images
    )
    for name in NAMES:
        (made.home.root / "eyes" / name).unlink()
    page = made.page(tmp_path / "gone")
    assert not page.all("img") and "no image:" in page.all("main")[0].words
    assert not list((tmp_path / "gone").glob("errors*.png"))


def test_without_files_the_report_says_what_is_not_known(made: MadeRuns, tmp_path: Path) -> None:
    made.run(right([3]), lr=0.01)
    made.run(right([3, 4]), lr=0.1)
    for run_id in (1, 2):
        for path in made.home.run(run_id).folder.iterdir():
            path.unlink()
    text = made.page(tmp_path / "out").all("main")[0].words
    assert "The errors of #1 are not shown: runs/1/predictions.csv is missing" in text
    assert "Whether #1 differs from the next recipe (#2, " in text and "is not known:" in text
    assert "Failure analysis with imagesnot measured" in text


def test_a_report_whose_groups_cannot_be_read_compares_nothing_and_says_why(
    made: MadeRuns, tmp_path: Path
) -> None:
    table = made.home.root / "eyes" / "labels.csv"
    rows = table.read_text().splitlines()
    patients = ["patient", *(row.partition("_")[0] for row in rows[1:])]
    table.write_text("".join(f"{row},{patient}\n" for row, patient in zip(rows, patients, strict=True)))
    for lr in (0.1, 0.01):
        made.run(right([0, int(1000 * lr) % 7]), lr=lr, group_column="patient")
    assert made.facts().intervals[1, 1].groups == 20 and made.facts().comparisons["eyes"].pairs
    table.write_text("".join(f"{row}\n" for row in rows))  # without the column
    (pair,) = made.facts().comparisons["eyes"].pairs
    assert pair.told_apart is None and pair.p is None
    assert "groups of the images cannot be read" in pair.reason and "no column 'patient'" in pair.reason
    text = made.page(tmp_path / "out").all("main")[0].words
    assert f"#1 is not compared with #2: {pair.reason}" in text
    assert f"is not known: {pair.reason}" in text
    assert "The intervals of #1, #2 take images as independent" in text
    assert "the groups cannot be read (" in text and str(made.home.root) not in text


def test_files_of_another_run_give_no_number(made: MadeRuns, tmp_path: Path) -> None:
    """As after a folder that was moved, or a run table that belongs to other folders."""
    made.run(right([0]))
    made.run(right(range(10)), lr=0.1)
    assert set(made.facts().intervals) == {(1, 1), (2, 1)}
    first, second = (made.home.run(run_id).folder for run_id in (1, 2))
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    foreign = (
        "are damaged or of another run: 30 of 40 are correct, but the accuracy that was measured is 0.9750"
    )
    facts = made.facts()
    assert facts.intervals == {} and foreign in facts.wrong["eyes"].unknown
    [pair] = facts.comparisons["eyes"].pairs
    assert pair.told_apart is None and foreign in pair.reason
    [pair] = read_comparison(made.store, made.home, ["1", "2"], "last").pairs
    assert pair.told_apart is None and foreign in pair.reason
    with made.store.read() as session:
        found = accuracy_intervals(made.home, listing.get_run(session, 1), {1: (0.975, 40)})[1]
    assert found["groups"] is None and foreign in found["by"]


def test_a_group_whose_runs_have_other_labels_for_the_same_images_is_not_compared(made: MadeRuns) -> None:
    """They are of one group, for neither noted a fingerprint of its data."""
    made.run(right([0]))
    made.run(right([1]), lr=0.1)
    made.labels = 1 - made.labels
    made.run(right([2]), seed=1)
    sides = read_comparison(made.store, made.home, ["group:1", "2"]).sides
    assert sides[0].remarks[0] == "its runs have different labels for the same images: the data changed"
    assert sides[0].accuracy is None and sides[1].accuracy == 0.975
