"""Charts saved by a key: what is seen, as PNG and SVG."""

import re
from pathlib import Path

import pytest
from PIL import Image
from pilots import SMALL, app, notified, on_comparison, on_run, opened, shown, table, until

from engine.analysis import figure_canvas
from engine.files.paths import Home
from engine.store.database import Store
from tui.detail_view import MatrixView
from tui.plots import INK, Chart, Line
from tui.plots.ink import LIGHT
from tui.preferences.themes import INKS
from tui.screens.chart_saving import write_picture
from tui.views.saved_chart import chart_picture, matrix_picture, on_paper


def words(svg: Path) -> str:
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg.read_text()))


async def test_a_runs_chart_and_matrix_are_saved_as_they_are_seen(home: Home, study: Store) -> None:
    charts = home.root / "charts"
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("a", "s")
        await until(pilot, lambda: f"saved {charts}/run-5-accuracy.png and .svg" in notified(pilot))
        with Image.open(charts / "run-5-accuracy.png") as image:
            assert image.width > 900
        seen = words(charts / "run-5-accuracy.svg")
        assert "resnet50" in seen and "step" in seen and "test" in seen and "baseline" in seen, seen
        await pilot.press("s")
        await until(pilot, lambda: "run-5-accuracy-2.png" in notified(pilot))
        await pilot.press("2", "comma", "s")
        await until(pilot, lambda: "run-5-confusion-epoch-2.png" in notified(pilot))
        assert "moderate" in words(charts / "run-5-confusion-epoch-2.svg")
    names = {path.name for path in charts.iterdir()}
    assert len(names) == 6 and "run-5-accuracy-2.svg" in names


async def test_compared_curves_are_saved_with_the_runs_names(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_comparison(pilot, 3, 4)
        await pilot.press("s")
        await until(pilot, lambda: "saved" in notified(pilot))
    (svg,) = (home.root / "charts").glob("compare-*-accuracy.svg")
    seen = words(svg)
    assert "#3" in seen and "#4" in seen and "accuracy, test" in seen and "epoch" in seen, seen


async def test_what_cannot_be_saved_says_why(home: Home, study: Store) -> None:
    (home.root / "charts").write_text("in the way")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("s")
        await until(pilot, lambda: "the chart was not saved: " in notified(pilot))


async def test_where_nothing_is_measured_there_is_nothing_to_save(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        while table(pilot).run_id != 7:  # it waits
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: "queued" in shown(pilot, "#run-head"))
        for page in ("1", "2"):
            await pilot.press(page, "s")
            await until(pilot, lambda: "there is no chart to save" in notified(pilot))
    assert not (home.root / "charts").exists()


async def test_a_read_only_window_saves_nothing(home: Home, study: Store) -> None:
    async with app(home, readonly=True).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("s")
        await until(pilot, lambda: "read-only" in notified(pilot))
    assert not (home.root / "charts").exists()


@pytest.mark.parametrize("is_log", [False, True])
def test_a_figure_has_names_bands_and_a_baseline_outside_of_its_axis(tmp_path: Path, is_log: bool) -> None:
    points = tuple((float(epoch), 0.9 + 0.001 * epoch) for epoch in range(1, 9))
    band = tuple((x, y - 0.002, y + 0.002) for x, y in points)
    lines = (
        Line("baseline", ((0.0, 0.1),), INK.baseline, level=True),
        Line("", points, INK.faint, faint=True, of=0),
        Line("#4", points, INK.dim, dashed=True, of=1),
        Line("", points, INK.runs[0], marker="▲", of=0, band=band),
    )
    chart = Chart("accuracy $x$", lines, 1.0, 8.0, is_share=True, log=is_log)
    stem = write_picture(chart_picture("one", "a [b]title[/b]", chart, {0: "#1 lr 0.1"}), tmp_path)
    seen = words(stem.with_name("one.svg"))
    assert "a [b]title[/b]" in seen and "accuracy $x$" in seen and seen.count("#1 lr 0.1") == 1
    assert "baseline .1000, outside the axis" in seen and seen.count("#4") == 1
    assert "stroke-dasharray" in stem.with_name("one.svg").read_text()


def test_a_matrix_of_many_classes_is_drawn_too(tmp_path: Path) -> None:
    counts = tuple(tuple(7 if row == column else 0 for column in range(30)) for row in range(30))
    view = MatrixView(counts, tuple(map(str, range(30))), 2, 3)
    with figure_canvas.defaults():
        assert figure_canvas.png(matrix_picture("m", "many", view).draw()).startswith(b"\x89PNG")


@pytest.mark.parametrize("theme", INKS)
def test_each_colour_of_a_theme_has_its_own_on_paper(theme: str) -> None:
    paper, ink = on_paper(INKS[theme]), INKS[theme]
    assert paper[ink.train] == LIGHT.train and paper[ink.val] == LIGHT.val
    assert paper[ink.faint] == LIGHT.faint and paper[ink.runs[5]] == LIGHT.runs[5]
