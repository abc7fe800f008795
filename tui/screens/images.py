"""The images of one cell of a run's confusion matrix, each with what it was answered after every epoch."""

from dataclasses import replace
from typing import Any

from PIL import Image
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.datasets.formats.problems import DataError
from engine.datasets.view import Viewer
from engine.files.epoch_predictions import NoAnswers, read_answers
from engine.files.paths import Home
from engine.recipes.losses import LOSSES
from tui import commands
from tui.formatting import decimals, fitted_end, plain
from tui.preferences.picture_protocol import fitted_cells, picture_class
from tui.screens.help import HelpScreen
from tui.views.cell_images import CellImages, ImageFacts, Place, epochs_seen, window
from tui.views.run_view import RunView
from tui.widgets.matrix_pane import named

SCORE_PLACES = 3
"""Scores are kept in half precision."""
MOST_PX = 768
"""No side of a picture is longer: over SSH each one is sent whole."""


class ImagesScreen(Screen[int | None]):
    """Leaves with the epoch that was looked at last."""

    TABLE = commands.IMAGES
    BINDINGS = commands.bindings(TABLE)
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high"), (34, "-tall")]

    class Read(Message):
        def __init__(self, found: CellImages, number: int) -> None:
            super().__init__()
            self.found, self.number = found, number

    class Shown(Message):
        """A picture, or why there is none."""

        def __init__(self, image: int, picture: Image.Image | None, text: str) -> None:
            super().__init__()
            self.image, self.picture, self.text = image, picture, text

    def __init__(self, home: Home, view: RunView, place: Place) -> None:
        super().__init__()
        self._home, self._view, self.place = home, view, place
        self._names = tuple(map(plain, view.class_names))
        self._viewer = Viewer(home, view.spec, MOST_PX)
        self._found: CellImages | None = None
        self._number = 0
        """Of the newest reading: an older one that ends later is of no use."""
        self._picture: Any = None
        self._pixels = (1, 1)

    def compose(self) -> ComposeResult:
        yield Static("resnet-tui needs 80×24 characters: enlarge the window", id="too-small")
        yield Static(id="images-head", markup=False)
        with Horizontal(id="body"):
            with Container(id="picture"):
                yield Static("reading the answers …", id="no-picture", markup=False)
            with Vertical(id="facts"):
                yield Static(id="image-facts", markup=False)
                yield Static(id="image-list", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._draw_head(None)
        self._read_anew()

    # What is read

    def _read_anew(self) -> None:
        """For each epoch: while the run trains, there are more each time."""
        self._number += 1
        self._read(self._number)

    @work(thread=True, group="answers")
    def _read(self, number: int) -> None:
        try:
            answers = read_answers(self._home.run(self._view.run_id), self._view.class_names)
        except NoAnswers as problem:
            self.post_message(self.Shown(-1, None, plain(problem)))
            return
        are_grades = LOSSES[self._view.spec.loss].gives_grade
        self.post_message(self.Read(CellImages(answers, len(self._names), are_grades=are_grades), number))

    @work(thread=True, exclusive=True, group="picture")
    def _load(self, image: int, name: str) -> None:
        try:
            self.post_message(self.Shown(image, self._viewer.show(name), self._viewer.where(name)))
        except DataError as problem:
            self.post_message(self.Shown(image, None, plain(problem)))

    def on_images_screen_read(self, message: Read) -> None:
        if message.number == self._number:
            self._found = message.found
            self._look(self.place)

    def on_images_screen_shown(self, message: Shown) -> None:
        if message.image not in (self.place.image, -1):
            return
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
                else "the answers of this epoch were not kept"
            )
            self.post_message(self.Shown(-1, None, why))
        elif image != before or self._picture is None:
            self._load(image, self._found.name(image))

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
        head.append(f"   true {named(self._names, place.label)}, answered {named(self._names, place.answer)}")
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
            ("answer", named(names, place.answer)),
            (score, decimals(about.score, SCORE_PLACES)),
        ):
            text.append(f"{name:7}", style="dim").append(f"{value}\n")
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
        text.append(f"{at + 1:,} of {len(images):,}, {order} sure first", style="dim")
        for line in window(len(images), at, room):
            facts = found.facts(images[line], place.epoch)
            row = f"{fitted_end(facts.name, width - 8)}{decimals(facts.score, SCORE_PLACES):>7} "
            text.append(f"\n{row}", style="reverse" if line == at else "")
        listed.update(text)

    # What keys do

    def _step(self, by: int) -> None:
        if self._found is not None:
            self._look(self._found.step(self.place, by))

    def action_next_image(self) -> None:
        self._step(1)

    def action_previous_image(self) -> None:
        self._step(-1)

    def action_first_image(self) -> None:
        self._step(-(10**9))

    def action_last_image(self) -> None:
        self._step(10**9)

    def action_next_epoch(self) -> None:
        self._to_epoch(1)

    def action_previous_epoch(self) -> None:
        self._to_epoch(-1)

    def _to_epoch(self, by: int) -> None:
        """At once with what is known, then with what is new."""
        self.place = replace(self.place, epoch=max(self.place.epoch + by, 0))
        if self._found is not None and self.place.epoch <= self._found.last_epoch:
            self._look(self.place)
        self._read_anew()

    def action_order(self) -> None:
        if self._found is not None:
            self._look(replace(self.place, is_reversed=not self.place.is_reversed, image=None))

    def action_copy_path(self) -> None:
        """To the clipboard of whoever sits at the terminal (OSC 52)."""
        if self._found is not None and self.place.image is not None:
            where = self._viewer.where(self._found.name(self.place.image))
            self.app.copy_to_clipboard(where)
            self.notify(f"copied {where}")

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.TABLE))

    def action_leave(self) -> None:
        self.dismiss(self.place.epoch)


def _history_text(history: tuple[int | None, ...], label: int, epoch: int, width: int) -> Text:
    """Two lines: epochs, and what the image was answered after them; right answers are bold."""
    cell = max(len(str(len(history) - 1)), max((len(str(each)) for each in history), default=1)) + 1
    seen = epochs_seen(history, epoch, (width - 7) // cell)
    text = Text(no_wrap=True)
    text.append(f"{'epoch':6}", style="dim")
    for each in seen:
        text.append(f"{each:>{cell}}", style="reverse" if each == epoch else "dim")
    text.append(f"\n{'answer':6}", style="dim")
    for each in seen:
        answer = history[each]
        text.append(f"{'–' if answer is None else answer:>{cell}}", style="bold" if answer == label else "")
    return text
