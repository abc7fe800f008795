"""Drawn splits: whole groups, fair shares, the same for the same data; and what names say of groups."""

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indexes import index_builtin

from engine.datasets.formats.labels.grades import Order
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.rows import Row
from engine.datasets.groups import groups_by_column, groups_by_name
from engine.datasets.index import Index
from engine.datasets.indexing import survey_layout
from engine.datasets.leaks import other_member
from engine.datasets.read_options import ReadOptions
from engine.datasets.splits import draw_split, split_seed

GROUPED = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=200)
FRACTIONS = st.sampled_from([0.1, 0.2, 1 / 3, 0.5, 0.8])


def draw(table: list[tuple[int, int]], fraction: float, seed: str = "s") -> set[int]:
    labels, groups = [label for label, _ in table], [str(group) for _, group in table]
    return draw_split(range(len(table)), labels, groups, fraction, seed)


@settings(max_examples=200, deadline=None)
@given(GROUPED, FRACTIONS)
def test_no_group_is_in_two_splits(table: list[tuple[int, int]], fraction: float) -> None:
    taken = draw(table, fraction)
    inside = {table[row][1] for row in taken}
    outside = {table[row][1] for row in range(len(table)) if row not in taken}
    assert not inside & outside


@settings(max_examples=200, deadline=None)
@given(GROUPED, FRACTIONS)
def test_each_class_is_near_its_share_where_groups_have_one_class(
    table: list[tuple[int, int]], fraction: float
) -> None:
    """Off by half of the class's largest group at most; a class of several groups aims at an image or more
    on either side."""
    table = [(group % 4, group) for _, group in table]
    taken = draw(table, fraction)
    for label in {label for label, _ in table}:
        groups = Counter(group for each, group in table if each == label)
        size = sum(groups.values())
        wanted = min(max(size * fraction, 1), size - 1) if len(groups) > 1 else size * fraction
        got = sum(table[row][0] == label for row in taken)
        assert abs(got - wanted) <= max(groups.values()) / 2


@settings(max_examples=100, deadline=None)
@given(GROUPED, FRACTIONS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    table: list[tuple[int, int]], fraction: float, shuffle: random.Random
) -> None:
    numbered = [(f"image{row}", label, group) for row, (label, group) in enumerate(table)]

    def names(rows: list[tuple[str, int, int]]) -> set[str]:
        seed = split_seed(f"{name}\t{label}" for name, label, _ in rows)
        return {rows[row][0] for row in draw([(label, group) for _, label, group in rows], fraction, seed)}

    again = numbered.copy()
    shuffle.shuffle(again)
    assert names(numbered) == names(again)


def test_eyes_that_disagree_keep_the_shares() -> None:
    chance = random.Random(0)
    table = []
    for patient in range(3000):
        grade = chance.choices(range(4), [0.735, 0.07, 0.15, 0.045])[0]
        other = grade if chance.random() < 0.8 else chance.choices(range(4), [0.735, 0.07, 0.15, 0.045])[0]
        table += [(grade, patient), (other, patient)]
    taken = draw(table, 0.2)
    sizes, got = Counter(label for label, _ in table), Counter(table[row][0] for row in taken)
    assert all(abs(got[label] - 0.2 * size) <= 2 for label, size in sizes.items())
    assert taken != draw(table, 0.2, "another seed")


def test_a_rare_class_is_on_both_sides() -> None:
    table = [(0, row) for row in range(40)] + [(1, 40), (1, 41), (2, 42)]
    taken = draw(table, 0.2)
    assert Counter(table[row][0] for row in taken) == {0: 8, 1: 1}, "a class of one image stays in train"


@pytest.mark.parametrize(
    ("names", "groups", "rule"),
    [
        (["1_left", "1_right", "2_left"], ["1", "1", "2"], "<patient>_left and _right"),
        (["x/7-Left.png", "y/7-Right.png"], ["7", "7"], "<patient>_left and _right"),
        (["RET002OD", "RET002OS", "RET003OD"], ["RET002", "RET002", "RET003"], "<patient>_OD and _OS"),
        (["1_l1", "1_l2", "1_r1", "2_r1"], ["1", "1", "1", "2"], "<patient>_l and _r"),
        (["p01_3", "p01_4", "p02_1"], ["p01", "p01", "p02"], "p<patient>_ at their start"),
        (["1_left", "2_left", "3_left"], None, ""),
        (["IDRiD_01", "IDRiD_02"], None, ""),
        (["01_dr", "01_g", "01_h"], None, ""),
        ([f"eye_left_{row}" for row in range(40)] + ["eye_right_1"], None, ""),
        (["cod", "os", "left"], None, ""),
        ([], None, ""),
    ],
)
def test_groups_are_read_from_names_only_where_they_convince(
    names: list[str], groups: list[str] | None, rule: str
) -> None:
    files = [name if "." in name else f"{name}.png" for name in names]
    found = groups_by_name(files)
    assert (found is None) == (groups is None)
    if found is not None:
        assert list(found.of) == groups and found.rule == f"names {rule}"


def test_a_guessed_column_must_look_like_patients() -> None:
    files = [f"{row}.png" for row in range(400)]
    arms = [str(row % 2) for row in range(400)]
    assert groups_by_column(arms, files, "column group", given=False) is None
    given_groups = groups_by_column(arms, files, "column group", given=True)
    assert given_groups is not None and set(given_groups.of) == {"0", "1"}
    patients = groups_by_column(
        [str(row // 2) for row in range(399)] + [None], files, "column p", given=False
    )
    assert patients is not None and patients.of[-2:] == ("199", "image 399")


def test_what_the_other_members_label_is_worth() -> None:
    groups = ("a", "a", "b", "b", "c", "d", "d", "d")
    splits = ("train", "test", "train", "test", "test", "train", "train", "test")
    labels = (0, 0, 1, 0, 1, 2, 0, 0)
    index = Index(
        "x", None, tuple("abcdefgh"), labels, splits, groups, ("0", "1", "2"), Order(True), "", "rule"
    )
    found = other_member(index)
    assert found is not None and (found.images, found.of) == (3, 4)
    assert found.accuracy == pytest.approx(2 / 3), "d's labels tie: the lower one is answered"
    assert found.accuracy_all == pytest.approx(2 / 4), "c has no member in train: 0, the most frequent there"
    assert found.kappa == pytest.approx(0) and found.kappa_all is not None


@pytest.mark.parametrize(
    ("name", "digest"),
    [("digits", "6491cab7b1de9812"), ("fundus", "ef88612f8e199e55"), ("fundus-balanced", "c8bd5d98a520ddde")],
)
def test_the_splits_of_built_in_sets_are_those_that_published_figures_rest_on(name: str, digest: str) -> None:
    assert index_builtin(name).digest == digest


def test_a_drawn_split_is_for_good() -> None:
    """Runs were trained and compared on it: a change of the draw changes the meaning of all earlier runs."""
    rows = [
        Row(f"im/{patient}_{eye}.png", str(patient * 7 % 11 % 3), None)
        for patient in range(40)
        for eye in ("left", "right")
    ]
    layout = Layout("table", "", Path("data"), tuple(rows))
    index = survey_layout(layout, ReadOptions(val_fraction=0.2)).checked()
    patients = {
        split: {(index.groups or ())[row] for row in index.rows_of(split)} for split in ("val", "test")
    }
    assert sorted(patients["test"], key=int) == ["4", "8", "14", "17", "19", "27", "29", "33"]
    assert sorted(patients["val"], key=int) == ["2", "6", "7", "9", "12", "26", "30"]
    assert (index.fingerprint, index.digest) == ("3af9f49ca0dee651", "e79b43ef18f73076")
