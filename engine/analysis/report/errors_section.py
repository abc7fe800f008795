"""Worst errors: the most confident wrong predictions on each data set, with their images."""

from __future__ import annotations

from collections.abc import Iterator

from engine.analysis.markdown import unique
from engine.analysis.report.blocks import Block, Picture, Pictures, Section, paragraph, section, strong, text
from engine.analysis.report.facts import Facts, WrongImage, WrongImages
from engine.text import slug


def errors_section(facts: Facts) -> Section:
    slugs: list[str] = []
    parts = []
    for number, (data, found) in enumerate(facts.wrong.items(), start=1):
        slugs.append(unique(slug(data), slugs))
        parts.append(section(f"Worst errors on {data}", f"errors-{number}", *_blocks(data, found, slugs[-1])))
    return section("Worst errors", "errors", *parts)


def _blocks(data: str, found: WrongImages, data_slug: str) -> Iterator[Block]:
    if found.unknown:
        yield paragraph(f"The errors of #{found.run_id} are not shown: {found.unknown}.")
        return
    yield paragraph(
        f"#{found.run_id} (epoch {found.epoch}) predicts {found.wrong:,} of {found.images:,} test images wrongly"
        + (f"; the {len(found.shown)} most confident of them:" if found.shown else ".")
    )
    yield Pictures(
        f"errors-{data_slug}",
        text(f"Most confident wrong test images of #{found.run_id} on {data}"),
        text(_note(found)),
        tuple(_picture(each) for each in found.shown),
    )


def _note(found: WrongImages) -> str:
    note = (
        "Below each: the name, the true and the predicted class, and the probability (or the grade) that the network "
        "gave. An image that many runs predict wrongly may be labelled wrongly: look at these first."
    )
    if any(each.map for each in found.shown):
        note += " Beside it, where the network looked: its class-activation map for the predicted class."
    return note


def _picture(image: WrongImage) -> Picture:
    score = "" if image.score is None else f" ({image.score:.3f})"
    lines = [
        text(strong(image.name)),
        text(f"true {image.label}, predicted {image.predicted}{score}"),
    ]
    if image.runs > 1:
        lines.append(text(f"wrong in {image.wrong_in} of {image.runs} runs"))
    alt = f"Test image {image.name}: true {image.label}, predicted {image.predicted}"
    return Picture(tuple(lines), alt, image.picture, why_not=image.why_not, beside=image.map)
