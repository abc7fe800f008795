"""The program gives what it gave before the house was rebuilt: the same recipes the same results, the same home the
same documents. `python tests/golden/record.py` writes the files anew.

One test for all that one training or one reading gives: pytest-xdist would repeat it in each process with a part."""

import json
from pathlib import Path
from typing import Any, cast

import documents
import pytest
import recipes
from torch_here import load_torch_here

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "recipes.json").read_text())["machines"]
"""Results on machines that round otherwise: the first two of the program as it was before its house was rebuilt, with
weights in one order throughout, as earlier versions had them; the others of a later one."""
ELSEWHERE = 0.05
"""Relative: how far a recipe's first loss may lie apart on another processor or torch. Later ones may lie anywhere:
these short runs at high rates turn a last bit into another loss."""


def test_each_recipe_trains_to_the_same_bits(tmp_path: Path) -> None:
    """On a processor and torch of the golden file; on others to nearly the same first losses."""
    known, recorded = _of_this_machine(in_one_order=False), [each["results"] for each in GOLDEN]
    trained = _trained(tmp_path)
    for results in known or recorded:
        assert trained.keys() == results.keys() == recipes.RECIPES.keys()
    for name in recipes.RECIPES:
        if known:
            assert_kept(known[0][name], trained[name], name)
        else:
            assert_near([results[name] for results in recorded], trained[name], name)


def test_runs_that_an_earlier_version_began_train_to_its_bits(tmp_path: Path) -> None:
    known = _of_this_machine(in_one_order=True)
    if not known:
        pytest.skip("no results of an earlier version on this processor and torch")
    assert_kept(known[0], _trained(tmp_path, begun_in=recipes.EARLIER), "")


def _trained(place: Path, **more: Any) -> dict[str, Any]:
    # Through JSON, as the golden file went: keys of objects are text there.
    return cast(dict[str, Any], json.loads(json.dumps(recipes.train_all(place, **more))))


def _of_this_machine(*, in_one_order: bool) -> list[dict[str, Any]]:
    here = recipes.processor()
    fitting = [each for each in GOLDEN if each["machine"].items() <= here.items()]
    return [each["results"] for each in fitting if each["in_one_order"] is in_one_order]


def test_the_documents_of_an_old_home_keep_all_they_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its report, byte for byte."""
    load_torch_here(monkeypatch)
    found = documents.read(documents.old_home(tmp_path))
    for name in ("ls.json", "show.json", "arch.json"):
        assert_kept(json.loads((HERE / name).read_text()), found[name], name)
    assert found["report.md"] == (HERE / "report.md").read_text()


def assert_near(before: list[dict[str, Any]], after: dict[str, Any], where: str) -> None:
    """The same amount of numbers, and the first loss close to those before, where these are close to one another."""
    for old, new in zip(before[0]["epochs"], after["epochs"], strict=True):
        assert old.keys() <= new.keys(), where
    for part in ("losses", "confusions"):
        assert len(before[0][part]) == len(after[part]), f"{where}/{part}"
    first, *others = [recipe["epochs"][1]["train_loss"] for recipe in before]
    if all(other == pytest.approx(first, rel=ELSEWHERE) for other in others):
        assert after["epochs"][1]["train_loss"] == pytest.approx(first, rel=ELSEWHERE), where


def assert_kept(before: Any, after: Any, where: str) -> None:
    """Everything that was there is there and equal; keys may have been added."""
    if isinstance(before, dict) and isinstance(after, dict):
        assert not before.keys() - after.keys(), f"{where} lost {sorted(before.keys() - after.keys())}"
        for key, value in before.items():
            assert_kept(value, after[key], f"{where}/{key}")
    elif isinstance(before, list) and isinstance(after, list):
        assert len(before) == len(after), where
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            assert_kept(old, new, f"{where}/{number}")
    else:
        assert before == after, f"{where}: {before!r} became {after!r}"
