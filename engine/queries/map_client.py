"""Class-activation maps of a run's images, from a process of its own: torch never comes into this one."""

import base64
import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from engine.datasets.formats.problems import DataError
from engine.datasets.source import images_root
from engine.files.paths import Home
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.run_spec import RunSpec
from engine.torch_subprocess import engine_command

CLOSED = "it was closed"


class NoMaps(RuntimeError):
    """Error of a map that cannot be made: one line that says why."""


@dataclass(frozen=True)
class MapPicture:
    """Map of one image."""

    image: str
    """Name of the image in the run's index."""
    map_png: bytes
    """Map over the image as the network sees it, in shades of grey."""
    seen_png: bytes
    """Image as the network sees it."""
    numbers: dict[str, Any]
    """The map in numbers, as `predict --cam` writes them: class, score, predicted, quadrants, layer, seen_as, epoch."""

    def summary(self) -> str:
        """`2 moderate (.712): 61 % in the upper left`, and how the image is seen, in two lines."""
        return f"{said_of(self.numbers)}\n{self.numbers['seen_as']}"


def said_of(numbers: dict[str, Any]) -> str:
    """Say what a map shows, in one line."""
    is_class = numbers["map_of"] == "class"
    score = f"{numbers['score']:.3f}".removeprefix("0") if is_class else ""
    what = f"{numbers['class']} ({score})" if is_class else "what raises the grade"
    shares = numbers["quadrants"]
    if shares is None:
        return f"{what}: nothing in the image speaks for it"
    most = max(shares, key=lambda name: float(shares[name]))
    return f"{what}: {100 * shares[most]:.0f} % in the {most}"


class MapClient:
    """Process that makes maps of one run's images; one question at a time, and `close` from any thread."""

    def __init__(self, home: Home, run_id: int, spec: RunSpec, *, device: str = "cpu") -> None:
        self._home, self._run_id, self._spec, self._device = home, run_id, spec, device
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None
        self._root: Path | None = None
        self._is_closed = False
        self._asking = threading.Lock()

    def map_of(self, name: str, label: int | None = None) -> MapPicture:
        """Return the map of an image by its name in the index, for a class by its number or for the predicted one.

        The first call starts the process, which takes seconds. Raises NoMaps, also where `close` was called."""
        with self._asking:
            process = self._started()
            answer = self._exchange(process, {**self._wanted(name), "class": label})
        if "problem" in answer:
            raise NoMaps(str(answer["problem"]))
        map_png, seen_png = (base64.b64decode(answer.pop(key)) for key in ("map_png", "seen_png"))
        return MapPicture(name, map_png, seen_png, answer)

    def close(self) -> None:
        """End the process, also in the middle of a map. Returns at once: a thread waits for its end."""
        self._is_closed = True
        if (process := self._process) is not None:
            with suppress(OSError):
                process.kill()
            threading.Thread(target=self._reap, name="end of the maps' process", daemon=True).start()

    def _reap(self) -> None:
        """Wait for the killed process, unless the thread that asked it has done so."""
        with self._asking:
            if self._process is not None:
                self._end(self._process)

    @property
    def has_ended(self) -> bool:
        """True where no process runs, so that the next call would start one."""
        return self._process is None

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is not None:
            return self._process
        if self._is_closed:
            raise NoMaps(CLOSED)
        weights = self._home.run(self._run_id).best
        if not weights.exists():
            raise NoMaps(
                f"run {self._run_id} has no weights at {weights}: maps are made with the best epoch's"
            )
        builtin = ["--builtin", self._spec.data] if self._spec.data in BUILTIN_DEFAULTS else []
        command = engine_command(
            "prediction.map_server",
            [
                *("--weights", str(weights), "--home", str(self._home.root)),
                *("--device", self._device, *builtin),
            ],
        )
        pipe = subprocess.PIPE
        # A file, for a plug-in that prints much would fill a pipe that nobody reads.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._errors, text=True)
        self._process = process
        if self._is_closed:  # while it was being started
            process.kill()
        self._read(process)  # the layer
        return process

    def _exchange(self, process: "subprocess.Popen[str]", request: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        with suppress(OSError):  # it has ended: reading says why
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        return self._read(process)

    def _read(self, process: "subprocess.Popen[str]") -> dict[str, Any]:
        """Read one line; where the process has ended, also in the middle of it, raise NoMaps with its last words."""
        assert process.stdout is not None
        line = process.stdout.readline()
        document = _document(line)
        if document is not None:
            return document
        if line:  # half a line, or none of ours: the next ones cannot be told apart
            with suppress(OSError):
                process.kill()
        raise NoMaps(self._end(process, f"its process wrote what is no map: {line[:80]!r}" if line else ""))

    def _end(self, process: "subprocess.Popen[str]", why: str = "") -> str:
        """Wait for the process, close its pipes, and return why it ended: its last words where there are any."""
        assert process.stdin is not None and process.stdout is not None and self._errors is not None
        self._process, code = None, process.wait()
        with process.stdout, self._errors as errors:
            errors.seek(0)
            said = errors.read().strip().splitlines()
        with suppress(OSError):
            process.stdin.close()
        if self._is_closed:
            return CLOSED
        return said[-1] if said else why or f"its process ended with exit code {code}"

    def _wanted(self, name: str) -> dict[str, Any]:
        if self._spec.data in BUILTIN_DEFAULTS:
            return {"row": int(name.rpartition("#")[2])}
        try:
            self._root = self._root or images_root(self._home, self._spec)
        except DataError as error:
            raise NoMaps(str(error)) from None
        return {"image": str(self._root / name)}


def _document(line: str) -> dict[str, Any] | None:
    """Parse an answer; None for a line that was cut off or is none."""
    if not line.endswith("\n"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def maps_of(
    home: Home,
    run_id: int,
    spec: RunSpec,
    names: Sequence[str],
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[MapPicture | NoMaps]:
    """Yield the map of each image for its predicted class, in order, or why it has none; `progress` gets how many of
    how many are done. The process ends with the iteration."""
    client = MapClient(home, run_id, spec)
    try:
        for number, name in enumerate(names, 1):
            try:
                yield client.map_of(name)
            except NoMaps as problem:
                yield problem
                if client.has_ended:  # none of the others can be made either
                    return
            progress(number, len(names))
    finally:
        client.close()
