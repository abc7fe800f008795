"""Facts of a report: data, intervals by groups, comparisons of recipes and worst errors, from files of real shape."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_pages import Page
from numpy.typing import NDArray
from pictures import draw
from report_runs import draw_dots

from engine.analysis.comparison.comparison import Comparison
from engine.analysis.comparison.sentences import in_one_sentence, pair_sentence, side_sentences
from engine.analysis.comparison.share_interval import share_interval
from engine.analysis.comparison.sides import About
from engine.analysis.report.facts import Facts
from engine.analysis.report.write import write_report
from engine.files.epoch_predictions import append_predictions
from engine.files.paths import Home
from engine.queries.read_comparison import read_comparison
from engine.queries.read_study import collect
from engine.queries.report_facts import read_facts
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.tables import EpochMetrics

CLASSES = ["no", "<b>mild</b>"]
PATIENTS = 40
NAMES = [f"{patient}_{side}.png" for patient in range(PATIENTS) for side in ("left", "right")]
LABELS = np.array([int(patient % 4 == 0) for patient in range(PATIENTS) for _ in range(2)])


class Made:
    """A home with a folder of images in two splits, and runs with predictions but without training."""

    def __init__(self, root: Path) -> None:
        self.home = Home.find(root)
        rows = ["image,label,split"]
        for place, name in enumerate(NAMES):
            draw(root / "eyes" / name, int(LABELS[place]), place)
            rows.append(f"{name},{LABELS[place]},{'test' if place < 40 else 'train'}")
        (root / "eyes" / "labels.csv").write_text("\n".join(rows) + "\n")
        self.store: Store = open_store(self.home.database)
        self.worker = workers.register(self.store, pid=1, device="cpu", device_name="test")
        self.names, self.labels = NAMES[:40], LABELS[:40]

    def run(self, correct: NDArray[np.bool_], *, status: str = "done", **settings: Any) -> int:
        """Add a run whose epoch 1 predicts these test images correctly."""
        spec = make_spec({"data": "eyes", "epochs": 1, "image_size": 32, **settings})
        run_id = add_runs(self.store, [spec]).ids[0]
        held = queue.claim(self.store, self.worker)
        assert held is not None and held.run_id == run_id
        history.begin_attempt(
            self.store, held,
            history.Start(epoch=-1, bucket=0, best=None, steps_per_epoch=1, baseline=float((self.labels == 0).mean()),
                          class_names=["0", "1"], environment={"device": "cpu"}),
        )  # fmt: skip
        predicted = np.where(correct, self.labels, 1 - self.labels).astype(np.uint16)
        matrix = [[int(((self.labels == a) & (predicted == b)).sum()) for b in (0, 1)] for a in (0, 1)]
        acc = float(correct.mean())
        metrics = EpochMetrics(run_id=run_id, epoch=1, attempt=held.attempt, test_acc=acc, seconds=36.0)
        history.record_epoch(
            self.store, held, metrics, matrix, best=history.Best(1, acc, acc, None, None), judgement=None
        )
        self.write(run_id, predicted)
        queue.end(self.store, held, status)  # type: ignore[arg-type]
        return run_id

    def write(self, run_id: int, predicted: NDArray[np.uint16]) -> None:
        paths = self.home.run(run_id)
        paths.folder.mkdir(parents=True)
        scores = np.full((len(predicted), 2), 0.25, np.float32)
        scores[np.arange(len(predicted)), predicted] = 0.75 + np.arange(len(predicted)) / 1000
        for epoch in (0, 1):
            append_predictions(paths, epoch, predicted, scores, fence=_no_fence)
        rows = ["image,label,answer,score"]
        for name, label, answer in zip(self.names, self.labels, predicted, strict=True):
            rows.append(f"{name},{label},{answer},0.9")
        paths.predictions().write_text("\n".join(rows) + "\n")

    def facts(self) -> Facts:
        study = collect(self.store, run_ids=None, sweep=None)
        return read_facts(
            self.home, study, architectures=(), commands={}, progress=lambda _what: None, with_maps=False
        )

    def page(self, out: Path) -> Page:
        write_report(collect(self.store, run_ids=None, sweep=None), out, self.facts())
        return Page((out / "report.html").read_text())


class _no_fence:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    draw_dots(monkeypatch)
    return Made(tmp_path)


def right(wrong: Sequence[int]) -> NDArray[np.bool_]:
    found = np.ones(40, dtype=bool)
    found[list(wrong)] = False
    return found


def groups() -> list[str]:
    return [name.partition("_")[0] for name in NAMES[:40]]


def test_data_and_groups_are_read_from_the_disk(made: Made) -> None:
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


def test_intervals_count_groups(made: Made) -> None:
    correct = right([0, 1, 2, 3, 8, 9])
    run_id = made.run(correct)
    found = made.facts().intervals[run_id]
    expected = share_interval(correct, groups())
    assert (found.low, found.high, found.groups) == (expected.low, expected.high, 20)


def unnamed(found: Comparison) -> Comparison:
    """Return a comparison whose sides do not say what they are: the report has its own names of recipes."""
    return replace(found, sides=tuple(replace(side, about=About()) for side in found.sides))


def test_it_says_of_two_runs_and_of_two_groups_what_compare_says(made: Made, tmp_path: Path) -> None:
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
    assert pair_sentence(pair) in page.all("main")[0].words
    abstract = page.all("section")[0].words
    assert "It is told apart from the next recipe (#2, #4, #6 (n 3)" in abstract
    assert in_one_sentence(pair) in abstract and "over test images and seeds; n 40 test images" in abstract


def test_what_more_would_tell_and_the_optimism_of_the_epoch_are_said(made: Made, tmp_path: Path) -> None:
    made.run(right([0, 1]), lr=0.01, epochs=2)
    made.run(right([2, 3, 4]), lr=0.1, epochs=2)
    found = made.facts().comparisons["eyes"]
    assert found.pairs[0].told_apart is False and found.pairs[0].images_needed
    text = made.page(tmp_path / "out").all("main")[0].words
    assert "test images would tell it apart, with a chance of 80 %." in text
    assert side_sentences(found.sides[0])[0] in text and "too high" in text


def test_a_single_run_above_a_group_is_no_best_recipe_without_a_word(made: Made, tmp_path: Path) -> None:
    made.run(right([0]), lr=0.1)
    for seed in (1, 2):
        made.run(right([seed, 5, 6]), lr=0.01, seed=seed)
    abstract = made.page(tmp_path / "out").all("section")[0].words
    assert "The highest test accuracy is that of a single run, #1" in abstract
    assert "the best recipe of several runs is resnet18, scratch; lr 0.01 (#2, #3): mean" in abstract
    assert "The best recipe is" not in abstract


def test_a_repeated_run_is_counted_once(made: Made, tmp_path: Path) -> None:
    for seed, wrong in ((1, [0]), (2, [0, 1, 2]), (1, [0])):
        made.run(right(wrong), lr=0.01, seed=seed)
    text = made.page(tmp_path / "out").all("main")[0].words
    assert f"mean test accuracy {100 * (39 + 37) / 80:.2f} % over 2 runs" in text
    assert "run 3 repeats run 1: counted once" in text


def test_the_most_confident_errors_are_shown_with_their_images(made: Made, tmp_path: Path) -> None:
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


def test_without_files_the_report_says_what_is_not_known(made: Made, tmp_path: Path) -> None:
    made.run(right([3]), lr=0.01)
    made.run(right([3, 4]), lr=0.1)
    for run_id in (1, 2):
        for path in made.home.run(run_id).folder.iterdir():
            path.unlink()
    text = made.page(tmp_path / "out").all("main")[0].words
    assert "The errors of #1 are not shown: runs/1/predictions.csv is missing" in text
    assert "Whether it differs from the next recipe" in text and "is not known:" in text
    assert "Failure analysis with imagesnot measured" in text
