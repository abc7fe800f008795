"""Images of one cell of a run's confusion matrix, each with its prediction after every epoch."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from PIL import Image
from rich.text import Text
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from engine.datasets.formats.problems import DataError
from engine.datasets.view import Viewer
from engine.files.epoch_predictions import NoPredictions, read_predictions
from engine.files.paths import Home
from engine.recipes.losses import LOSSES
from tui import commands
from tui.feeds.reader_thread import ReaderThread
from tui.formatting import decimals, fitted_end, plain
from tui.preferences.picture_protocol import fitted_cells, picture_class
from tui.screens.full_screen import FullScreen, Handlers
from tui.views.cell_images import CellImages, ImageFacts, Place, epochs_seen, window
from tui.views.run_view import RunView
from tui.widgets.matrix_pane import named

SCORE_PLACES = 3
"""Scores are kept in half precision."""
MOST_PX = 768
"""Longest side of a picture: over SSH each one is sent whole."""
FAR = 10**9
NAME_CELLS = len("predicted")


class ImagesScreen(FullScreen[int | None]):
    """Closes with the epoch that was looked at last."""

    TABLE = commands.IMAGES
    BINDINGS = commands.bindings(TABLE)

    class Read(Message):
        def __init__(self, found: CellImages) -> None:
            super().__init__()
            self.found = found

    class Shown(Message):
        """Picture of an image, or why there is none; `image` is -1 where the cell has none."""

        def __init__(self, image: int, picture: Image.Image | None, text: str, path: str) -> None:
            super().__init__()
            self.image, self.picture, self.text, self.path = image, picture, text, path

    def __init__(self, home: Home, view: RunView, place: Place) -> None:
        super().__init__()
        self._home, self._view, self.place = home, view, place
        self._names = tuple(map(plain, view.class_names))
        self._viewer = Viewer(home, view.spec, MOST_PX)  # the pictures' thread alone uses it
        self._predictions = ReaderThread[None]("predictions", self._read, self.raise_from_thread)
        self._pictures = ReaderThread[tuple[int, str]]("pictures", self._load, self.raise_from_thread)
        self._found: CellImages | None = None
        self._path = ""
        """Path of the image that was loaded last."""
        self._picture: Any = None
        self._pixels = (1, 1)

    def handlers(self) -> Handlers:
        return {
            "next_image": partial(self._step, 1),
            "previous_image": partial(self._step, -1),
            "first_image": partial(self._step, -FAR),
            "last_image": partial(self._step, FAR),
            "next_epoch": partial(self._to_epoch, 1),
            "previous_epoch": partial(self._to_epoch, -1),
            "order": self._reverse,
            "copy_path": self._copy_path,
            "help": self.open_help,
            "leave": self.leave,
        }

    def compose_head(self) -> Widget:
        return Static(id="images-head", markup=False)

    def compose_body(self) -> Iterable[Widget]:
        with Horizontal(id="body"):
            with Container(id="picture"):
                yield Static("reading the predictions …", id="no-picture", markup=False)
            with Vertical(id="facts"):
                yield Static(id="image-facts", markup=False)
                yield Static(id="image-list", markup=False)

    def on_mount(self) -> None:
        self._draw_head(None)
        self._predictions.ask(None)

    def on_unmount(self) -> None:
        self._predictions.stop()
        self._pictures.stop()

    # What threads read

    def _read(self, _question: None) -> None:
        """Read all predictions, in their thread: while the run trains, there are more each time."""
        try:
            answers = read_predictions(self._home.run(self._view.run_id), self._view.class_names)
        except NoPredictions as problem:
            self.post_message(self.Shown(-1, None, plain(problem), ""))
            return
        are_grades = LOSSES[self._view.spec.loss].gives_grade
        self.post_message(self.Read(CellImages(answers, len(self._names), are_grades=are_grades)))

    def _load(self, question: tuple[int, str]) -> None:
        """Load an image, in the pictures' thread."""
        image, name = question
        try:
            picture, text = self._viewer.show(name), ""
        except DataError as problem:
            picture, text = None, plain(problem)
        self.post_message(self.Shown(image, picture, text, self._viewer.where(name)))

    def on_images_screen_read(self, message: Read) -> None:
        self._found = message.found
        self._look(self.place)

    def on_images_screen_shown(self, message: Shown) -> None:
        if message.image not in (self.place.image, -1) or not self.is_whole:
            return
        self._path = message.path
        says = self.query_one("#no-picture", Static)
        says.display = message.picture is None
        if message.picture is None:
            says.update(f"✖ {message.text}")
        else:
            self._show_picture(message.picture)
        if self._picture is not None:
            self._picture.display = message.picture is not None

    def _show_picture(self, picture: Image.Image) -> None:
        self._pixels = picture.size
        if self._picture is None:
            self._picture = picture_class(self.app)(picture)
            self.query_one("#picture").mount(self._picture)
        else:
            self._picture.image = picture
        self._fit()

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)
        self.call_after_refresh(self._draw)

    def _fit(self) -> None:
        if self._picture is None:
            return
        room = self.query_one("#picture").content_size
        if room.width and room.height:
            width, height = fitted_cells(self._pixels, room.width, room.height)
            self._picture.styles.width, self._picture.styles.height = width, height

    # What is looked at

    def _look(self, place: Place) -> None:
        if self._found is None:
            return
        before, self.place = self.place.image, self._found.settle(place)
        self._draw()
        image = self.place.image
        if image is None:
            known = self._found.is_known(self.place.epoch)
            why = (
                "no image of this cell after this epoch"
                if known
                else "the predictions of this epoch were not kept"
            )
            self.post_message(self.Shown(-1, None, why, ""))
        elif image != before or self._picture is None:
            self._pictures.ask((image, self._found.name(image)))

    def _draw(self) -> None:
        found, place = self._found, self.place
        if found is None:
            return
        images = found.images(place)
        self._draw_head(len(images))
        facts = self.query_one("#image-facts", Static)
        facts.display = place.image is not None
        if place.image is not None:
            about = found.facts(place.image, place.epoch)
            facts.update(self._facts_text(about, found.label(place.image), facts.size.width or 36))
        self._draw_list(images)

    def _draw_head(self, count: int | None) -> None:
        place = self.place
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f"#{self._view.run_id}  epoch {place.epoch} of {self._last_epoch}", style="bold")
        head.append(
            f"   true {named(self._names, place.label)}, predicted {named(self._names, place.answer)}"
        )
        if count is not None:
            head.append(f"   {count:,} image{'' if count == 1 else 's'}", style="dim")
        self.query_one("#images-head", Static).update(head)

    @property
    def _last_epoch(self) -> int:
        return self._found.last_epoch if self._found is not None else self._view.epoch

    def _facts_text(self, about: ImageFacts, label: int, width: int) -> Text:
        place, names = self.place, self._names
        score = "grade" if LOSSES[self._view.spec.loss].gives_grade else "score"
        text = Text(overflow="fold")
        text.append(f"{about.name}\n", style="bold")
        for name, value in (
            ("label", named(names, label)),
            ("predicted", named(names, place.answer)),
            (score, decimals(about.score, SCORE_PLACES)),
        ):
            text.append(f"{name:{NAME_CELLS + 1}}", style="dim").append(f"{value}\n")
        text.append_text(_history_text(about.history, label, place.epoch, width))
        return text

    def _draw_list(self, images: list[int]) -> None:
        listed = self.query_one("#image-list", Static)
        found, place = self._found, self.place
        if found is None or not images:
            listed.update("")
            return
        width, room = listed.size.width or 36, max(listed.size.height - 1, 1)
        at = found.number(place)
        order = "least" if place.is_reversed else "most"
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{at + 1:,} of {len(images):,}, {order} confident first", style="dim")
        for line in window(len(images), at, room):
            facts = found.facts(images[line], place.epoch)
            row = f"{fitted_end(facts.name, width - 8)}{decimals(facts.score, SCORE_PLACES):>7} "
            text.append(f"\n{row}", style="reverse" if line == at else "")
        listed.update(text)

    # Commands

    def _step(self, by: int) -> None:
        if self._found is not None:
            self._look(self._found.step(self.place, by))

    def _to_epoch(self, by: int) -> None:
        """Show an epoch at once with what is known, then with what is new."""
        self.place = replace(self.place, epoch=max(self.place.epoch + by, 0))
        if self._found is not None and self.place.epoch <= self._found.last_epoch:
            self._look(self.place)
        self._predictions.ask(None)

    def _reverse(self) -> None:
        if self._found is not None:
            self._look(replace(self.place, is_reversed=not self.place.is_reversed, image=None))

    def _copy_path(self) -> None:
        """Copy the path of the image that is shown to the terminal's clipboard (OSC 52)."""
        if self._path and self.place.image is not None:
            self.app.copy_to_clipboard(self._path)
            self.notify(f"copied {self._path}")

    def leave(self) -> None:
        self.dismiss(self.place.epoch)


def _history_text(history: tuple[int | None, ...], label: int, epoch: int, width: int) -> Text:
    """Write two lines: epochs, and the predictions after them; correct ones are bold."""
    cell = max(len(str(len(history) - 1)), max((len(str(each)) for each in history), default=1)) + 1
    seen = epochs_seen(history, epoch, (width - NAME_CELLS - 1) // cell)
    text = Text(no_wrap=True)
    text.append(f"{'epoch':{NAME_CELLS}}", style="dim")
    for each in seen:
        text.append(f"{each:>{cell}}", style="reverse" if each == epoch else "dim")
    text.append(f"\n{'predicted':{NAME_CELLS}}", style="dim")
    for each in seen:
        answer = history[each]
        text.append(f"{'–' if answer is None else answer:>{cell}}", style="bold" if answer == label else "")
    return text
