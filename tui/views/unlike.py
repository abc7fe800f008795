"""Settings without a column of their own that tell recipes apart where they look alike in the run table. Pure.

A recipe is told by those whose value more than half of the recipes like it have not: what is usual says nothing."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.spec.recipe_words import value_in_words
from engine.spec.run_spec import FIELDS, NO_RESULT, VARIED, settings_of
from engine.store.overview import Listed
from engine.store.tables import Run
from tui.formatting import plain
from tui.run_row import RunRow

ALIKE = ("data", "arch", "pretrained")
"""Settings in which rows look alike."""
TOLD = tuple(name for name in FIELDS if name not in {*ALIKE, "lr", *NO_RESULT, *VARIED})
"""Settings that no column shows."""
NO_USUAL = object()
"""Stands for the usual value of a setting that has none; no value equals it."""
AT_ONCE = 500
"""Specs that one poll reads, in about 10 ms: a table may have thousands of recipes."""
Look: TypeAlias = tuple[str, str, str]


@dataclass
class _Alike:
    """Recipes that look alike, by the group key of their runs."""

    unread: dict[str, None] = field(default_factory=dict)
    """Those whose spec is not known."""
    first: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the first that was read."""
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Settings of each that was read, where they differ from the first's."""
    fields: set[str] = field(default_factory=set)
    """Settings in which any two differ."""

    @property
    def count(self) -> int:
        return len(self.unread) + len(self.others)

    def usual(self) -> dict[str, Any]:
        """Return the value of each of `fields` that more than half of the recipes have, NO_USUAL where none is; the
        settings first in which the fewest recipes have another value than the most frequent one."""
        found: dict[str, tuple[int, Any]] = {}
        counts: dict[str, Counter[Any]] = {name: Counter() for name in TOLD if name in self.fields}
        for own in self.others.values():
            for name, value in own.items():
                counts[name][value] += 1
        for name, count in counts.items():
            count[self.first[name]] = len(self.others) - count.total()
            value, most = count.most_common(1)[0]
            found[name] = len(self.others) - most, value if 2 * most > len(self.others) else NO_USUAL
        return {name: found[name][1] for name in sorted(found, key=lambda name: found[name][0])}


class Unlike:
    """Words for each recipe that another looks like. A recipe is never forgotten, so that words do not come and go."""

    def __init__(self) -> None:
        self._look_of: dict[str, Look] = {}
        self._alike: dict[Look, _Alike] = {}
        self._words: dict[str, str] = {}
        self._unread: dict[Look, None] = {}
        """Looks of several recipes, some of which have not been read."""

    def take(self, runs: Collection[Listed | Run | RunRow]) -> None:
        """Take new and changed runs."""
        for run in runs:
            key = run.group_key
            if not key or key in self._look_of:
                continue
            look = self._look_of[key] = plain(run.data), run.arch, plain(run.pretrained)
            alike = self._alike.setdefault(look, _Alike())
            alike.unread[key] = None
            if alike.count > 1:
                self._unread[look] = None

    def words(self, group_key: str) -> str:
        """Return the settings that tell a recipe from those that look like it; empty where nothing does."""
        return self._words.get(group_key, "")

    def wanted(self) -> list[str]:
        """Return the group keys whose specs are to be read next; none where each is known that needs to be."""
        found: list[str] = []
        for look in self._unread:
            found += self._alike[look].unread
            if len(found) >= AT_ONCE:
                break
        return found[:AT_ONCE]

    def learn(self, specs: Mapping[str, str]) -> set[str]:
        """Take the JSON of a spec by group key, and return the recipes whose words are others now.

        A recipe that was asked for and is missing here has no run any more."""
        asked = self.wanted()
        looks = dict.fromkeys(self._look_of[key] for key in asked)
        for key in asked:
            self._read(key, specs.get(key))
        changed: set[str] = set()
        for look in looks:
            if not self._alike[look].unread:
                del self._unread[look]
                changed |= self._say(self._alike[look])
        return changed

    def _read(self, key: str, spec: str | None) -> None:
        alike = self._alike[self._look_of[key]]
        del alike.unread[key]
        if spec is None:
            del self._look_of[key]
            return
        settings = settings_of(spec, TOLD)
        alike.first = alike.first or settings
        alike.others[key] = {name: settings[name] for name in TOLD if settings[name] != alike.first[name]}
        alike.fields |= alike.others[key].keys()

    def _say(self, alike: _Alike) -> set[str]:
        """Word the unusual settings of each recipe, and return the recipes whose words are others now."""
        usual = alike.usual()
        changed = set()
        for key, own in alike.others.items():
            values = ((name, own.get(name, alike.first[name])) for name in usual)
            words = ", ".join(
                plain(f"{name} {value_in_words(value) or '–'}")
                for name, value in values
                if value != usual[name]
            )
            if words != self.words(key):
                self._words[key] = words
                changed.add(key)
        return changed
