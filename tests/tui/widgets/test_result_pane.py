"""Results of comparisons in words."""

import pytest
from cell_images import answer
from pilots import SMALL, app, shown, table, until
from studies import LABELS, open_groups

from engine.files.paths import Home
from tui.cli import run
from tui.feeds.comparison_told import Told, read_told
from tui.screens.compare import CompareScreen
from tui.widgets.result_pane import result_text

NAMES = [f"{place // 2}_{('left', 'right')[place % 2]}.png" for place in range(sum(LABELS))]


@pytest.fixture
def predicted(home: Home) -> Home:
    open_groups(home.root / "runs.db").close()
    for run_id, skill in ((1, 0.82), (2, 0.9), (3, 0.86), (4, 0.5), (5, 0.62)):
        answer(home, run_id, NAMES, 4, skill)
    return home


def told_of(home: Home, names: list[str]) -> Told:
    return read_told(home, tuple((name, ()) for name in names))


def test_the_words_are_those_of_the_command_line(predicted: Home, shell_lines: list[str]) -> None:
    told = told_of(predicted, ["group:1", "group:4"])
    (pair,) = told.pairs
    assert pair.name == "group of #1 − group of #4" and pair.is_told_apart and pair.verdict == "told apart"
    assert "these weights" in pair.paragraph and "less certain than it says" in pair.paragraph
    assert told.remarks and {pair.paragraph, *told.remarks} <= set(shell_lines)


@pytest.fixture
def shell_lines(predicted: Home, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Lines that `resnet-tui compare` prints of the same."""
    assert run(["compare", "group:1", "group:4", "--home", str(predicted.root)]) == 0
    return capsys.readouterr().out.splitlines()


def test_several_pairs_are_listed_first_and_said_after_holm(predicted: Home) -> None:
    told = told_of(predicted, ["1", "4", "5"])
    text = str(result_text(told, 78))
    assert text.startswith("#1 − #4  told apart\n#1 − #5  told apart\n#4 − #5  not told apart\n\n")
    assert text.count("after Holm for 3 comparisons") == 3 and "such test images would tell it apart" in text
    assert "\n#1  .9453  95 %" in text and "for these weights  n 1" in text


def test_what_cannot_be_compared_says_why(predicted: Home) -> None:
    assert "has measured no epoch yet" in str(result_text(told_of(predicted, ["1", "8"]), 78))
    assert "there is no run 99" in str(result_text(told_of(predicted, ["1", "99"]), 78))
    assert "alone" in told_of(predicted, ["1"]).problem


async def test_the_page_works_it_out_beside_the_event_loop(predicted: Home) -> None:
    async with app(predicted).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 8)
        await pilot.press("G", "enter")
        await until(pilot, lambda: table(pilot).row_count == 3)
        await pilot.press("space", "end", "space", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        await until(pilot, lambda: "2 groups" in shown(pilot, "#compare-head"))
        await pilot.press("6")
        await until(pilot, lambda: "told apart" in shown(pilot, "#result-text"))
        await pilot.press("down", "up")
