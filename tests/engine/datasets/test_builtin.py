"""The built-in sets: their shapes, their shares, and that a grade can be seen in the pixels."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pytest
from made_once import made_once
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from engine.datasets import builtin
from engine.datasets.builtin import BUILTIN_NAMES, GRADES, builtin_images, builtin_table
from engine.datasets.synthetic.fundus import draw_fundus

STUDY_TRAIN = (20_656, 1_955, 4_210, 698, 581)
STUDY_TEST = (5_154, 488, 1_082, 175, 127)


@dataclass(frozen=True)
class BuiltinImages:
    """A set with its images."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    splits: NDArray[np.str_] | None
    class_names: tuple[str, ...]
    ordered: bool


def with_table(name: str, images: NDArray[np.uint8]) -> BuiltinImages:
    table = builtin_table(name)
    return BuiltinImages(images, table.labels, table.splits, table.class_names, table.ordered)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuiltinImages]:
    def draw() -> dict[str, NDArray[np.uint8]]:
        return {name: builtin_images(name, 32) for name in BUILTIN_NAMES}

    drawn = made_once(tmp_path_factory, "builtin", draw)
    return {name: with_table(name, drawn[name]) for name in BUILTIN_NAMES}


def counts(drawn: BuiltinImages, split: str) -> list[int]:
    assert drawn.splits is not None
    return np.bincount(drawn.labels[drawn.splits == split], minlength=5).tolist()


@pytest.mark.parametrize("name", BUILTIN_NAMES)
def test_every_set_is_rgb_bytes_with_a_label_for_each_image(
    sets: dict[str, BuiltinImages], name: str
) -> None:
    images, labels = sets[name].images, sets[name].labels
    assert images.dtype == np.uint8 and images.shape == (len(labels), 32, 32, 3)
    assert labels.dtype == np.int64
    assert set(labels.tolist()) == set(range(len(sets[name].class_names)))
    assert images.max() > 200 and images.min() == 0


def test_digits_are_grey_and_leave_the_split_to_the_index(sets: dict[str, BuiltinImages]) -> None:
    digits = sets["digits"]
    assert len(digits.labels) == 1797 and digits.splits is None and not digits.ordered
    assert np.ptp(digits.images, axis=-1).max() == 0


def test_digits_show_the_8_by_8_originals_at_their_own_size() -> None:
    from sklearn.datasets import load_digits

    digits, shown = load_digits(), builtin_images("digits", 8)[..., 0] / (255 / 16)
    assert np.abs(shown - digits.images).max() < 0.05
    table = builtin_table("digits")
    assert table.labels.tolist() == digits.target.tolist()
    assert table.class_names == tuple(map(str, digits.target_names))


@pytest.mark.parametrize("split, study", [("train", STUDY_TRAIN), ("test", STUDY_TEST)])
def test_fundus_keeps_the_class_shares_of_the_study(
    sets: dict[str, BuiltinImages], split: str, study: tuple[int, ...]
) -> None:
    drawn = np.array(counts(sets["fundus"], split))
    exact = np.array(study) / sum(study) * drawn.sum()
    assert np.abs(drawn - exact).max() < 1.0
    assert drawn.min() >= 5
    assert sets["fundus"].ordered and sets["fundus"].class_names == GRADES


def test_the_balanced_set_has_as_many_of_each_grade_in_both_splits(sets: dict[str, BuiltinImages]) -> None:
    for split in ("train", "test"):
        assert len(set(counts(sets["fundus-balanced"], split))) == 1


def test_no_photograph_occurs_twice_in_or_between_the_drawn_sets(sets: dict[str, BuiltinImages]) -> None:
    photographs = [image.tobytes() for name in ("fundus", "fundus-balanced") for image in sets[name].images]
    assert len(set(photographs)) == len(photographs)


def test_neither_split_is_sorted_by_grade(sets: dict[str, BuiltinImages]) -> None:
    for name in ("fundus", "fundus-balanced"):
        assert np.abs(np.diff(sets[name].labels)).sum() > 100


def test_a_photograph_depends_on_seed_index_and_grade_alone() -> None:
    def digest(seed: int, index: int, grade: int) -> str:
        return hashlib.sha256(draw_fundus(seed, index, grade, 48).tobytes()).hexdigest()

    assert digest(1, 2, 3) == digest(1, 2, 3)
    assert len({digest(1, 2, 3), digest(9, 2, 3), digest(1, 9, 3), digest(1, 2, 4)}) == 4


def test_another_size_shows_the_same_eye() -> None:
    small, large = (draw_fundus(5, 0, 4, size_px).astype(float) for size_px in (48, 96))
    halved = large.reshape(48, 2, 48, 2, 3).mean(axis=(1, 3))
    other = draw_fundus(5, 1, 4, 48).astype(float)
    assert np.abs(small - halved).mean() < 0.25 * np.abs(small - other).mean()


def test_outside_the_aperture_it_is_dark_and_the_retina_is_red_before_green_before_blue() -> None:
    photograph = draw_fundus(3, 0, 0, 64).astype(float)
    assert photograph[:4, :4].mean() < 8
    red, green, blue = photograph[16:48, 16:48].mean(axis=(0, 1))
    assert red > 100 and red > green > blue


def lesion_colours(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Shares of bright yellow, dark, and strongly red pixels inside the aperture."""
    red, green, blue = np.moveaxis(images.astype(np.float64), -1, 0)
    inside = np.hypot(*np.meshgrid(np.linspace(-1, 1, 32), np.linspace(-1, 1, 32))) < 0.85
    ratio = green / (red + 1)
    marks = [ratio > 0.75, ratio < 0.28, ratio < 0.2, red < 90, red < 60, green > 150, blue < 18]
    return np.stack([(mark & inside).mean(axis=(1, 2)) for mark in marks], axis=-1)


def test_simple_colour_counts_see_the_grade(sets: dict[str, BuiltinImages]) -> None:
    balanced = sets["fundus-balanced"]
    train = balanced.splits == "train"
    seen = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    features = lesion_colours(balanced.images)
    seen.fit(features[train], balanced.labels[train])
    assert seen.score(features[~train], balanced.labels[~train]) > 0.45


def test_an_unknown_name_is_answered_with_the_choices() -> None:
    with pytest.raises(ValueError, match="digits, fundus, fundus-balanced") as error:
        builtin_table("cats")
    assert "\n" not in str(error.value)


def test_the_digits_are_the_same_where_scikit_learn_keeps_their_file_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels, images = builtin._digits()
    monkeypatch.setattr(builtin, "DIGITS", "datasets/moved.csv.gz")
    moved_labels, moved_images = builtin._digits()
    assert np.array_equal(labels, moved_labels) and np.array_equal(images, moved_images)
