"""Class-activation maps for the image viewer: a thread asks a process of its own, and keeps the newest."""

import io
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.files.paths import Home
from engine.queries.map_client import MapClient, NoMaps
from engine.spec.run_spec import RunSpec
from tui.feeds.reader_thread import ReaderThread

if TYPE_CHECKING:
    from PIL import Image

KEPT = 64
"""Maps that are kept: 150 kB each at 224 px, three times that at 384 px."""


@dataclass(frozen=True)
class MapQuestion:
    """Image by its name in the index, and the class of its map; None: the predicted one."""

    name: str
    label: int | None


@dataclass(frozen=True)
class MapAnswer:
    """Picture of a map and what it shows in words, or the reason why there is none."""

    question: MapQuestion
    picture: "Image.Image | None"
    text: str = ""
    problem: str = ""


class MapThread:
    """Makes maps outside the event loop. The process starts with the first question and ends at `stop`."""

    def __init__(
        self,
        home: Home,
        run_id: int,
        spec: RunSpec,
        ready: Callable[[MapAnswer], object],
        crashed: Callable[[Exception], object],
    ) -> None:
        """`ready` gets the answers, in the thread or in that of `ask`."""
        self._client = MapClient(home, run_id, spec)
        self._ready = ready
        self._kept: OrderedDict[MapQuestion, MapAnswer] = OrderedDict()
        self._thread = ReaderThread[MapQuestion]("maps", self._make, crashed, self._client.close)

    @property
    def has_answered(self) -> bool:
        return bool(self._kept)

    def ask(self, question: MapQuestion) -> bool:
        """Answer at once, and return True, where the map is kept; else have it made, unless a newer one is wanted."""
        if (kept := self._kept.get(question)) is not None:
            self._ready(kept)
            return True
        self._thread.ask(question)
        return False

    def stop(self) -> None:
        """End the process, also in the middle of a map."""
        self._client.close()
        self._thread.stop()

    def _make(self, question: MapQuestion) -> None:
        from PIL import Image

        try:
            made = self._client.map_of(question.name, question.label)
        except NoMaps as problem:
            self._ready(MapAnswer(question, None, problem=str(problem)))
            return
        with Image.open(io.BytesIO(made.map_png)) as opened:
            picture = opened.convert("RGB")
        answer = MapAnswer(question, picture, text=_text(made.summary(), made.numbers))
        self._kept[question] = answer
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self._ready(answer)


def _text(summary: str, numbers: dict[str, object]) -> str:
    """Say what the map shows, how the image is seen, and of which epoch the weights are."""
    grid = numbers["grid"]
    assert isinstance(grid, list)
    return (
        f"map of {summary}\nbest weights, epoch {numbers['epoch']}: predict {numbers['predicted']}; "
        f"{grid[0]}×{grid[1]} positions"
    )
