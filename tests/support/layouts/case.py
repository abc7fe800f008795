"""A data set laid out: its files, and the truth about its images."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from layouts.photos import Photo, Photos

ROOT = "{ROOT}"
"""Stands in a file's text for the folder of the data."""


@dataclass(frozen=True)
class Truth:
    """Label and split of an image, and the place where the layout says so."""

    label: str | None
    """None where no single class is right."""
    splits: tuple[str, ...] = ()
    """Splits that it may be read into; empty where the layout tells none."""
    told_by: str = ""
    """Table that states its label; empty where a folder does."""


@dataclass(repr=False)
class Case:
    """Files by their path below the data's folder, and the truth about those that are labelled images."""

    kind: str
    plain: bool = True
    """True where nothing is ambiguous: the data must be read, and read right."""
    files: dict[str, bytes] = field(default_factory=dict)
    truth: dict[str, Truth] = field(default_factory=dict)
    aliases: dict[str, set[str]] = field(default_factory=dict)
    """Other names of a class that are as right."""
    says_splits: str = ""
    """Column, file or folder that states the splits; empty where nothing does."""
    choices: list[str] = field(default_factory=list)
    """Choices that were made, in words, for the report of a failure."""
    takes_images: bool = False
    """True where images without label, and other tables, may lie beside without being taken for labelled."""
    scheme: str = ""
    """Scheme of its classes' names."""
    given: str = ""
    """Path below the folder that is given as data."""

    def image(self, path: str, photo: Photo, *, splits: Iterable[str] = (), told_by: str = "") -> None:
        """Add an image whose label is known."""
        self.truth[path] = Truth(photo.label, tuple(splits), told_by)
        self.blank(path)

    def blank(self, path: str) -> None:
        """Add a file that looks like an image and has no label."""
        self.files[path] = b"\xff\xd8\xff\xe0 image"

    def text(self, path: str, content: str, encoding: str = "utf-8") -> None:
        self.files[path] = content.encode(encoding)

    def doubtful(self, why: str) -> None:
        """Say that a reader may refuse this case or warn of it."""
        self.plain = False
        self.choices.append(why)

    def describe(self, photos: Photos) -> None:
        self.scheme = photos.scheme
        self.choices.append(f"{photos.scheme} as classes, {photos.naming} as names")

    def names_of(self, label: str) -> set[str]:
        return {label, *self.aliases.get(label, ())}

    def write(self, folder: Path) -> None:
        made: set[Path] = set()
        for name, content in self.files.items():
            path = folder / name
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.add(path.parent)
            path.write_bytes(content.replace(ROOT.encode(), str(folder).encode()))

    def moved(self, below: str) -> None:
        """Put everything into a folder."""
        self.files = {f"{below}/{name}": content for name, content in self.files.items()}
        self.truth = {f"{below}/{name}": truth for name, truth in self.truth.items()}

    def __repr__(self) -> str:
        return f"<{self.kind}: {len(self.files)} files>"

    def _repr_pretty_(self, printer: object, _cycle: bool) -> None:
        """Keep Hypothesis from printing all fields; the failure shows the case."""
        printer.text(repr(self))  # type: ignore[attr-defined]

    def shown(self) -> str:
        """The tree and the tables, for the report of a failure."""
        lines = [f"kind {self.kind}, {'plain' if self.plain else 'not plain'}: {'; '.join(self.choices)}"]
        for name, content in sorted(self.files.items()):
            truth = self.truth.get(name)
            told = f"    is {truth.label} {'/'.join(truth.splits)}" if truth else ""
            lines.append(f"  {name!r}{told}")
            if not told and content[:2] != b"\xff\xd8" and not name.endswith(".npz"):
                lines += [f"      | {line}" for line in content.decode("utf-8", "replace").split("\n")[:14]]
        return "\n".join(lines)
