"""Groups of a run's test images, from its data set or from the images' names; each data set is read once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

from engine.datasets.groups import groups_by_name
from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.read_options import READ_FIELDS
from engine.datasets.source import index_data
from engine.files.paths import Home
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError
from engine.spec.run_spec import RunSpec


@dataclass(frozen=True)
class ImageGroups:
    """Group of each image by name, and the rule that the groups come from."""

    of: Mapping[str, str] | None
    """None where each image is its own group."""
    rule: str = ""
    """Rule in words; empty where each image is its own group."""

    def each(self, names: Sequence[str]) -> list[str] | None:
        """Return the group of each image, in order."""
        return [self.of.get(name, f"image {name}") for name in names] if self.of is not None else None


class GroupReader:
    """Reader of groups that keeps the indices of the data sets that it has read; one thread reads at a time."""

    def __init__(self, home: Home, read: Callable[[RunSpec], Index] | None = None) -> None:
        """`read` gives the index of a spec's data, where that is known already; it raises as `index_data` does."""
        self._read = read or partial(index_data, home)
        self._known: dict[tuple[object, ...], Index | DataError | SpecError | OSError] = {}
        self._one_at_a_time = Lock()

    def groups_of(self, spec: RunSpec, names: Sequence[str]) -> ImageGroups:
        """Return the groups of these images.

        Where the data are missing or have changed, only the images' names are used. Raises DataError where the spec
        names a group column that then cannot be read."""
        found = groups_by_name(list(names))
        by_name = (
            ImageGroups(dict(zip(names, found.of, strict=True)), found.rule) if found else ImageGroups(None)
        )
        if spec.data in BUILTIN_DEFAULTS:
            return by_name
        try:
            index = self._index(spec)
            if not set(names) <= set(index.names):
                raise DataError(f"{spec.data} has different images now")
        except (DataError, SpecError, OSError) as error:
            if spec.group_column:
                raise DataError(str(error)) from error
            return (
                ImageGroups(by_name.of, f"{by_name.rule}, because the data cannot be read")
                if found
                else by_name
            )
        if index.groups is None:
            return ImageGroups(None)
        of = dict(zip(index.names, index.groups, strict=True))
        groups = {name: of[name] for name in names}
        return (
            ImageGroups(groups, index.group_rule)
            if len(set(groups.values())) < len(groups)
            else ImageGroups(None)
        )

    def _index(self, spec: RunSpec) -> Index:
        """Return the index of a spec's data, or raise what reading it raised the first time."""
        key = tuple(getattr(spec, name) for name in READ_FIELDS)
        with self._one_at_a_time:
            if key not in self._known:
                try:
                    self._known[key] = self._read(spec)
                except (DataError, SpecError, OSError) as error:
                    self._known[key] = error
            found = self._known[key]
        if isinstance(found, Index):
            return found
        raise found
