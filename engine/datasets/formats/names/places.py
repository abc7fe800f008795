"""Folders in which a table's images may lie."""

from collections.abc import Sequence
from pathlib import Path

from engine.datasets.formats.names.folder_names import is_masks
from engine.datasets.formats.names.image_names import Listing, Wanted
from engine.datasets.formats.names.name_tree import LOOSE, NameTree
from engine.datasets.formats.names.walk import subfolders


class Places:
    """Folders in which a table's images may lie.

    With `images` it is that folder alone; else the table's folder and its subfolders and, where these hold no image of
    the table, the folders inside the subfolders."""

    def __init__(self, folder: Path, images: Path | None = None) -> None:
        self.folder = folder
        self.base = images or folder
        """Folder that holds all images of the table, at whatever depth."""
        self._near = [Listing(images)] if images else [Listing(folder), *map(Listing, subfolders(folder))]
        self._far: list[Listing] | None = [] if images else None
        self._found: set[Path] = set()
        """Folders of the files that were found one by one."""
        self.tree = NameTree(self.base)

    def best(self, names: Sequence[str]) -> tuple[Listing, list[Listing]]:
        """Return the folder in which most names are files, and the others that hold as many; folders of masks last."""
        wanted = Wanted(names)
        counted = [(listing.count(wanted), listing) for listing in self._near]
        if names and not any(count for count, _ in counted):
            counted += [(listing.count(wanted), listing) for listing in self._deeper()]
        most = max(count for count, _ in counted)
        equal = [listing for count, listing in counted if count == most]
        best, *others = sorted(equal, key=lambda listing: is_masks(listing.root.name))
        return best, others if most else []

    def find(self, name: str) -> Path | None:
        """Find the file of a name in any of the folders, as it is or as another program wrote it.

        The folder that had the last file is searched first."""
        for listing in [*self._near, *self._deeper()]:
            if (file := listing.find(name)) is not None:
                if listing in self._near:
                    self._near.remove(listing)
                    self._near.insert(0, listing)
                self._found.add((listing.root / file).parent)
                return listing.root / file
        reading = self.tree.read([name]).read.get(name)
        if reading is None:
            return None
        path = self.base / reading.file
        return path if reading.how not in LOOSE or not self._found or path.parent in self._found else None

    @property
    def unreadable(self) -> dict[Path, str]:
        """Reasons why folders could not be listed, by folder."""
        found: dict[Path, str] = {}
        for listing in [*self._near, *(self._far or [])]:
            found |= listing.unreadable
        return found

    def _deeper(self) -> list[Listing]:
        if self._far is None:
            folders = [listing.root for listing in self._near[1:]]
            self._far = [Listing(inner) for folder in folders for inner in subfolders(folder)]
        return self._far
