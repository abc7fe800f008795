"""Settings that tell recipes apart where they look alike in the run table."""

from pathlib import Path
from typing import Any

from table_rows import listed

from engine.queries.read_groups import read_specs
from engine.spec.grid import make_spec
from engine.spec.run_spec import DEFAULTS, RunSpec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.overview import Listed, changed_runs
from tui.views import unlike
from tui.views.unlike import Unlike


def spec_of(**settings: Any) -> RunSpec:
    return make_spec({"data": "digits", **settings})


def runs_of(specs: list[RunSpec]) -> list[Listed]:
    return [
        listed(
            number, group_key=spec.group_digest(), data=spec.data, arch=spec.arch, pretrained=spec.pretrained
        )
        for number, spec in enumerate(specs, 1)
    ]


def told(*specs: RunSpec) -> list[str]:
    """The words for each of these, once all that is wanted has been read."""
    found = Unlike()
    found.take(runs_of(list(specs)))
    read_all(found, *specs)
    return [found.words(spec.group_digest()) for spec in specs]


def read_all(found: Unlike, *specs: RunSpec) -> list[set[str]]:
    changed = []
    while wanted := found.wanted():
        keys = set(wanted)
        changed.append(
            found.learn({key: spec.to_json() for spec in specs if (key := spec.group_digest()) in keys})
        )
    return changed


def test_settings_without_a_column_are_told_where_they_differ() -> None:
    flip, none = spec_of(augment="flip"), spec_of(augment="none")
    assert told(flip, none) == ["augment flip", "augment none"]
    other = spec_of(augment="none", loss="focal", nesterov=True)
    assert told(none, other) == ["nesterov off, loss ce", "nesterov on, loss focal"]
    assert told(flip, none, other) == ["augment flip", "", "nesterov on, loss focal"]


def test_what_most_recipes_have_is_not_told_and_the_rarest_difference_comes_first() -> None:
    one = spec_of(augment="none", weight_decay=0.1, loss="focal")
    two, three = spec_of(augment="none", weight_decay=0.01), spec_of(augment="none")
    four, five = spec_of(augment="none", weight_decay=0.02), spec_of(augment="flip+crop", weight_decay=0.03)
    decay = f"weight_decay {DEFAULTS['weight_decay']:g}"
    assert told(one, two, three, four, five) == [
        "loss focal, weight_decay 0.1", "weight_decay 0.01", decay, "weight_decay 0.02",
        "augment flip+crop, weight_decay 0.03",
    ]  # fmt: skip
    sizes = [spec_of(batch_size=size) for size in (8, 16, 128)]
    assert told(spec_of(loss="focal"), *sizes)[0] == "loss focal, batch_size 32", "no size is usual"


def test_what_is_usual_changes_with_the_recipes() -> None:
    specs = [spec_of(augment="none"), spec_of(augment="flip"), spec_of(augment="none", loss="focal")]
    found = Unlike()
    found.take(runs_of(specs[:2]))
    read_all(found, *specs[:2])
    assert found.words(specs[0].group_digest()) == "augment none"
    found.take(runs_of(specs[2:]))
    assert read_all(found, *specs) == [{specs[0].group_digest(), specs[2].group_digest()}]
    assert [found.words(spec.group_digest()) for spec in specs] == ["", "augment flip", "loss focal"]


def test_what_a_column_shows_or_repeats_a_recipe_is_not_told() -> None:
    assert told(spec_of(lr=0.1), spec_of(lr=0.01)) == ["", ""]
    assert told(spec_of(seed=0), spec_of(seed=1)) == ["", ""]
    assert told(spec_of(augment="none"), spec_of(augment="flip", arch="resnet50")) == ["", ""]


def test_no_spec_is_read_of_recipes_that_nothing_looks_like() -> None:
    found = Unlike()
    found.take(runs_of([spec_of(), spec_of(arch="resnet50"), spec_of(seed=1)]))
    assert found.wanted() == []
    found.take([listed(9, group_key=""), listed(10, group_key="")])  # as an older version wrote them
    assert found.wanted() == []


def test_an_older_spec_has_the_defaults_of_fields_that_it_lacks() -> None:
    found, now = Unlike(), spec_of(augment="flip+crop")
    found.take([*runs_of([now]), listed(2, group_key="old", data="digits", arch=now.arch, pretrained="none")])
    assert found.learn({now.group_digest(): now.to_json(), "old": "{}"}) == {now.group_digest(), "old"}
    assert f"augment {DEFAULTS['augment'] or '–'}" in found.words("old")


def test_many_are_read_in_parts_and_told_when_all_are_known(monkeypatch: Any) -> None:
    monkeypatch.setattr(unlike, "AT_ONCE", 2)
    specs = [spec_of(weight_decay=decay) for decay in (0.1, 0.01, 0.001)]
    found = Unlike()
    found.take(runs_of(specs))
    assert len(found.wanted()) == 2
    assert read_all(found, *specs) == [set(), {spec.group_digest() for spec in specs}]
    more = spec_of(weight_decay=0.1, loss="focal")
    found.take(runs_of([more]))
    assert read_all(found, more) == [{more.group_digest()}], "the words of the others are as they were"
    assert found.words(specs[0].group_digest()) == "weight_decay 0.1"
    assert found.words(more.group_digest()) == "loss focal, weight_decay 0.1"


def test_a_recipe_that_was_removed_meanwhile_is_asked_for_again_when_it_returns() -> None:
    found, specs = Unlike(), [spec_of(augment="flip"), spec_of(augment="none")]
    found.take(runs_of(specs))
    assert found.learn({specs[0].group_digest(): specs[0].to_json()}) == set()
    assert found.wanted() == [] and found.words(specs[0].group_digest()) == ""
    found.take(runs_of(specs))
    read_all(found, *specs)
    assert found.words(specs[1].group_digest()) == "augment none"


def test_a_recipe_whose_first_run_was_removed_is_told_by_another(tmp_path: Path) -> None:
    """Two runs of a recipe, the first removed before another recipe comes that looks like it."""
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    none, flip = spec_of(augment="none"), spec_of(augment="flip")
    add_runs(store, [none, none.model_copy(update={"seed": 1})])
    found = Unlike()
    with store.read() as session:
        found.take(changed_runs(session, -1))
    with store.write() as session:
        session.delete(listing.get_run(session, 1))
    add_runs(store, [flip])
    with store.read() as session:
        found.take(changed_runs(session, -1))
        while wanted := found.wanted():
            found.learn(read_specs(session, wanted))
    store.close()
    assert [found.words(spec.group_digest()) for spec in (none, flip)] == ["augment none", "augment flip"]
