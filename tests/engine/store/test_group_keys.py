"""Key of a group: equal for runs that differ in nothing but what varies between repetitions."""

import itertools
from pathlib import Path

import pytest

from engine.spec.grid import load_spec, make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import open_store
from tests.golden.documents import old_home


def test_a_home_of_version_0_1_0_gets_the_keys_that_new_runs_get(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{old_home(tmp_path) / 'runs.db'}")
    with store.read() as session:
        runs = listing.list_runs(session)
    assert len(runs) > 10
    assert [run.group_key for run in runs] == [load_spec(run.spec).group_digest() for run in runs]


def test_runs_of_one_recipe_share_their_key_whatever_the_seed(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(3)])
    with store.read() as session:
        keys = {run.group_key for run in listing.list_runs(session)}
    assert len(keys) == 1 and keys != {""}


@pytest.mark.parametrize("change", [{"lr": 0.02}, {"epochs": 3}, {"arch": "resnet50"}, {"data": "fundus"}])
def test_another_setting_is_another_group(change: dict[str, object]) -> None:
    one, other = (make_spec({"data": "digits", **more}) for more in ({}, change))
    assert one.group_digest() != other.group_digest()


def test_what_changes_no_result_changes_no_group() -> None:
    settings = [{"ordered": "on"}, {"ordered": "off"}, {"allow_leak": True}]
    keys = [make_spec({"data": "digits", **each}).group_digest() for each in settings]
    assert all(one == other for one, other in itertools.pairwise(keys))
