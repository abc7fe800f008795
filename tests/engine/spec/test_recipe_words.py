"""Recipes and runs in words."""

from engine.spec.grid import make_spec
from engine.spec.recipe_words import run_in_words


def test_a_run_is_named_by_what_is_not_at_its_default() -> None:
    assert (
        run_in_words(make_spec({"data": "digits"}))
        == "digits; resnet18, scratch; lr 0.01, epochs 10, batch_size 32, seed 0"
    )
    changed = make_spec({"data": "a/b", "arch": "resnet50", "pretrained": "run:3", "gpus": 2, "clip_norm": 1})
    assert run_in_words(changed) == (
        "a/b; resnet50, warm start from #3; lr 0.01, epochs 10, batch_size 32, seed 0, clip_norm 1, gpus 2"
    )
