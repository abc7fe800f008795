"""Groups of runs: which runs are in one, which count, and what their numbers cover."""

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.groups import Group, Member, group_runs, labels_of
from engine.analysis.summary import summarise


def run(run_id: int, key: str = "a", acc: float | None = 0.5, **more: object) -> Member:
    numbers = {} if acc is None else {"test_acc": acc}
    seed = int(str(more.pop("seed", run_id)))
    values = {
        "status": "done",
        "spec_hash": f"{key}/{seed}/{more.get('split_seed', 0)}/{more.get('fold', 0)}",
    }
    values |= {"data_fingerprint": "d", **more}
    return Member(run_id, key, seed=seed, best=numbers, last=numbers, **values)  # type: ignore[arg-type]


def grouped(members: Iterable[Member], **settings: object) -> list[Group]:
    every = list(members)
    return group_runs(every, {each.group_key: json.dumps(settings) for each in every})


def only(members: list[Member], **settings: object) -> Group:
    (found,) = grouped(members, **settings)
    return found


def test_a_group_exists_from_two_runs_on() -> None:
    assert grouped([run(1), run(2, "b")]) == []
    assert only([run(1), run(2, "b"), run(3)]).run_ids == (1, 3)


def test_runs_without_a_key_are_in_none() -> None:
    assert grouped([run(1, ""), run(2, "")]) == []


def test_only_done_runs_count_and_the_others_are_named() -> None:
    found = only(
        [
            run(1, acc=0.6),
            run(2, acc=0.8),
            run(3, acc=0.1, status="running"),
            run(4, acc=None, status="queued"),
        ]
    )
    assert found.summary("test_acc").n == 2 and found.summary("test_acc").mean == pytest.approx(0.7)
    assert found.remarks() == ["2 of 4 done, running: 3, queued: 4"]


def test_a_repeat_of_a_seed_counts_once() -> None:
    found = only([run(1, acc=0.6), run(2, acc=0.8), run(3, acc=0.61, seed=1)])
    assert found.summary("test_acc") == summarise([0.6, 0.8], bounds=(0, 1))
    assert found.remarks() == ["run 3 repeats run 1: counted once"] and found.distinct == 2


def test_a_failed_run_does_not_hide_its_retry() -> None:
    found = only([run(1, acc=0.2, status="failed"), run(2, acc=0.8, seed=1), run(3, acc=0.6)])
    assert [each.run_id for each in found.counted] == [2, 3]


def test_other_contents_of_the_data_are_never_averaged() -> None:
    old, new = grouped(
        [run(1), run(2), run(3, acc=0.9, data_fingerprint="e"), run(4, acc=0.9, data_fingerprint="e")]
    )
    assert (old.key, old.run_ids, new.key, new.run_ids) == ("a", (1, 2), "a:e", (3, 4))
    assert old.summary("test_acc").mean == 0.5 and new.summary("test_acc").mean == 0.9
    assert old.remarks() == ["not averaged with runs of other contents of the data set: 3, 4"]


def test_a_single_run_on_other_contents_is_named_beside_the_group() -> None:
    found = only([run(1), run(2), run(3, acc=0.9, data_fingerprint="e")])
    assert found.run_ids == (1, 2) and found.other_data == (3,)


class Incomparable(Member):
    """A run that refuses to be compared: to find each among all others takes the square of their number."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("runs of a group are compared with each other")

    __hash__ = Member.__hash__


def test_a_large_group_on_several_contents_compares_no_two_runs() -> None:
    runs = [Incomparable(*run(each, data_fingerprint=f"data {each % 3}")) for each in range(1, 10)]
    assert [group.other_data for group in grouped(runs)] == [
        (2, 3, 5, 6, 8, 9), (1, 3, 4, 6, 7, 9), (1, 2, 4, 5, 7, 8),
    ]  # fmt: skip


def test_a_queued_run_goes_with_the_newest_contents() -> None:
    members = [run(1), run(2, data_fingerprint="e"), run(3, status="queued", data_fingerprint="")]
    assert only(members).run_ids == (2, 3)


@pytest.mark.parametrize(
    ("members", "covers", "differing"),
    [
        ([run(1), run(2)], "seeds", ("seed",)),
        ([run(1, seed=0), run(2, seed=0)], "nothing", ()),
        ([run(1), run(2, split_seed=1)], "seeds and splits", ("split_seed", "seed")),
        ([run(1, seed=0), run(2, seed=0, split_seed=1)], "splits", ("split_seed",)),
        ([run(1, seed=0, fold=1), run(2, seed=0, fold=2)], "folds", ("fold",)),
        ([run(1, fold=1), run(2, fold=2)], "seeds and folds", ("fold", "seed")),
        ([run(1), run(2, status="queued")], "nothing", ("seed",)),
    ],
)
def test_what_the_numbers_cover(members: list[Member], covers: str, differing: tuple[str, ...]) -> None:
    found = only(members, folds=2 if "fold" in differing else 0)
    assert (found.covers, found.differing) == (covers, differing)


def test_runs_on_one_split_are_averaged_before_splits_are() -> None:
    """Three seeds on one split and one run on another are two splits, not four independent runs."""
    accs = [(0, 0.6), (0, 0.7), (0, 0.8), (1, 0.9)]
    members = [run(n, acc=acc, split_seed=split) for n, (split, acc) in enumerate(accs, 1)]
    found, wanted = only(members).summary("test_acc"), summarise([0.7, 0.9], overlap=0.25, bounds=(0, 1))
    assert (found.n, found.mean, found.sd, found.low, found.high) == pytest.approx(
        (2, 0.8, wanted.sd, wanted.low, wanted.high)
    )


def test_one_split_is_not_widened() -> None:
    members = [run(n, acc=acc) for n, acc in enumerate([0.6, 0.7, 0.8], 1)]
    assert only(members).summary("test_acc") == summarise([0.6, 0.7, 0.8], bounds=(0, 1))


def test_an_unknown_metric_is_an_error() -> None:
    with pytest.raises(KeyError):
        only([run(1), run(2)]).summary("test_akkuracy")


KEYS, STATUSES, DATA = (
    st.sampled_from("abc"),
    st.sampled_from(["done", "failed", "queued"]),
    st.sampled_from(["d", "e", ""]),
)
RUNS = st.lists(
    st.tuples(KEYS, STATUSES, DATA, st.integers(0, 3), st.integers(0, 2), st.floats(0, 1)), max_size=14
)


def _member(run_id: int, drawn: tuple[str, str, str, int, int, float]) -> Member:
    key, status, data, seed, split_seed, acc = drawn
    more = {"status": status, "data_fingerprint": data, "split_seed": split_seed}
    return run(run_id, key, acc, seed=seed, **more)


@given(RUNS, RUNS, st.randoms(use_true_random=False))
def test_a_run_added_elsewhere_moves_no_numbers(before: list, more: list, order: object) -> None:  # type: ignore[type-arg]
    """Whatever is added to other groups, and in whatever order runs are read, a group's numbers stay."""
    first = [_member(number, each) for number, each in enumerate(before, 1)]
    added = [
        _member(number, each)._replace(group_key=f"other {each[0]}")
        for number, each in enumerate(more, len(first) + 1)
    ]
    together = [*first, *added]
    order.shuffle(together)  # type: ignore[attr-defined]
    found = {group.key: group for group in grouped(together)}
    for group in grouped(first):
        assert found[group.key] == group
        assert found[group.key].summary("test_acc") == group.summary("test_acc")


@given(RUNS)
def test_every_run_is_in_one_group_at_most_and_every_counted_run_once(drawn: list) -> None:  # type: ignore[type-arg]
    groups = grouped(_member(number, each) for number, each in enumerate(drawn, 1))
    ids = [run_id for group in groups for run_id in group.run_ids]
    assert len(ids) == len(set(ids))
    for group in groups:
        assert len({each.spec_hash for each in group.counted}) == len(group.counted)
        assert len({each.data_fingerprint for each in group.members if each.is_done}) <= 1


def test_the_overlap_of_splits_follows_from_the_settings() -> None:
    assert only([run(1), run(2)]).overlap == pytest.approx(0.25)
    assert only([run(1), run(2)], folds=5).overlap == pytest.approx(0.25)
    assert only([run(1), run(2)], folds=10).overlap == pytest.approx(1 / 9)
    assert only([run(1), run(2)], test_fraction=0.5, val_fraction=0.2).overlap == pytest.approx(1.25)
    assert only([run(1), run(2)], epochs=0, folds=5).overlap == 0
    assert only([run(1), run(2)], test_fraction=1.0).overlap == 0


def test_a_label_is_the_common_name_or_what_is_trained() -> None:
    assert only([run(1, name="lab"), run(2, name="lab")]).label == "lab"
    settings = {"arch": "resnet50", "pretrained": "imagenet", "lr": 0.01}
    assert only([run(1, name="lab"), run(2)], **settings).label == "resnet50 imagenet, lr 0.01"


def test_a_setting_that_varies_is_no_setting_of_the_group() -> None:
    found = only([run(1), run(2)], batch_size=4, seed=3)
    assert found.setting("batch_size") == 4 and found.setting("epochs") == 10
    with pytest.raises(KeyError):
        found.setting("seed")


def test_groups_of_one_label_are_told_apart_by_their_settings() -> None:
    specs = {
        "a": {"data": "digits", "loss": "ce"},
        "b": {"data": "digits"},
        "c": {"data": "fundus", "loss": "ce-sqrt"},
    }
    specs["b"] |= {"loss": "ce-sqrt", "batch_size": 4}
    members = [run(number, key) for number, key in enumerate("aabbcc", 1)]
    common = {"arch": "resnet18", "lr": 0.01}
    found = labels_of(group_runs(members, {key: json.dumps(common | each) for key, each in specs.items()}))
    assert found == {
        "a": "resnet18, lr 0.01, batch_size 32, loss ce",
        "b": "resnet18, lr 0.01, batch_size 4, loss ce-sqrt",
        "c": "resnet18, lr 0.01",
    }


def test_of_cross_validations_the_whole_ones_count() -> None:
    folds = [run(fold, acc=0.5, seed=0, fold=fold) for fold in (1, 2, 3)]
    begun = [run(4, acc=0.9, seed=1, fold=1), run(5, acc=0.9, seed=1, fold=2)]
    found = only([*folds, *begun], folds=3)
    assert [each.run_id for each in found.counted] == [1, 2, 3] and found.summary("test_acc").mean == 0.5
    assert found.remarks() == ["not counted, of a cross-validation that lacks folds: 4, 5"]
    last = run(6, acc=0.6, seed=1, fold=3, status="running")
    assert only([*folds, *begun, last], folds=3).partial == {4, 5}
    found = only([*folds, *begun, run(6, acc=0.6, seed=1, fold=3)], folds=3)
    assert len(found.counted) == 6 and found.summary("test_acc").n == 3 and not found.remarks()
    found = only([*folds[:2], *begun], folds=3)
    assert len(found.counted) == 4 and not found.whole, "while none is whole, all that is done counts"
