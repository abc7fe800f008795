"""The declarations of metrics."""

from pathlib import Path

from engine.metrics.catalogue import METRICS, keys, numbers, split_metrics

DOCUMENTED = (Path(__file__).parents[3] / "docs/metrics.md").read_text()


def test_every_metric_is_documented_by_one_of_its_keys() -> None:
    keys: dict[str, list[str]] = {}
    for each in split_metrics():
        keys.setdefault(each.metric.name, []).append(each.key)
    assert keys.keys() == {metric.name for metric in METRICS}
    assert [
        name
        for name, mine in keys.items()
        if not any(f"`{key}`" in DOCUMENTED or f"`{key}[" in DOCUMENTED for key in mine)
    ] == []


def test_the_lists_that_every_row_of_an_epoch_asks_for_are_made_once() -> None:
    assert split_metrics() is split_metrics() and numbers() is numbers() and keys() is keys()
    assert keys() == tuple(each.key for each in split_metrics())
