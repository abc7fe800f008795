"""Groups as the store has them: all members whatever is asked for, and the numbers of each."""

import random
from pathlib import Path

import pytest
from grouped_runs import finish
from studies import open_study

from engine.analysis.groups import Group
from engine.analysis.summary import summarise
from engine.queries.read_groups import IN_LISTS, folds_of_changed, group_of_run, list_groups, read_groups
from engine.spec.grid import expand_grid, make_spec
from engine.spec.repetitions import with_seeds, with_seeds_and_splits
from engine.store.add import add_runs
from engine.store.clock import seen_change
from engine.store.database import Store, open_store
from engine.store.errors import QueueError
from tests.golden.documents import old_home


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Runs 1-3 and 4-6: two recipes with three seeds each; 7 alone."""
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    add_runs(store, with_seeds(expand_grid({"data": "digits", "lr": [0.1, 0.2]}), 3), sweep="one", name="n")
    add_runs(store, [make_spec({"data": "digits", "lr": 0.3})], sweep="two")
    return store


def groups(store: Store, **more: str) -> list[Group]:
    with store.read() as session:
        return list_groups(session, **more)


def test_a_list_has_each_group_with_its_runs(store: Store) -> None:
    finish(store, {1: 0.5, 2: 0.6, 3: 0.7, 4: 0.9})
    first, second = groups(store)
    assert (first.run_ids, second.run_ids) == ((1, 2, 3), (4, 5, 6))
    assert first.summary("test_acc") == summarise([0.5, 0.6, 0.7], bounds=(0, 1))
    assert first.summary("test_acc", "last").mean == pytest.approx(0.59)
    assert (second.summary("test_acc").n, second.remarks()) == (1, ["1 of 3 done, queued: 5, 6"])
    assert first.baseline == pytest.approx(0.1) and first.setting("lr") == 0.1 and first.label == "n"


def test_all_numbers_of_a_group_are_those_of_the_list_and_more(store: Store) -> None:
    finish(store, {1: 0.5, 2: 0.6, 3: 0.7, 4: 0.9, 5: 0.8})
    with store.read() as session:
        whole = read_groups(session, [2, 5, 7])
    assert [group.run_ids for group in whole] == [group.run_ids for group in groups(store)]
    for one, other in zip(whole, groups(store), strict=True):
        for moment in IN_LISTS:
            assert one.summary("test_acc", moment) == other.summary("test_acc", moment)
    assert whole[0].summary("macro_f1").mean == pytest.approx(0.3)


def test_a_run_without_repetitions_is_in_no_group(store: Store) -> None:
    with store.read() as session:
        assert group_of_run(session, 7) is None
        with pytest.raises(QueueError):
            group_of_run(session, 8)


def test_a_sweep_shows_whole_groups(store: Store) -> None:
    """A later seed in another sweep moves the group's numbers in both, or in none."""
    (spec,) = with_seeds([make_spec({"data": "digits", "lr": 0.1, "seed": 3})], 1)
    add_runs(store, [spec], sweep="two")
    finish(store, {1: 0.5, 2: 0.6, 3: 0.7, 8: 0.2})
    (shown,) = groups(store, sweep="two")
    assert shown == groups(store)[0] == groups(store, sweep="one")[0] and shown.run_ids == (1, 2, 3, 8)
    assert groups(store, sweep="none") == []


def test_splits_and_folds_are_read(store: Store) -> None:
    add_runs(store, with_seeds_and_splits([make_spec({"data": "digits", "lr": 0.5})], 2))
    add_runs(store, expand_grid({"data": "digits", "lr": 0.6, "folds": 3}))
    *_, splits, folds = groups(store)
    assert [(each.seed, each.split_seed, each.fold) for each in splits.members] == [(0, 0, 0), (1, 1, 0)]
    assert [(each.seed, each.split_seed, each.fold) for each in folds.members] == [
        (0, 0, 1),
        (0, 0, 2),
        (0, 0, 3),
    ]
    assert folds.folds == 3 and not splits.folds


def test_a_data_set_whose_name_looks_like_a_setting_is_no_setting(store: Store) -> None:
    name = 'x","split_seed":7,"fold":9,"'
    add_runs(store, with_seeds([make_spec({"data": name})], 2))
    assert [(each.split_seed, each.fold) for each in groups(store)[-1].members] == [(0, 0)] * 2


def test_runs_on_other_contents_are_another_group(store: Store) -> None:
    finish(store, {1: 0.5, 2: 0.6})
    finish(store, {3: 0.9}, fingerprint="g")
    first, _ = groups(store)
    assert first.run_ids == (1, 2) and first.other_data == (3,)


def test_a_home_of_an_older_version_has_groups(tmp_path: Path) -> None:
    old = open_store(f"sqlite:///{old_home(tmp_path) / 'runs.db'}")
    for group in groups(old):
        assert len(group.run_ids) > 1 and {(each.split_seed, each.fold) for each in group.members} == {(0, 0)}
        assert group.setting("folds") == 0 and group.label


def test_a_study_of_single_runs_has_the_group_of_its_seeds(tmp_path: Path) -> None:
    """Runs 3 and 8 are one recipe with two seeds."""
    assert [group.run_ids for group in groups(open_study(tmp_path / "runs.db"))] == [(3, 8)]


def test_no_run_added_to_another_group_moves_a_number(store: Store) -> None:
    finish(store, {run_id: random.Random(run_id).random() for run_id in range(1, 7)})
    before = groups(store)
    add_runs(store, with_seeds([make_spec({"data": "fundus"})], 4))
    finish(store, {8: 0.1, 9: 0.2})
    after = groups(store)
    assert after[:2] == before
    assert [each.summary("test_acc") for each in after[:2]] == [each.summary("test_acc") for each in before]


def test_only_runs_of_a_cross_validation_have_a_fold(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    add_runs(store, [make_spec({"data": "digits"})])
    add_runs(store, [make_spec({"data": "digits", "folds": 12, "fold": fold}) for fold in (3, 10)])
    with store.read() as session:
        before = seen_change(session)
        assert folds_of_changed(session, -1) == {2: (3, 12), 3: (10, 12)}
        assert folds_of_changed(session, before) == {}
    store.close()
