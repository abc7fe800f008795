"""Curves in a report: figures with the numbers of `show --curves`, and a sentence for runs without scores."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from score_files import write_scores
from studies import open_study

from engine.analysis import score_figures
from engine.analysis.figure_canvas import defaults
from engine.analysis.matrix_figure import draw_matrices, panel_of
from engine.analysis.report.blocks import Figure, words_of
from engine.analysis.report.facts import Facts
from engine.analysis.report.score_blocks import score_blocks
from engine.analysis.report.write import write_report
from engine.analysis.study import Study, StudyRun
from engine.files.paths import Home
from engine.metrics.curves.split_curves import SplitCurves
from engine.queries.image_groups import GroupReader
from engine.queries.read_study import collect, with_scores


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Runs 3 and 4 with probabilities, 5 with grades, 6 without files; all on fundus."""
    home = Home.find(tmp_path_factory.mktemp("home"))
    store = open_study(home.root / "runs.db")
    found = collect(store, run_ids=[3, 4, 5, 6], sweep=None)
    for run in found.runs[:3]:
        assert run.kept is not None
        write_scores(home, run.id, best=run.kept.epoch, last=run.epoch, are_grades=run.id == 5)
    return with_scores(found, home, GroupReader(home))


def words(figure: Any) -> list[str]:
    """All text in the legends of a figure."""
    legends = [legend for axes in figure.axes if (legend := axes.get_legend())] + figure.legends
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def scores(run: StudyRun) -> SplitCurves:
    assert run.scores is not None
    return run.scores


def test_runs_are_held_against_each_other_by_all_classes_and_referable(study: Study) -> None:
    assert study.runs[3].scores is None
    assert score_figures.headline_names(study.runs) == ["all classes", "referable"]
    with defaults():
        said = words(score_figures.comparison_figure(study.runs, ["all classes", "referable"]))
    for run in study.runs[:3]:
        roc = next(each.roc for each in scores(run).of if each.name == "referable")
        assert roc is not None and f"#{run.id}: {roc.area:.3f}" in said
    macro = scores(study.runs[0]).of[0].precision_recall
    assert macro is not None and f"#3: {macro.area:.3f}" in said


def test_each_class_has_its_auc_with_interval_and_images(study: Study) -> None:
    with defaults():
        said = words(score_figures.class_figure(study.runs[:1]))
    mild = scores(study.runs[0]).of[2]
    assert mild.roc is not None and mild.auc_interval is not None
    low, high = mild.auc_interval
    assert f"mild (n 14): {mild.roc.area:.3f} [{low:.2f}, {high:.2f}]" in said and len(said) == 6


def test_two_classes_go_by_the_second_and_grades_by_referable(study: Study) -> None:
    grades = study.runs[2]
    assert score_figures.headline_names([grades]) == ["referable"]
    assert not score_figures.has_confidence(grades) and score_figures.has_confidence(study.runs[0])
    two = SplitCurves(201, (replace(scores(study.runs[0]).of[0], roc=None), scores(study.runs[0]).of[2]))
    assert score_figures.headline_names([replace(study.runs[0], scores=two)]) == ["mild"]


def alike(study: Study, count: int) -> list[StudyRun]:
    """Runs of one network that differ in two settings, the first of them with a long value."""
    run, names = study.runs[0], ("class_names", "lr", "seed")

    def changed(each: int) -> StudyRun:
        more = {"class_names": f"{'long name, ' * 9}{each}", "lr": 10.0**-each, "seed": each}
        return replace(run, id=10_000 + each, unlike=names, spec=run.spec.model_copy(update=more))

    return [changed(each) for each in range(1, count + 1)]


def test_runs_of_one_network_are_told_apart(study: Study) -> None:
    runs = [replace(each, unlike=("lr",)) for each in alike(study, 6)]
    with defaults():
        said = words(score_figures.comparison_figure(runs, ["all classes"]))
        titles = [axes.get_title(loc="left") for axes in score_figures.histogram_figure(runs).axes]
    for each in runs:
        assert any(f"#{each.id}" in label and f"lr {each.spec.lr:g}" in label for label in said)
        assert any(f"#{each.id}" in title and f"lr {each.spec.lr:g}" in title for title in titles)
    [panel] = {len(panel_of(each, runs).lines) for each in runs}
    assert panel == 3 and len({panel_of(each, runs).lines[1] for each in runs}) == 6


@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize("name", ["comparison", "class", "reliability", "histogram", "matrix"])
def test_titles_and_legends_lie_on_no_curve_and_in_the_figure(study: Study, name: str, count: int) -> None:
    runs = alike(study, count)
    with defaults():
        draw = {
            "comparison": lambda: score_figures.comparison_figure(runs, ["all classes", "referable"]),
            "class": lambda: score_figures.class_figure(runs),
            "reliability": lambda: score_figures.reliability_figure(runs),
            "histogram": lambda: score_figures.histogram_figure(runs),
            "matrix": lambda: draw_matrices([panel_of(run, runs) for run in runs]),
        }
        figure = draw[name]()
        figure.draw_without_rendering()
    panels = [axes for axes in figure.axes if axes.get_visible()]
    texts = [axes.title if axes.get_title() else axes._left_title for axes in panels]
    said = [each.get_window_extent() for each in texts if each.get_text()]
    said += [axes.get_legend().get_window_extent() for axes in panels if axes.get_legend()]
    said += [each.get_window_extent() for each in figure.legends]
    others = [axes.get_window_extent() for axes in panels]
    for number, each in enumerate(said):
        assert figure.bbox.x0 <= each.x0 and each.x1 <= figure.bbox.x1 + 1, (number, each)
        assert figure.bbox.y0 <= each.y0 and each.y1 <= figure.bbox.y1 + 1, (number, each)
        for other in [*others, *said[number + 1 :]]:
            across = min(each.x1, other.x1) - max(each.x0, other.x0)
            assert min(across, min(each.y1, other.y1) - max(each.y0, other.y0)) < 1, (number, each, other)


def test_the_note_says_what_the_intervals_count(study: Study) -> None:
    one, other = study.runs[:2]
    by_groups = replace(other, scores=replace(scores(other), by_groups=True))
    for runs, said in (
        ((one, other), "the 95 % interval, images taken as independent; n"),
        ((by_groups,), "the 95 % interval, which counts groups of images; n"),
        ((one, by_groups), "counts groups of images in #4 and takes images as independent in the others; n"),
    ):
        figures = [each for each in score_blocks(runs, "fundus") if isinstance(each, Figure)]
        note = next(words_of(each.note) for each in figures if each.key.startswith("roc-classes"))
        assert said in note


def test_the_report_shows_them_and_says_what_has_none(study: Study, tmp_path: Path) -> None:
    written = {path.name for path in write_report(study, tmp_path, Facts())}
    pictures = {
        "roc-fundus.png",
        "roc-classes-fundus.png",
        "reliability-fundus.png",
        "scores-fundus.png",
    }
    text = (tmp_path / "report.md").read_text()
    assert pictures <= written and all(f"({name})" in text for name in pictures)
    assert "The scores of #6 were not kept: no curves of them." in text
    without = replace(study, runs=tuple(replace(run, scores=None) for run in study.runs))
    assert not pictures & {path.name for path in write_report(without, tmp_path / "old", Facts())}
