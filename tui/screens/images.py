"""Images of one cell of a run's confusion matrix, each with its prediction after every epoch, and where the network
looks in it."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from PIL import Image
from rich.text import Text
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from engine.datasets.formats.problems import DataError
from engine.datasets.view import Viewer
from engine.files.epoch_predictions import NoPredictions, read_predictions
from engine.files.paths import Home
from engine.recipes.losses import LOSSES
from tui import commands
from tui.commands import Command
from tui.feeds.reader_thread import ReaderThread
from tui.formatting import plain
from tui.plots import named
from tui.screens.full_screen import FullScreen, Handlers
from tui.views.cell_images import CellImages, Place
from tui.views.image_texts import facts_text, list_text
from tui.views.run_view import RunView
from tui.widgets.map_pane import MapPane
from tui.widgets.picture_pane import PicturePane

MOST_PX = 768
"""Longest side of a picture: over SSH each one is sent whole."""
FAR = 10**9
NO_MAP = "no map is shown: enter on an image shows it"
ONE_MAP = "the network has one output, and so one map"
BOTH = "image and map stand beside each other"


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
        self._is_turned = False
        """True where the image stands in the map's place, because there is no room for both."""
        self._found: CellImages | None = None
        self._path = ""
        """Path of the image that was loaded last."""

    def handlers(self) -> Handlers:
        return {
            "next_image": partial(self._step, 1),
            "previous_image": partial(self._step, -1),
            "first_image": partial(self._step, -FAR),
            "last_image": partial(self._step, FAR),
            "next_epoch": partial(self._to_epoch, 1),
            "previous_epoch": partial(self._to_epoch, -1),
            "map": self._toggle_map,
            "map_class": self._toggle_class,
            "map_side": self._turn,
            "order": self._reverse,
            "copy_path": self._copy_path,
            "help": self.open_help,
            "leave": self.leave,
        }

    def compose_head(self) -> Widget:
        return Static(id="images-head", markup=False)

    def compose_body(self) -> Iterable[Widget]:
        with Horizontal(id="body"):
            yield PicturePane("picture", "reading the predictions …")
            yield MapPane(self._home, self._view.run_id, self._view.spec, self.raise_from_thread)
            with Vertical(id="facts"):
                yield Static(id="image-facts", markup=False)
                yield Static(id="map-facts", markup=False)
                yield Static(id="image-list", markup=False)

    def on_mount(self) -> None:
        self._draw_head(None)
        self._place_map()
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
        pane = self.query_one("#picture", PicturePane)
        if message.picture is None:
            pane.say(f"✖ {message.text}")
        else:
            pane.show(message.picture)

    def on_resize(self) -> None:
        self.call_after_refresh(self._place_map)
        self.call_after_refresh(self._draw)

    # The map

    @property
    def _maps(self) -> MapPane:
        return self.query_one(MapPane)

    def on_map_pane_told(self, message: MapPane.Told) -> None:
        self.query_one("#map-facts", Static).update(message.text)
        self._place_map()

    def _ask_map(self) -> None:
        image, found = self.place.image, self._found
        if found is not None and image is not None:
            self._maps.look(found.name(image), found.label(image))
        else:
            self._maps.look(None, 0)

    def _place_map(self) -> None:
        """Show image and map beside each other where there is room, else one of them: the image until its map is
        made."""
        if not self.is_whole:
            return
        is_wanted, both = self._maps.is_wanted, self.has_class("-wide")
        is_alone = self._maps.is_made and not self._is_turned
        self.set_class(is_wanted, "-mapped")
        self._maps.display = is_wanted and (both or is_alone)
        self.query_one("#picture").display = both or not is_wanted or not is_alone
        self.query_one("#map-facts").display = is_wanted
        self.refresh_bindings()

    def _toggle_map(self) -> None:
        self._maps.is_wanted, self._is_turned = not self._maps.is_wanted, False
        self._place_map()
        self._ask_map()

    def _toggle_class(self) -> None:
        self._maps.turn_class()
        self._ask_map()

    def _turn(self) -> None:
        self._is_turned = not self._is_turned
        self._place_map()

    def offers(self, command: Command) -> bool | None:
        is_offered = super().offers(command)
        if command.id in ("map_class", "map_side") and not (self.is_whole and self._maps.is_wanted):
            return False
        if command.id == "map_class":
            return is_offered and not self._gives_grade
        if command.id == "map_side":
            return is_offered and not self.has_class("-wide")
        return is_offered

    def why_not(self, command: Command) -> str:
        if command.id in ("map_class", "map_side") and not self._maps.is_wanted:
            return NO_MAP
        if command.id == "map_class" and self._gives_grade:
            return ONE_MAP
        if command.id == "map_side" and self.has_class("-wide"):
            return BOTH
        return super().why_not(command)

    @property
    def _gives_grade(self) -> bool:
        return LOSSES[self._view.spec.loss].gives_grade

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
        elif image != before or self.query_one("#picture", PicturePane).is_empty:
            self._pictures.ask((image, self._found.name(image)))
        self._ask_map()

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
            label, width = found.label(place.image), facts.size.width or 36
            score = "grade" if self._gives_grade else "score"
            said = {"label": named(self._names, label), "predicted": named(self._names, place.answer)}
            facts.update(facts_text(about, said, label, place.epoch, score, width))
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

    def _draw_list(self, images: list[int]) -> None:
        listed = self.query_one("#image-list", Static)
        width, room = listed.size.width or 36, max(listed.size.height - 1, 1)
        found = self._found
        listed.update(
            "" if found is None or not images else list_text(found, self.place, images, width, room)
        )

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
