"""What the program of before the house was rebuilt gave: the same recipes give the same results, the same home the same
documents. `python tests/golden/record.py` writes the files anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import documents
import pytest
import recipes

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "recipes.json").read_text())
ELSEWHERE = 0.05
"""Relative: how far losses may lie apart where another processor or torch rounds otherwise."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    lab = recipes.make_lab(tmp_path_factory.mktemp("recipes"))
    try:
        lab.drain()
        # Through JSON, as the golden file went: keys of objects are text there.
        yield json.loads(json.dumps(recipes.results(lab)))
    finally:
        lab.close()


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_a_recipe_trains_to_the_same_bits(trained: dict[str, Any], name: str) -> None:
    """On the processor and torch of the golden file; on others to nearly the same losses."""
    expected, found = GOLDEN["results"][name], trained[name]
    if recipes.processor() == GOLDEN["machine"]:
        assert_kept(expected, found, name)
        return
    for before, after in zip(expected["epochs"], found["epochs"], strict=True):
        assert before.keys() <= after.keys()
        assert after["train_loss"] == pytest.approx(before["train_loss"], rel=ELSEWHERE)
    assert [len(expected[part]) for part in ("losses", "confusions")] == [
        len(found[part]) for part in ("losses", "confusions")
    ]


@pytest.fixture(scope="module")
def old_documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return documents.read(documents.old_home(tmp_path_factory.mktemp("old")))


@pytest.mark.parametrize("name", ["ls.json", "show.json", "arch.json"])
def test_a_document_of_an_old_home_keeps_all_it_had(old_documents: dict[str, Any], name: str) -> None:
    assert_kept(json.loads((HERE / name).read_text()), old_documents[name], name)


def test_the_report_of_an_old_home_is_the_same(old_documents: dict[str, Any]) -> None:
    assert old_documents["report.md"] == (HERE / "report.md").read_text()


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
