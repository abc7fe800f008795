"""Names of classes as they are, whatever brackets they have: nowhere are they markup."""

import json

import pytest
from cell_images import SKILL, answer
from pilots import TALL, app, on_comparison, opened, shown, until
from sqlalchemy import text
from studies import LABELS

from engine.files.paths import Home
from engine.store.database import Store
from tui.screens.images import ImagesScreen
from tui.screens.run import RunScreen

NAMES = ["[0]", "[b]mild[/b]", "[red]", "a [x]", "[/]"]


@pytest.fixture
def bracketed(home: Home, study: Store, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The study, with names of classes that would be markup."""
    with study.write() as session:
        session.execute(text("UPDATE run SET class_names = :names"), {"names": json.dumps(NAMES)})
    monkeypatch.setattr("cell_images.GRADES", NAMES)
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    return home


async def test_brackets_in_the_names_of_classes_are_shown_on_every_screen(bracketed: Home) -> None:
    async with app(bracketed).run_test(size=TALL, notifications=True) as pilot:

        def seen(*words: str) -> bool:
            picture = pilot.app.export_screenshot().replace("&#160;", " ")
            return all(word in picture for word in words)

        await opened(pilot)
        await until(pilot, lambda: seen("0 [0]", "1 [b]m", "2 [red]", "3 a [x]", "4 [/]"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and shown(pilot, "#run-head"))
        await pilot.press("2", "up")
        await until(pilot, lambda: seen("1 [b]mild[/b]", "2 [red]", "3 a [x]", "4 [/]"))
        assert "true 1 [b]mild[/b], predicted 0 [0]" in shown(pilot, "#cell")
        assert "1 [b]mild[/b] as 0 [0]" in shown(pilot, "#pairs")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ImagesScreen))
        await until(pilot, lambda: "image" in shown(pilot, "#images-head"))
        assert "true 1 [b]mild[/b], predicted 0 [0]" in shown(pilot, "#images-head")
        await until(pilot, lambda: "1 [b]mild[/b]" in shown(pilot, "#image-facts"))
        await pilot.press("escape", "escape")
        await on_comparison(pilot, 3, 4)
        await pilot.press("4")
        await until(pilot, lambda: seen("1 [b]mild[/b]", "2 [red]", "4 [/]"))
