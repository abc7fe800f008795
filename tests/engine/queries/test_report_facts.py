"""Facts of a report: data, intervals by groups, comparisons of recipes and worst errors, from files of real shape."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_pages import Page
from numpy.typing import NDArray
from pictures import draw
from report_runs import draw_dots

from engine.analysis.comparison.paired import paired_test
from engine.analysis.comparison.share_interval import share_interval
from engine.analysis.report.facts import Facts
from engine.analysis.report.write import write_report
from engine.files.epoch_predictions import append_predictions
from engine.files.paths import Home
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


def test_two_runs_are_compared_as_weights_and_six_as_recipes(made: Made, tmp_path: Path) -> None:
    good, bad = right([0]), right(range(0, 30))
    made.run(good, lr=0.01)
    made.run(bad, lr=0.1)
    [contrast] = made.facts().contrasts["eyes"]
    expected = paired_test(good, bad, groups())
    assert contrast.weights == expected and contrast.recipes is None and contrast.of_what == "these weights"
    assert contrast.adjusted_p == expected.p and contrast.is_told_apart
    for seed in (1, 2):
        made.run(right([seed]), lr=0.01, seed=seed)
        made.run(right(range(seed, 30)), lr=0.1, seed=seed)
    [contrast] = made.facts().contrasts["eyes"]
    assert contrast.recipes is not None and contrast.recipes.first_runs == 3 and contrast.is_told_apart
    abstract = made.page(tmp_path / "out").all("section")[0].words
    assert "It is told apart from the next recipe (#2, #4, #6 (n 3)" in abstract
    assert "which speaks of these recipes." in abstract


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
