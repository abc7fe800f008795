"""Class-activation maps in the image viewer, by keys; the process that makes them is played by a function."""

import io
import threading
from typing import Any

import pytest
from cell_images import SKILL, answer, is_drawn
from PIL import Image
from pilots import SMALL, TALL, app, opened, shown, until
from studies import LABELS
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.queries.map_client import MapClient, MapPicture, NoMaps
from engine.store.database import Store
from tui.screens.run import RunScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.map_pane import MapPane
from tui.widgets.matrix_pane import MatrixPane

SHARES = {"upper left": 0.61, "upper right": 0.2, "lower left": 0.1, "lower right": 0.09}


class Played:
    """Answers of the process: they name the class that was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None]] = []
        self.closed = 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.problem = ""

    def map_of(self, _client: MapClient, name: str, label: int | None = None) -> MapPicture:
        self.asked.append((name, label))
        self.may_answer.wait(240)
        if self.problem:
            raise NoMaps(self.problem)
        content = io.BytesIO()
        Image.new("RGB", (224, 224), (200, 30, 30)).save(content, "PNG")
        numbers: dict[str, Any] = {
            "map_of": "class", "class": f"asked {label}", "score": 0.7, "predicted": "no DR", "quadrants": SHARES,
            "grid": [7, 7], "epoch": 2, "seen_as": "cropped to the square in its middle",
        }  # fmt: skip
        return MapPicture(name, content.getvalue(), content.getvalue(), numbers)

    def close(self, _client: MapClient) -> None:
        self.closed += 1
        self.may_answer.set()


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    made = Played()
    monkeypatch.setattr(MapClient, "map_of", lambda client, *question: made.map_of(client, *question))
    monkeypatch.setattr(MapClient, "close", lambda client: made.close(client))
    return made


async def on_images(pilot: Pilot[Any]) -> None:
    await opened(pilot, 0)
    await until(pilot, lambda: shown(pilot, "#title"))
    await pilot.press("enter", "2")
    await until(pilot, lambda: pilot.app.screen.query_one(MatrixPane).matrix)
    await pilot.press("enter")
    await until(pilot, lambda: is_drawn(pilot))


def pane(pilot: Pilot[Any]) -> MapPane:
    return pilot.app.screen.query_one(MapPane)


def has_map(pilot: Pilot[Any]) -> bool:
    return pane(pilot).display and pane(pilot).picture is not None and pane(pilot).picture.display


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_enter_shows_the_map_beside_the_image_or_in_its_place(
    home: Home, study: Store, played: Played, size: tuple[int, int]
) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    async with app(home).run_test(size=size, notifications=True) as pilot:
        await on_images(pilot)
        assert not pane(pilot).display and not played.asked  # no process before a map is wanted
        await pilot.press("enter")
        await until(pilot, lambda: has_map(pilot))
        image = pilot.app.screen.query_one("#picture")
        assert image.display == (size == TALL)
        keys = str(pilot.app.screen.query_one(KeyFooter).render())
        assert keys.endswith(" help  esc back ") and len(keys) <= size[0]  # whatever there is no room for
        facts = shown(pilot, "#map-facts").replace("\n", " ")
        assert "map of asked None (.700): 61 % in the upper left" in facts and "epoch 2" in facts
        assert "cropped to the square" in facts and len(played.asked) == 1
        await pilot.press("tab")
        assert image.display and pane(pilot).display == (size == TALL)
        await pilot.press("tab", "t")  # for the true class
        await until(pilot, lambda: "asked 2" in shown(pilot, "#map-facts"))
        await pilot.press("t")
        await until(pilot, lambda: "asked None" in shown(pilot, "#map-facts"))
        assert len(played.asked) == 2  # the first was kept
        await pilot.press("right")
        await until(pilot, lambda: len(played.asked) == 3 and has_map(pilot))
        await pilot.press("enter")
        assert image.display and not pane(pilot).display and not shown(pilot, "#map-facts").isspace()
        await pilot.press("right")
        await until(pilot, lambda: is_drawn(pilot))
        assert len(played.asked) == 3  # none is wanted
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and played.closed)


async def test_of_maps_that_wait_the_newest_is_made_and_leaving_ends_the_process(
    home: Home, study: Store, played: Played
) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_images(pilot)
        played.may_answer.clear()
        await pilot.press("enter")
        await until(pilot, lambda: played.asked)
        assert "loading the network" in shown(pilot, "#map .no-picture")
        await until(pilot, lambda: "loading the network" in shown(pilot, "#map-facts"))
        assert pilot.app.screen.query_one("#picture").display  # the image is seen until its map is made
        await pilot.press("right", "right", "right")
        seen = shown(pilot, "#image-facts").splitlines()[0]
        played.may_answer.set()
        await until(pilot, lambda: len(played.asked) == 2 and has_map(pilot))
        assert played.asked[1] == (seen, None)
        played.may_answer.clear()
        await pilot.press("right")
        await until(pilot, lambda: len(played.asked) == 3)
        assert "making the map" in shown(pilot, "#map .no-picture")
        await pilot.press("escape")  # in the middle of a map
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and played.closed)


async def test_why_there_is_no_map_is_said_and_asked_again(home: Home, study: Store, played: Played) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_images(pilot)
        played.problem = "run 5 has no weights at \x1b[31mx"
        await pilot.press("enter")
        await until(pilot, lambda: "✖ run 5 has no weights" in shown(pilot, "#map .no-picture"))
        assert "\x1b" not in shown(pilot, "#map .no-picture")
        played.problem = ""
        await pilot.press("enter", "enter")
        await until(pilot, lambda: has_map(pilot))


async def test_a_run_without_weights_says_so(home: Home, study: Store) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_images(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "has no weights" in shown(pilot, "#map .no-picture"))
