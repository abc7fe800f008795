"""The images of a cell of the confusion matrix, by keys."""

import threading
from typing import Any

import pytest
from cell_images import SKILL, answer, is_drawn
from pictures import lab_csvs
from PIL import Image
from pilots import SMALL, TALL, app, notified, opened, shown, until
from studies import LABELS, confusion, train
from textual.pilot import Pilot

from engine.datasets.view import Viewer
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from tui.screens.help import HelpScreen
from tui.screens.run import RunScreen
from tui.widgets.matrix_pane import MatrixPane
from tui.widgets.picture_pane import PicturePane


async def on_images(pilot: Pilot[Any], *keys: str) -> None:
    """From the run's confusion page to the images of a cell."""
    await opened(pilot, 0)
    await until(pilot, lambda: shown(pilot, "#title"))
    await pilot.press("enter", "2")
    await until(pilot, lambda: pilot.app.screen.query_one(MatrixPane).matrix)
    await pilot.press(*keys, "enter")


def listed(pilot: Pilot[Any]) -> list[str]:
    return shown(pilot, "#image-list").splitlines()


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_a_cells_images_are_seen_with_what_they_were_answered(
    home: Home, study: Store, size: tuple[int, int]
) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    async with app(home).run_test(size=size, notifications=True) as pilot:
        await on_images(pilot)
        await until(pilot, lambda: is_drawn(pilot))
        wrong = confusion(LABELS, SKILL)[2][0]
        head = shown(pilot, "#images-head")
        assert head == f"#5  epoch 3 of 3   true 2 moderate, predicted 0 no DR   {wrong} images"
        assert listed(pilot)[0] == f"1 of {wrong}, most confident first" and len(listed(pilot)) > 5
        facts = shown(pilot, "#image-facts")
        assert "label     2 moderate\n" in facts and "predicted 0 no DR\n" in facts and "score     ." in facts
        assert facts.splitlines()[-2:] == ["epoch     0 1 2 3", "predicted 0 0 0 0"]
        picture = pilot.app.screen.query_one("#picture", PicturePane).picture.size
        assert abs(picture.width - 2 * picture.height) <= 2  # a square, in cells twice as high as wide
        await pilot.press("right")
        assert listed(pilot)[0].startswith("2 of") and shown(pilot, "#image-facts") != facts
        await pilot.press("G")
        assert listed(pilot)[0].startswith(f"{wrong} of")
        await pilot.press("right", "g", "left")
        assert shown(pilot, "#image-facts") == facts
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape", "s")
        assert "least confident first" in listed(pilot)[0] and shown(pilot, "#image-facts") != facts


async def test_epochs_are_walked_through_and_the_matrix_follows(home: Home, study: Store) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_images(pilot)
        await until(pilot, lambda: is_drawn(pilot))
        image = shown(pilot, "#image-facts").splitlines()[0]
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "epoch 2 of 3" in shown(pilot, "#images-head"))
        assert shown(pilot, "#image-facts").splitlines()[0] == image  # it was answered alike
        await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "epoch 0 of 3" in shown(pilot, "#images-head"))
        assert f"{LABELS[2]} images" in shown(pilot, "#images-head")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert "◀" not in shown(pilot, "#scrubber") and "epoch   0" in shown(pilot, "#scrubber")


async def test_an_empty_cell_and_answers_that_were_not_kept_are_said(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_images(pilot, "right")
        assert "no images at this epoch" in notified(pilot) and isinstance(pilot.app.screen, RunScreen)
        await pilot.press("left", "enter")
        await until(pilot, lambda: "is missing" in shown(pilot, "#picture .no-picture"))
        await pilot.press("right", "right_square_bracket", "s", "y", "G")  # nothing to do, and nothing breaks
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))


async def test_a_file_that_is_gone_is_named_and_the_next_is_shown(home: Home) -> None:
    lab_csvs(home.root / "lab", test=[label for label, count in enumerate(LABELS) for _ in range(count)])
    names = [f"test{place}_left.jpeg" for place in range(sum(LABELS))]
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "lab", "epochs": 2})])
    held = queue.claim(store, workers.register(store, pid=1, device="cpu", device_name=""))
    assert held is not None
    train(store, held, 2, skill=0.5)
    answer(home, 1, names, 2, 0.5)
    (home.root / "lab" / "images" / names[LABELS[0] - 1]).unlink()
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_images(pilot, "up", "up")
        await until(pilot, lambda: "is missing" in shown(pilot, "#picture .no-picture"))
        assert names[LABELS[0] - 1] in shown(pilot, "#picture .no-picture").replace("\n", "")
        await pilot.press("right")
        await until(pilot, lambda: is_drawn(pilot))
        copied: list[str] = []
        pilot.app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        await pilot.press("y")
        assert copied == [str(home.root / "lab" / "images" / names[LABELS[0] - 2])] and "copied" in notified(
            pilot
        )


async def test_one_thread_loads_pictures_and_of_those_that_wait_the_newest_alone(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    may_load, show, loaded = threading.Event(), Viewer.show, []  # type: ignore[var-annotated]

    def slow(self: Viewer, name: str) -> Image.Image:
        loaded.append((name, threading.get_ident()))
        may_load.wait(240)
        return show(self, name)

    monkeypatch.setattr(Viewer, "show", slow)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_images(pilot)
        await until(pilot, lambda: loaded)
        await pilot.press("right", "right", "right", "right")
        seen = shown(pilot, "#image-facts").splitlines()[0]
        may_load.set()
        await until(pilot, lambda: is_drawn(pilot) and len(loaded) == 2)
        assert loaded[1][0] == seen != loaded[0][0]
        assert len({thread for _, thread in loaded}) == 1
