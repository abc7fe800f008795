"""Class-activation map of an image, made by a process while the pane is open."""

from collections.abc import Callable

from textual.message import Message

from engine.files.paths import Home
from engine.spec.run_spec import RunSpec
from tui.feeds.map_thread import MapAnswer, MapQuestion, MapThread
from tui.formatting import plain
from tui.widgets.picture_pane import PicturePane

MAKING, LOADING = "making the map …", "loading the network for its maps: some seconds …"


class MapPane(PicturePane):
    """Map for the predicted class, or for the true one; the process starts with the first map."""

    class Told(Message):
        """Description of the map, or of what it waits for."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Made(Message):
        def __init__(self, answer: MapAnswer) -> None:
            super().__init__()
            self.answer = answer

    def __init__(
        self, home: Home, run_id: int, spec: RunSpec, crashed: Callable[[Exception], object]
    ) -> None:
        super().__init__("map")
        self._maps = MapThread(
            home, run_id, spec, lambda answer: self.post_message(self.Made(answer)), crashed
        )
        self.is_wanted = self.is_made = False
        """Whether a map is to be shown, and whether it, or why there is none, is there."""
        self._of_true = False
        self._question: MapQuestion | None = None
        """Map that is shown or being made."""

    def on_unmount(self) -> None:
        self._maps.stop()

    def turn_class(self) -> None:
        """Change between the predicted and the true class, from the next question on."""
        self._of_true = not self._of_true

    def look(self, name: str | None, label: int) -> None:
        """Show the map of an image of the index; the newest question alone is answered. None: no image."""
        if not self.is_wanted or name is None:
            self._question = None
            return
        wanted = MapQuestion(name, label if self._of_true else None)
        if wanted == self._question:
            return
        self._question = wanted
        if not self._maps.ask(wanted):
            self.is_made = False
            says = MAKING if self._maps.has_answered else LOADING
            self.say(says)
            self.post_message(self.Told(says))

    def on_map_pane_made(self, message: Made) -> None:
        message.stop()
        answer = message.answer
        if answer.question != self._question or not self.is_attached:
            return
        self.is_made = True
        if answer.picture is None:
            self._question = None  # the next look asks again
            self.say(f"✖ {plain(answer.problem)}")
        else:
            self.show(answer.picture)
        self.post_message(self.Told("\n".join(map(plain, answer.text.splitlines()))))
