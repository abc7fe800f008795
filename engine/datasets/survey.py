"""Report on a data set before training: its splits, classes, groups and problems."""

import dataclasses
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from engine.datasets.formats.names.image_names import MEMBER
from engine.datasets.formats.problems import SKIP_THEM, TAKE_OUT, error, some, warning
from engine.datasets.index import SKIPPED, SPLITS, Index, Survey
from engine.datasets.leaks import other_member
from engine.problem import Problem, WayOut, errors_of

CHUNK = 256
DARK_SHARE = 0.25
"""Images of 16 bits that use no more of their range are dark: those of 12 bits use a sixteenth."""
REPLACE = WayOut("replace them")
Progress = Callable[[int, int], None]
"""Called with images done and images in all."""


@dataclass(frozen=True)
class Looks:
    """Findings of opening every image."""

    unreadable: dict[str, str]
    """Reasons by name, without empty files."""
    sizes: dict[str, int]
    """Number of images of each size, such as `512×512`, the most frequent first."""
    modes: dict[str, int]
    """Number of images of each Pillow mode, the most frequent first."""
    copies: tuple[str, ...] = ()
    """Test and val images that are in train too, perhaps under another name."""
    held_out: int = 0
    """Number of test and val images."""
    deep: int = 0
    """Number of images of 16 bits."""
    highest: int = 0
    """Highest level of all images of 16 bits, up to 65535."""


def data_document(
    data: str, survey: Survey, looks: Looks | None, *, on_bad: str, split_seed: int = 0, folds: int = 0
) -> dict[str, Any]:
    """Return the document that `data check --json` prints; unknown values are None.

    `split_seed` and `folds` are those that the survey drew splits by."""
    index = survey.index
    empty = _empty_files(index) if index else []
    problems = [*survey.problems, *_empty(empty, index, on_bad), *_unreadable(looks, index, on_bad)]
    problems += [*_copies(looks), *_dark(looks)]
    if index is not None and on_bad == "skip":
        index = _without(index, {*empty, *(looks.unreadable if looks else ())})
    return {
        "data": data,
        "usable": index is not None and not errors_of(problems),
        "layout": index.kind if index else None,
        "why": survey.why or None,
        "root": str(index.root) if index and index.root else None,
        "names_only": looks is None,
        "images": len(index.used) if index else None,
        "class_names": list(index.class_names) if index else None,
        "ordered": index.ordered if index else None,
        "ordered_why": index.order.why if index else None,
        "ordered_way": asdict(index.order.way) if index and index.order.way else None,
        "fingerprint": index.fingerprint if index else None,
        "splits": _splits(index, survey) if index else None,
        "split_seed": split_seed,
        "folds": folds,
        "baseline": index.baseline() if index and index.rows_of("test") else None,
        "groups": _groups(index) if index else None,
        "shared_groups": _shared(index) if index else None,
        "sizes": looks.sizes if looks else None,
        "modes": looks.modes if looks else None,
        "highest_level": looks.highest if looks and looks.deep else None,
        "problems": [_document_of(problem) for problem in problems],
    }


def _document_of(problem: Problem) -> dict[str, Any]:
    """Return a problem's keys in `data check --json`: `text` is the line, `what` the line without the ways out."""
    return {
        "kind": problem.kind,
        "severity": problem.severity,
        "text": problem.text,
        "brief": problem.brief,
        "count": problem.count,
        "examples": list(problem.values),
        "field": problem.field,
        "what": problem.what,
        "ways_out": [asdict(way) for way in problem.ways_out],
    }


def look_at_images(index: Index, progress: Progress, missing: Collection[int] = frozenset()) -> Looks | None:
    """Decode every image of an index but the `missing` rows; return None for a built-in set, which has no files."""
    from engine.datasets.pixels.read_image import read_image
    from engine.datasets.pixels.reasons import UnreadableImage

    root = index.root
    if root is None:
        return None

    def look(row: int) -> _Look:
        name = index.names[row]
        if _is_empty(index, name):
            return _Look(row)
        try:
            # Small: a JPEG is read to its end, but not at full size.
            picture = read_image(root, name, lambda _size: (32, 32))
        except FileNotFoundError:
            return _Look(row, wrong="it is missing")
        except UnreadableImage as wrong:
            return _Look(row, wrong=str(wrong))
        size = "×".join(map(str, picture.size))
        content = f"{size} {picture.mode} ".encode() + picture.rgb.tobytes()
        digest = hashlib.blake2b(content, digest_size=16).digest()
        return _Look(row, size, picture.mode, highest=picture.highest, digest=digest)

    found: list[_Look] = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        rows = [row for row in index.used if row not in missing]
        for start in range(0, len(rows), CHUNK):
            found += threads.map(look, rows[start : start + CHUNK])
            progress(len(found), len(rows))
    return _looks(index, found)


class _Look(NamedTuple):
    """Findings of opening one image."""

    row: int
    size: str = ""
    mode: str = ""
    wrong: str = ""
    highest: int | None = None
    digest: bytes = b""
    """Hash of the pixels; those of a JPEG at the reduced size at which it was read."""


def _looks(index: Index, found: Sequence[_Look]) -> Looks:
    trained = {each.digest for each in found if each.digest and index.splits[each.row] == "train"}
    held_out = [each for each in found if index.splits[each.row] in ("val", "test")]
    deep = [each.highest for each in found if each.highest is not None]
    return Looks(
        {index.names[each.row]: each.wrong for each in found if each.wrong},
        dict(Counter(each.size for each in found if each.size).most_common()),
        dict(Counter(each.mode for each in found if each.mode).most_common()),
        tuple(index.names[each.row] for each in held_out if each.digest in trained),
        len(held_out),
        len(deep),
        max(deep, default=0),
    )


def _splits(index: Index, survey: Survey) -> dict[str, Any]:
    return {
        split: {
            "images": index.splits.count(split),
            "per_class": index.counts(split),
            "drawn": survey.is_drawn(split),
        }
        for split in SPLITS
        if split in index.splits
    }


def _groups(index: Index) -> dict[str, Any] | None:
    if index.groups is None:
        return None
    sizes = index.groups_used
    return {"rule": index.group_rule, "count": len(sizes), "largest": max(sizes.values())}


def _shared(index: Index) -> dict[str, Any] | None:
    found = other_member(index)
    return asdict(found) if found else None


def _empty_files(index: Index) -> list[str]:
    if index.root is None:
        return []
    used = [index.names[row] for row in index.used]
    return [name for name in used if _is_empty(index, name)]


def _without(index: Index, names: Collection[str]) -> Index:
    """Return the index without images that a run will skip."""
    left = [
        SKIPPED if name in names else split for name, split in zip(index.names, index.splits, strict=True)
    ]
    return dataclasses.replace(index, splits=tuple(left)) if names else index


def _copies(looks: Looks | None) -> list[Problem]:
    if looks is None or not looks.copies:
        return []
    text = (
        f"{len(looks.copies):,} of {looks.held_out:,} test and val images are copies of train images, the first is "
        f"{looks.copies[0]!r}: the network has seen them; take them out of one split"
    )
    return [warning("copies", text, "test images that are copies of train images", looks.copies)]


def _empty(names: Sequence[str], index: Index | None, on_bad: str) -> list[Problem]:
    if not names or index is None:
        return []
    text = f"{some(len(names), len(index.used))} are empty files, the first is {names[0]!r}"
    return [_bad("empty_files", text, [REPLACE], "empty files, skipped", names, on_bad)]


def _is_empty(index: Index, name: str) -> bool:
    if MEMBER.fullmatch(name):
        return False
    try:
        return os.stat(f"{index.root}/{name}").st_size == 0
    except OSError:  # missing: reported as a problem of its own
        return False


def _bad(
    kind: str, text: str, ways: Sequence[WayOut], brief: str, names: Sequence[str], on_bad: str
) -> Problem:
    """Return an error, or a warning where bad images are to be skipped."""
    if on_bad == "skip":
        return warning(kind, f"{text}: skipped", brief, names)
    return error(kind, text, names, [*ways, SKIP_THEM])


def _unreadable(looks: Looks | None, index: Index | None, on_bad: str) -> list[Problem]:
    if looks is None or index is None or not looks.unreadable:
        return []
    named = [f"{name} ({why})" for name, why in looks.unreadable.items()]
    count, first = some(len(named), len(index.used)), named[0]
    text = f"{count} cannot be read, the first is {first}"
    brief = "unreadable images, skipped"
    take_out = WayOut("take them out of the folders") if index.has_class_folders else TAKE_OUT
    return [_bad("unreadable_images", text, [REPLACE, take_out], brief, named, on_bad)]


def _dark(looks: Looks | None) -> list[Problem]:
    """Warn where images of 16 bits use only the lowest levels, such as 12-bit levels saved without stretching."""
    from engine.datasets.pixels.rgb import DEEP_WHITE

    if looks is None or not looks.deep or looks.highest > DARK_SHARE * DEEP_WHITE:
        return []
    text = (
        f"the levels of {looks.deep:,} images of 16 bits go up to {looks.highest:,} of {DEEP_WHITE:,} alone: they are "
        "nearly black to a network; stretch them all by one factor"
    )
    return [warning("dark_levels", text, "16-bit images nearly black")]
