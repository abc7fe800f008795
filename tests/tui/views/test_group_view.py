"""Groups beside runs in a comparison."""

import contextlib
import statistics
from pathlib import Path

import pytest
from studies import add_groups

from engine.files.paths import Home
from engine.store.database import open_store
from tui.detail_view import MatrixView
from tui.feeds.compare_feed import CompareFeed
from tui.plots import Line
from tui.views.compared import Compared, at_best, at_last, compare_panels, count_text, matrix_of
from tui.views.curves import ChartState, chart_of
from tui.views.group_view import GroupView, summed
from tui.widgets.compare_panes import key_text, numbers_text, settings_text


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """Two groups and a run: three of three seeds done, two of four, and one queued."""
    root: Path = tmp_path_factory.mktemp("groups")
    home = Home.find(root, cache=root / "cache")
    with contextlib.closing(open_store(home.database)) as store:
        add_groups(store)
    feed = CompareFeed(home, [(1, 2, 3), (4, 5, 6, 7), (8,)])
    found = feed.poll()
    feed.close()
    assert found is not None
    return found


def line_of(compared: Compared, panel: str, number: int) -> Line:
    lines = next(each for each in compare_panels() if each.key == panel).lines(compared)
    return [line for line in reversed(lines) if not line.level][number]


def test_a_group_has_the_means_of_those_that_are_done(compared: Compared) -> None:
    fast, slow, _ = compared.views
    assert isinstance(fast, GroupView) and isinstance(slow, GroupView)
    singles = [at_best(member, "test_acc") for member in slow.members[:2]]
    assert at_best(slow, "test_acc") == pytest.approx(statistics.fmean(singles))  # type: ignore[type-var]
    _, mean, sd = fast.group.spread("test_acc", "last")
    values = [at_last(member, "test_acc") or 0.0 for member in fast.members]
    assert (mean, sd) == (pytest.approx(statistics.fmean(values)), pytest.approx(statistics.stdev(values)))
    assert (slow.state, slow.short, fast.short) == ("2/4 done", "#4-7", "#1-3")


def test_its_line_has_a_band_and_a_runs_has_none(compared: Compared) -> None:
    fast = line_of(compared, "accuracy", 0)
    assert len(fast.band) == len(fast.points) == 4
    for (x, mean), (at, low, high) in zip(fast.points, fast.band, strict=True):
        assert x == at and low < mean < high and mean == pytest.approx((low + high) / 2)
    assert line_of(compared, "loss", 0).points
    alone = Compared((compared.views[0].members[0], compared.views[2]))  # type: ignore[union-attr]
    assert not line_of(alone, "accuracy", 0).band
    panels = compare_panels()
    smooth = chart_of(compared, ChartState(panels, smoothing=2), panels[0])
    drawn = next(line for line in reversed(smooth.lines) if line.band and not line.faint)
    for (x, mean), (at, low, high) in zip(drawn.points, drawn.band, strict=True):
        assert x == at and mean == pytest.approx((low + high) / 2)


def test_seeds_of_a_group_are_no_difference(compared: Compared) -> None:
    assert compared.differing == ("lr",)
    assert count_text(compared.views) == "2 groups, 1 run"
    assert compared.run_ids == (1, 2, 3, 4, 5, 6, 7, 8)
    key = str(key_text(compared, 78))
    assert "#1-3 lr 0.01  3/3 done, mean ± 1 sd" in key and "#8 lr 0.1  queued" in key
    assert "seed" not in str(settings_text(compared, 78)) and "#4-7" in str(settings_text(compared, 78))


@pytest.mark.parametrize("width", [78, 118, 198])
def test_numbers_have_n_and_deviations(compared: Compared, width: int) -> None:
    text = str(numbers_text(compared, width))
    assert "n 3" in text and "n 2" in text and text.count("± sd") >= 2
    assert "#4-7 2 no problems found, 1 diverged, 1 queued, baseline .7313" in text
    assert max(map(len, text.split("\n\n#")[0].splitlines())) <= width


def test_matrices_are_summed_over_those_that_are_done(compared: Compared) -> None:
    fast, slow, single = compared.views
    one, other = matrix_of(fast), matrix_of(slow)
    assert one is not None and other is not None and matrix_of(single) is None
    assert (one.images, one.sum_of, other.images, other.sum_of) == (3 * 201, 3, 2 * 201, 2)


def test_folds_are_pooled() -> None:
    fold = MatrixView(((3, 1), (0, 4)), ("a", "b"), 2, 4)
    whole = summed([fold] * 3, (3, 3))
    assert whole is not None and (whole.pooled, whole.images) == ("pooled out of fold, 3 folds", 24)
    for count, folds, words in (
        (2, (2, 3), "2 of 3 folds"),
        (6, (3, 3), "3 folds × 2"),
        (4, (3, 3), "3 folds, 4 runs"),
    ):
        found = summed([fold] * count, folds)
        assert found is not None and found.pooled == f"pooled out of fold, {words}"
    assert summed([fold] * 3, (1, 0)).pooled == ""  # type: ignore[union-attr]
