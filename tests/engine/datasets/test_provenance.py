"""Images that weights were trained on, and those of them that a later run is tested on."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from indexes import index_builtin, index_folder
from pictures import draw, lab_csvs, write_column
from sessions import context

from engine.datasets.formats.labels.grades import Order
from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.pixels.content import image_hashes, known_hashes, text_hashes
from engine.datasets.provenance import (
    LeakError,
    TrainedOn,
    find_leak,
    leak_known_early,
    load_trained_on,
    save_trained_on,
    trained_on,
)
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.training.leak_check import provenance


def quiet(_text: str) -> None:
    pass


def index_of(splits: list[str], groups: list[str] | None = None) -> Index:
    names = tuple(map(str, range(len(splits))))
    labels = (0,) * len(splits)
    return Index(
        "drawn",
        None,
        names,
        labels,
        tuple(splits),
        tuple(groups) if groups else None,
        ("a",),
        Order(False),
        "f",
    )


def numbers(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


def test_an_image_is_known_under_another_name_and_in_another_table(tmp_path: Path) -> None:
    lab_csvs(tmp_path / "one")
    (tmp_path / "two" / "images").mkdir(parents=True)
    for number in range(4):
        shutil.copy(tmp_path / f"one/images/train{number}_left.jpeg", tmp_path / f"two/images/p{number}.jpg")
    draw(tmp_path / "two" / "images" / "p4.jpg", 1, 999)
    for split, rows in (("train", [0, 1]), ("test", [2, 3, 4])):
        write_column(tmp_path / "two" / f"{split}_img.csv", [f"p{row}" for row in rows])
        write_column(tmp_path / "two" / f"{split}_label.csv", [str(row % 2) for row in rows])
    one, two = (index_folder(tmp_path / name, test_fraction=0.2) for name in ("one", "two"))
    cache = tmp_path / "cache"
    assert known_hashes(two, cache) is None
    source = trained_on(7, one, image_hashes(one, cache, quiet), trains=True, inherited=None)
    leak = find_leak(two, image_hashes(two, cache, quiet), source)
    assert (leak.images, leak.groups, leak.test_images, leak.runs, leak.evaluated) == (2, 0, 2, (7,), 3)
    assert leak.describe() == "the first weights were trained on 2 of the 3 val and test images (run 7)"
    kept = known_hashes(two, cache)
    assert kept is not None and np.array_equal(kept, image_hashes(two, cache, quiet))
    draw(tmp_path / "two" / "images" / "p4.jpg", 1, 998)
    assert known_hashes(two, cache) is None, "a changed file is read anew"
    (tmp_path / "two" / "images" / "p4.jpg").unlink()
    with pytest.raises(DataError, match="p4.jpg cannot be read"):
        image_hashes(two, cache, quiet)


def test_images_that_were_skipped_are_not_read(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 1, 1)
    index = Index(
        "x", tmp_path, ("a.png", "gone.png"), (0, 0), ("test", "skipped"), None, ("a",), Order(False), "f"
    )
    known, skipped = image_hashes(index, tmp_path / "cache", quiet)
    assert known != 0 and skipped == 0
    nothing = np.array([], dtype=np.int64)
    source = TrainedOn(numbers(0, int(known)), np.array([1, 1]), numbers(), nothing)
    assert find_leak(index, image_hashes(index, tmp_path / "cache", quiet), source).images == 1


def test_images_in_an_array_file_are_known_by_their_pixels(tmp_path: Path) -> None:
    pixels = np.arange(3 * 4 * 4 * 3, dtype=np.uint8).reshape(3, 4, 4, 3)
    np.savez(tmp_path / "a.npz", train_images=pixels, test_images=pixels[1:])
    names = ("a.npz#train/0", "a.npz#train/1", "a.npz#test/0")
    index = Index(
        "npz", tmp_path, names, (0, 0, 0), ("train", "train", "test"), None, ("a",), Order(False), "f"
    )
    first, second, third = image_hashes(index, tmp_path / "cache", quiet)
    assert first != second == third
    broken = Index("npz", tmp_path, ("a.npz#test/9",), (0,), ("test",), None, ("a",), Order(False), "f")
    with pytest.raises(DataError, match="a.npz#test/9 cannot be read"):
        image_hashes(broken, tmp_path / "cache", quiet)


def test_the_drawn_sets_share_no_image_and_digits_none_with_itself() -> None:
    drawn = [index_builtin(name, test_fraction=0.2) for name in ("fundus-balanced", "fundus")]
    source = trained_on(1, drawn[0], text_hashes(list(drawn[0].names)), trains=True, inherited=None)
    assert not find_leak(drawn[1], text_hashes(list(drawn[1].names)), source).found
    digits = index_builtin("digits", test_fraction=0.2)
    hashes = text_hashes(list(digits.names))
    source = trained_on(2, digits, hashes, trains=True, inherited=None)
    assert not find_leak(digits, hashes, source).found
    everything = index_builtin("digits", test_fraction=1.0)
    assert find_leak(everything, hashes, source).images == len(digits.rows_of("train")) > 1000


def test_groups_leak_unless_this_data_has_them_on_both_sides_anyway() -> None:
    source = TrainedOn(
        numbers(), np.array([], dtype=np.int64), np.sort(text_hashes(["p1", "p2"])), np.array([4, 4])
    )
    index = index_of(["train", "test", "test", "val"], ["p1", "p1", "p2", "p2"])
    leak = find_leak(index, None, source)
    assert (leak.images, leak.groups, leak.test_images, leak.runs) == (0, 1, 1, (4,))
    assert "1 of their groups (run 4)" in leak.describe()


def test_ancestors_are_kept_when_their_own_record_is_gone(tmp_path: Path) -> None:
    first = trained_on(1, index_of(["train", "test"]), numbers(10, 11), trains=True, inherited=None)
    second = trained_on(2, index_of(["train", "train"]), numbers(10, 12), trains=True, inherited=first)
    third = trained_on(3, index_of(["train", "test"]), numbers(13, 14), trains=False, inherited=second)
    path = tmp_path / "trained_on.npz"
    save_trained_on(path, third)
    loaded = load_trained_on(path)
    assert loaded is not None and loaded.digest() == third.digest() != first.digest()
    assert loaded.images.tolist() == [10, 12] and loaded.image_runs.tolist() == [1, 2]
    leak = find_leak(index_of(["test", "test", "test"]), numbers(10, 12, 13), loaded)
    assert (leak.images, leak.runs) == (2, (1, 2))
    assert load_trained_on(tmp_path / "absent.npz") is None
    path.write_bytes(b"torn")
    assert load_trained_on(path) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["train", "val", "test"]), st.integers(0, 15)), min_size=1, max_size=30
    ),
    st.sets(st.integers(0, 15)),
)
def test_the_count_is_that_of_the_sets(rows: list[tuple[str, int]], known: set[int]) -> None:
    splits, content = zip(*rows, strict=True)
    source = TrainedOn(
        numbers(*sorted(known)), np.full(len(known), 5), numbers(), np.array([], dtype=np.int64)
    )
    leak = find_leak(index_of(list(splits)), numbers(*content), source)
    own = {value for split, value in rows if split == "train"}
    hits = [split for split, value in rows if split != "train" and value in known - own]
    assert (leak.images, leak.test_images) == (len(hits), hits.count("test"))
    assert leak.found == bool(hits) and leak.runs == ((5,) if hits else ())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Run 1 of this home was trained on the lab's CSVs; `swapped` has the same images, train and test exchanged."""
    lab_csvs(tmp_path / "lab", both_eyes=True)
    lab_csvs(tmp_path / "swapped", both_eyes=True)
    for kind in ("img", "label"):
        train, test = (tmp_path / "swapped" / f"{split}_{kind}.csv" for split in ("train", "test"))
        first, second = train.read_text(), test.read_text()
        train.write_text(second)
        test.write_text(first)
    found = Home.find(tmp_path)
    index = index_folder(tmp_path / "lab", test_fraction=0.2)
    found.run(1).folder.mkdir(parents=True)
    what, leak = provenance(context(make_spec({"data": "lab"}), found, 1, quiet), index)
    assert leak is None
    save_trained_on(found.run(1).trained_on, what)
    return found


def test_a_leak_is_refused_unless_it_is_allowed(home: Home) -> None:
    index = index_folder(home.root / "swapped", test_fraction=0.2)
    spec = make_spec({"data": "swapped", "pretrained": "run:1"})
    with pytest.raises(LeakError, match="6 of the 6 val and test images and 3 of their groups"):
        provenance(context(spec, home, 2, quiet), index)
    said: list[str] = []
    allowed = make_spec({"data": "swapped", "pretrained": "run:1", "allow_leak": True})
    assert allowed.digest() == spec.digest()
    what, leak = provenance(context(allowed, home, 2, said.append), index)
    assert leak is not None
    assert leak.document() == {"images": 6, "groups": 3, "test_images": 6, "from": [1]}
    assert said[-1].endswith("allowed by allow_leak")
    assert len(what.images) == 10 and set(what.image_runs.tolist()) == {1, 2}
    same = make_spec({"data": "lab", "pretrained": "run:1"})
    _, none = provenance(
        context(same, home, 3, said.append), index_folder(home.root / "lab", test_fraction=0.2)
    )
    assert none is not None and not none.found
    assert said[-1] == "the first weights know no val or test image that this run does not train on itself"


def test_a_runs_file_by_its_path_is_that_run_and_others_are_unknown(home: Home) -> None:
    index = index_folder(home.root / "swapped", test_fraction=0.2)
    by_path = make_spec({"data": "swapped", "pretrained": "runs/1/best.safetensors"})
    with pytest.raises(LeakError):
        provenance(context(by_path, home, 2, quiet), index)
    said: list[str] = []
    elsewhere = make_spec({"data": "swapped", "pretrained": "weights.pth"})
    assert provenance(context(elsewhere, home, 2, said.append), index)[1] is None
    assert said[-1].startswith("the training images of weights.pth are unknown")
    home.run(1).trained_on.unlink()
    assert (
        provenance(context(make_spec({"data": "swapped", "pretrained": "run:1"}), home, 2, quiet), index)[1]
        is None
    )


def test_before_the_start_groups_are_known_and_images_once_they_were_read(home: Home) -> None:
    spec = make_spec({"data": "swapped", "pretrained": "run:1"})
    index = index_folder(home.root / "swapped", test_fraction=0.2)
    early = leak_known_early(home, spec, lambda: index)
    assert early is not None and (early.images, early.groups) == (0, 3)
    image_hashes(index, home.cache, quiet)
    early = leak_known_early(home, spec, lambda: index)
    assert early is not None and (early.images, early.groups) == (6, 3)
    with (home.root / "swapped" / "test_img.csv").open() as file:
        assert len(list(csv.reader(file))) == 6
    assert leak_known_early(home, make_spec({"data": "swapped"}), lambda: index) is None
    assert (
        leak_known_early(home, make_spec({"data": "swapped", "pretrained": "run:8"}), lambda: index) is None
    )
