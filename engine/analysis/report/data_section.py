"""Data of a study: splits, classes, groups, and what leaks from one split into another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.analysis.markdown import SYNTHETIC_DATA, UNDEFINED, percent
from engine.analysis.report.blocks import (
    Block,
    Cell,
    Paragraph,
    Section,
    Text,
    paragraph,
    section,
    strong,
    table,
    text,
)
from engine.analysis.report.facts import DataFacts, Facts
from engine.analysis.report.values import ids_of, plural
from engine.analysis.study import StudyRun
from engine.analysis.test_sets import all_same

UNKNOWN = "for want of predictions or of a recorded fingerprint of the data"
CAVEATS = dict.fromkeys(
    SYNTHETIC_DATA,
    "The images are synthetic, drawn by the program: these results prove nothing about patients.",
) | {
    "digits": "Scanned handwritten digits that ship with scikit-learn, 8×8 pixels enlarged; they are split "
    "at random, so the same writers are trained on and tested."
}


def data_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    parts = [
        section(f"Images of {name}", f"data-{number}", *_about(runs, facts.data.get(name, ())))
        for number, (name, runs) in enumerate(data.items(), start=1)
    ]
    return section("Data", "data", *parts)


def _about(runs: Sequence[StudyRun], found: Sequence[DataFacts]) -> Iterator[Block | None]:
    data, path = runs[0].data, runs[0].spec.data
    stands_for = "" if data == path else f"{data} stands for {path}."
    known = [each for each in found if not each.unknown]
    said = (stands_for, CAVEATS.get(path, ""), *map(_layout, known[:1]), _test_images(runs), order_of(runs))
    yield paragraph(" ".join(filter(None, said)))
    for each in known:
        several = f" of {ids_of(each.run_ids)}" if len(found) > 1 else ""
        yield _splits(each, f"Images of each class and split{several}")
    for each in found:
        yield from _warnings(each)
    yield _shared_groups(runs)
    yield from leaks(runs)


def _layout(found: DataFacts) -> str:
    return f"Layout: {found.layout}. {partition_of(found)}"


def partition_of(found: DataFacts) -> str:
    """Name the level of the partition: what is never in two splits at once."""
    how = _who_split(found)
    if not found.group_rule:
        return f"The split is by image ({how}); the data show no groups, such as patients."
    if found.shared_images:
        return f"The split is by image, not by group ({how}): groups ({found.group_rule}) lie in train and in test."
    return f"The split is by group ({found.group_rule}; {how}): no group is in two splits."


def _who_split(found: DataFacts) -> str:
    """Say which splits the data give, which the program drew, and by what."""
    drawn = [each.split for each in found.splits if each.is_drawn]
    given = [each.split for each in found.splits if not each.is_drawn and each.split != "train"]
    if not drawn:
        return "as the data give it"
    seed = f" and split seed {found.split_seed}" if found.split_seed else ""
    what = f"{', '.join(drawn)} " if given else ""
    if found.folds:
        what = f"test one of {found.folds} folds{', val' if 'val' in drawn else ''} "
    parts = (
        f"{', '.join(given)} as the data give it" if given else "",
        f"{what}drawn by the program, seeded by the data{seed}",
        "the data's own test images left out" if found.left_out else "",
    )
    return ", ".join(filter(None, parts))


def _splits(found: DataFacts, caption: str) -> Block:
    rows: list[list[Cell]] = []
    for place, name in enumerate(found.class_names):
        rows.append([name, *(_share(split.per_class[place], split.images) for split in found.splits)])
    rows.append(["all images", *(f"{split.images:,}" for split in found.splits)])
    if found.group_rule:
        rows.append(["groups", *(UNDEFINED if s.groups is None else f"{s.groups:,}" for s in found.splits)])
    rows.append(
        [
            "always-one-class accuracy, %",
            *(percent(max(s.per_class) / s.images) for s in found.splits if s.images),
        ]
    )
    return table(caption, ["class", *(split.split for split in found.splits)], rows)


def _share(count: int, images: int) -> str:
    return f"{count:,} ({100 * count / images:.1f} %)" if images else str(count)


def _warnings(found: DataFacts) -> Iterator[Paragraph]:
    ids = ids_of(found.run_ids)
    if found.unknown:
        yield paragraph(
            f"Splits and groups of {ids} are not described: {found.unknown}. Counts below are of their test images."
        )
    if found.is_changed:
        yield paragraph(
            strong("The data have changed since they were trained on"),
            f": {ids} recorded another fingerprint or other test images than they have now (fingerprint "
            f"{found.fingerprint}). The table shows them as they are now.",
        )
    for warning in found.warnings:
        yield paragraph(f"Warning of the data check: {warning}.")


def _test_images(runs: Sequence[StudyRun]) -> str:
    """Count the test images of each class, and name the runs that were tested on another set."""
    known = [run for run in runs if run.test_images is not None]
    if not known:
        return ""
    first = known[0]
    pairs = zip(first.classes, first.test_images or (), strict=True)
    each = ", ".join(f"{name} {count}" for name, count in pairs)
    said = f"Test images: {sum(first.test_images or ()):,} ({each})."
    same = {run.id: run.test_set.is_same(first.test_set) for run in known[1:]}
    others = [run_id for run_id, is_same in same.items() if is_same is False]
    unknown = [run_id for run_id, is_same in same.items() if is_same is None]
    if others or unknown:
        said += f" That is for #{first.id}."
    if others:
        said += f" Different test sets, not comparable with it: {ids_of(others)}."
    if unknown:
        said += f" Not known to be tested on the same, {UNKNOWN}: {ids_of(unknown)}."
    return said


def order_of(runs: Sequence[StudyRun]) -> str:
    """Say whether the classes are in order, and why; of which runs where they differ. Nothing for older runs, which did
    not note it, and for two classes, which have no other order."""
    found: dict[str, list[int]] = {}
    for run in runs:
        if run.is_ordered is not None and run.ordered_why and len(run.class_names) > 2:
            answer = "in order" if run.is_ordered else "in no order"
            found.setdefault(f"{answer} ({run.ordered_why})", []).append(run.id)
    if len(found) == 1 and len(runs) == sum(map(len, found.values())):
        return f"The classes are {next(iter(found))}."
    return " ".join(f"The classes of {ids_of(ids)} are {said}." for said, ids in found.items())


def _shared_groups(runs: Sequence[StudyRun]) -> Paragraph | None:
    """Count the test images that share a group with a train image; None where none does."""
    counts = dict.fromkeys(run.best.number("images_seen_group") for run in runs if run.best)
    if not any(counts):
        return None
    shared = " or ".join(f"{count:,.0f}" for count in counts if count)
    return paragraph(
        f"Of the test images, {shared} share a group (such as a patient) with a train image: the table of all "
        "metrics gives their accuracy separately."
    )


def leaks(runs: Sequence[StudyRun]) -> list[Paragraph]:
    """Write a sentence for each warm start from weights that were trained on images or groups of its test set."""
    found = [(run, run.leak) for run in runs if run.leak is not None and has_leak(run)]
    return [
        paragraph(
            strong(f"#{run.id} starts from weights that were trained on its test images"),
            f": {leak['images']:,} val and test images and {plural(leak['groups'], 'group')} were in the "
            f"training data of {ids_of(leak['from'])}; this affects {leak['test_images']:,} of its test "
            "images. Its accuracy says little about new images.",
        )
        for run, leak in found
    ]


def has_leak(run: StudyRun) -> bool:
    return bool(run.leak and (run.leak["images"] or run.leak["groups"]))


def said_of_data(data: str, runs: Sequence[StudyRun], found: Sequence[DataFacts]) -> Text:
    """Name data, images and partition in a sentence's words, as they are for the first run; say so where others
    differ."""
    known = next((each for each in found if not each.unknown), None)
    tested = next((run.test_images for run in runs if run.test_images), None)
    classes = len(known.class_names) if known else len(runs[0].class_names)
    words = ["synthetic images"] if runs[0].spec.data in SYNTHETIC_DATA else []
    words.append(f"{classes} classes")
    if known and (train := known.of("train")):
        words.append(f"{train.images:,} train images")
    if known and (val := known.of("val")):
        words.append(f"{val.images:,} val images")
    if tested:
        words.append(f"{sum(tested):,} test images")
    differ = len(found) > 1 or all_same(run.test_set for run in runs if run.test_images) is False
    aside = f"; that is for #{runs[0].id}, other runs have other splits" if differ else ""
    return text(f"{data} ({', '.join(words)}{aside})")
