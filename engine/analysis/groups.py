"""Groups of runs: repetitions of one recipe, which differ in their seed, their split or their fold alone."""

import functools
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.analysis.summary import Spread, Summary, spread, summarise
from engine.metrics.catalogue import find_metric
from engine.spec.plugin_name import arch_shown
from engine.spec.run_spec import FIELDS, NO_RESULT, VARIED, RunSpec, test_over_train

LEAST = 2
"""Runs that make a group."""
NAMED = 5
"""Runs that a remark names one by one."""
Moment: TypeAlias = Literal["best", "last"]
"""Epoch of each run that is summarised: the one that its `select_on` chose, or its last one."""
Covers: TypeAlias = Literal["nothing", "seeds", "splits", "seeds and splits", "folds", "seeds and folds"]
"""Sources of variation between the runs that a summary counts: its interval covers them."""


NO_NUMBERS: Mapping[str, float] = MappingProxyType({})


class Member(NamedTuple):
    """Run of a group, with the numbers that a summary takes. A tuple, because 10,000 are made at once."""

    run_id: int
    group_key: str
    status: str
    spec_hash: str
    """Equal for runs that repeat each other: same settings, same seed, same split."""
    seed: int = 0
    split_seed: int = 0
    fold: int = 0
    name: str = ""
    data_fingerprint: str = ""
    """Hash of the data's names, labels and groups; empty where it is not known."""
    baseline: float | None = None
    best: Mapping[str, float | None] = NO_NUMBERS
    """Numbers of its best epoch, by the keys of their metrics."""
    last: Mapping[str, float | None] = NO_NUMBERS

    @property
    def is_done(self) -> bool:
        return self.status == "done"

    @property
    def split(self) -> tuple[int, int]:
        """Seed of its split, and its fold: members alike in it have the same test images."""
        return self.split_seed, self.fold

    def number(self, key: str, moment: Moment) -> float | None:
        return (self.best if moment == "best" else self.last).get(key)


@dataclass(frozen=True)
class Group:
    """Runs of one recipe on the same images. Its numbers follow from its own members alone."""

    key: str
    """Their `group_key`; where runs with it had different data, with the data's fingerprint behind a colon."""
    members: tuple[Member, ...]
    """By id, whatever their status."""
    spec_json: str = "{}"
    """Spec of one of its runs, which the others share but for the fields of VARIED."""
    other_data: tuple[int, ...] = ()
    """Runs with the same settings that were trained on other contents of the data set: they are never averaged."""

    @property
    def run_ids(self) -> tuple[int, ...]:
        return tuple(each.run_id for each in self.members)

    @property
    def label(self) -> str:
        """Return the name that all members share or else their network, first weights and learning rate."""
        names = {each.name for each in self.members}
        if len(names) == 1 and "" not in names:
            return next(iter(names))
        pretrained = self.setting("pretrained")
        start = "" if pretrained == RunSpec.model_fields["pretrained"].default else f" {pretrained}"
        folds = f", {self.folds} folds" if self.folds else ""
        return f"{arch_shown(self.setting('arch'))}{start}, lr {self.setting('lr'):g}{folds}"

    def setting(self, name: str) -> Any:
        """Return a setting that all members share. Raises KeyError for one that varies within a group."""
        if name in VARIED or name not in FIELDS:
            raise KeyError(name)
        return self._settings.get(name, RunSpec.model_fields[name].default)

    @functools.cached_property
    def _settings(self) -> dict[str, Any]:
        """Settings as the JSON has them; those of an older version lack fields."""
        found: dict[str, Any] = json.loads(self.spec_json)
        return found

    @functools.cached_property
    def repeats(self) -> dict[int, int]:
        """Map each done run that repeats an earlier done one to that: it is not counted again."""
        first: dict[str, int] = {}
        done = [each for each in self.members if each.is_done]
        return {
            each.run_id: first[each.spec_hash]
            for each in done
            if first.setdefault(each.spec_hash, each.run_id) != each.run_id
        }

    @functools.cached_property
    def counted(self) -> tuple[Member, ...]:
        """Return the members that a summary counts: done, none twice, and of whole cross-validations where one is."""
        partial = self.partial
        return tuple(each for each in self._distinct_done if each.run_id not in partial)

    @functools.cached_property
    def _distinct_done(self) -> tuple[Member, ...]:
        repeats = self.repeats
        return tuple(each for each in self.members if each.is_done and each.run_id not in repeats)

    @functools.cached_property
    def repetitions(self) -> tuple[Mapping[int, Member], ...]:
        """Return the done runs of each repetition of a cross-validation by fold: those alike in seed and split seed."""
        found: dict[tuple[int, int], dict[int, Member]] = defaultdict(dict)
        for each in self._distinct_done:
            found[each.split_seed, each.seed][each.fold] = each
        return tuple(folds for _, folds in sorted(found.items()))

    @functools.cached_property
    def whole(self) -> tuple[Mapping[int, Member], ...]:
        """Return the repetitions that have all their folds; empty where the group is no cross-validation."""
        return tuple(each for each in self.repetitions if len(each) == self.folds) if self.folds else ()

    @functools.cached_property
    def partial(self) -> frozenset[int]:
        """Return the done runs of repetitions that lack folds, where another is whole: its folds alone are counted."""
        if not self.whole:
            return frozenset()
        inside = {each.run_id for folds in self.whole for each in folds.values()}
        return frozenset(each.run_id for each in self._distinct_done) - inside

    @property
    def not_done(self) -> tuple[Member, ...]:
        return tuple(each for each in self.members if not each.is_done)

    @property
    def distinct(self) -> int:
        """Return how many different runs it has, done or not."""
        return len({each.spec_hash for each in self.members})

    @property
    def folds(self) -> int:
        """Return the number of folds of its cross-validation; 0 where it is none."""
        return int(self.setting("folds"))

    @property
    def overlap(self) -> float:
        """Return about how many test images there are to a training image, as the settings have it: the overlap of the
        training images of different splits. 0 where nothing is trained."""
        return test_over_train(
            self.folds, *(self.setting(name) for name in ("test_fraction", "val_fraction", "epochs"))
        )

    @property
    def differing(self) -> tuple[str, ...]:
        """Return the settings in which its members differ."""
        names = (name for name in FIELDS if name in VARIED)
        return tuple(name for name in names if len({getattr(each, name) for each in self.members}) > 1)

    @functools.cached_property
    def splits(self) -> tuple[tuple[int, int], ...]:
        """Return the different splits of the counted members."""
        return tuple(sorted({each.split for each in self.counted}))

    @property
    def covers(self) -> Covers:
        """Return what varied between the counted members."""
        counted = self.counted
        seeds = len({each.seed for each in counted}) > 1
        if len(self.splits) < 2:
            return "seeds" if seeds else "nothing"
        if self.folds:
            return "seeds and folds" if seeds else "folds"
        return "seeds and splits" if seeds else "splits"

    def numbers(self, key: str, moment: Moment) -> list[float | None]:
        """Return one value of a metric for each counted run or, where their splits differ, for each split.

        Runs on the same split are averaged first: their test images are the same, so they are no independent values."""
        if len(self.splits) < 2:
            return [each.number(key, moment) for each in self.counted]
        inside: dict[tuple[int, int], list[float | None]] = defaultdict(list)
        for each in self.counted:
            inside[each.split].append(each.number(key, moment))
        return [spread(values).mean for _, values in sorted(inside.items())]

    def spread(self, key: str, moment: Moment = "best") -> Spread:
        """Return mean and deviation as `summary` does, without its interval, which would load SciPy."""
        return spread(self.numbers(key, moment))

    def summary(self, key: str, moment: Moment = "best") -> Summary:
        """Summarise a metric over the counted members. Raises KeyError for a metric that is not declared."""
        overlap = self.overlap if len(self.splits) > 1 else 0.0
        return summarise(self.numbers(key, moment), overlap=overlap, bounds=_limits(key))

    @property
    def baseline(self) -> float | None:
        """Return the mean baseline of the counted members: it differs between splits."""
        return spread(each.baseline for each in self.counted).mean

    def remarks(self) -> list[str]:
        """Say which runs are not counted, and why; empty where all are."""
        said = []
        if self.not_done:
            by_status: dict[str, list[int]] = defaultdict(list)
            for each in self.not_done:
                by_status[each.status].append(each.run_id)
            done = len(self.members) - len(self.not_done)
            others = (f"{status}: {_some(runs)}" for status, runs in by_status.items())
            said.append(f"{done} of {len(self.members)} done, {', '.join(others)}")
        return [*said, *self.left_out()]

    def left_out(self) -> list[str]:
        """Say which done runs are not counted, and why; empty where all are."""
        said = [f"run {run} repeats run {earlier}: counted once" for run, earlier in self.repeats.items()]
        if self.partial:
            said.append(f"not counted, of a cross-validation that lacks folds: {_some(sorted(self.partial))}")
        if self.other_data:
            said.append(f"not averaged with runs of other contents of the data set: {_some(self.other_data)}")
        return said


def side_name(run_ids: Sequence[int]) -> str:
    """Name runs that are compared as one side: `#12`, or `group of #12`."""
    return f"#{run_ids[0]}" if len(run_ids) < LEAST else f"group of #{run_ids[0]}"


def _some(run_ids: Sequence[int]) -> str:
    return ", ".join(map(str, run_ids)) if len(run_ids) <= NAMED else f"{len(run_ids)} runs"


def labels_of(groups: Iterable[Group]) -> dict[str, str]:
    """Label each group by its key: groups that would have the same label also by the settings in which they differ."""
    alike: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for group in groups:
        alike[group.label, group.setting("data")].append(group)
    found: dict[str, str] = {}
    for (label, _), same in alike.items():
        unlike = [
            name
            for name in FIELDS
            if name not in NO_RESULT | VARIED and len({group.setting(name) for group in same}) > 1
        ]
        for group in same:
            found[group.key] = ", ".join([label, *(f"{name} {group.setting(name)}" for name in unlike)])
    return found


@functools.cache
def _limits(key: str) -> tuple[float, float]:
    return find_metric(key).metric.limits


def group_runs(members: Iterable[Member], specs: Mapping[str, str]) -> list[Group]:
    """Group runs by their key, those of at least LEAST, in the order of their first runs.

    `specs` has the JSON of the spec of one run of each key.
    Runs on different contents of a data set, such as before and after images were added, are never in one group. A run
    that has not read its data yet is taken to be on those that the newest of its group has read."""
    by_key: dict[str, list[Member]] = defaultdict(list)
    for each in sorted(members, key=lambda each: each.run_id):
        if each.group_key:
            by_key[each.group_key].append(each)
    found = [group for key, inside in by_key.items() for group in _by_content(key, inside, specs[key])]
    return sorted(found, key=lambda group: group.members[0].run_id)


def _by_content(key: str, members: list[Member], spec_json: str) -> list[Group]:
    newest = next((each.data_fingerprint for each in reversed(members) if each.data_fingerprint), "")
    parts: dict[str, list[Member]] = defaultdict(list)
    for each in members:
        parts[each.data_fingerprint if each.data_fingerprint or each.is_done else newest].append(each)
    if len(parts) == 1:
        return [Group(key, tuple(members), spec_json)] if len(members) >= LEAST else []
    first = next(iter(parts))
    return [
        Group(
            key if content == first else f"{key}:{content or 'unknown'}",
            tuple(part),
            spec_json,
            tuple(sorted(each.run_id for other, some in parts.items() if other != content for each in some)),
        )
        for content, part in parts.items()
        if len(part) >= LEAST
    ]
