"""Worst errors: the most confident wrong predictions on each data set, with their images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.analysis.markdown import title_of, unique
from engine.analysis.report.blocks import Block, Picture, Pictures, Section, paragraph, section, strong, text
from engine.analysis.report.confusions import confusions
from engine.analysis.report.facts import Facts, WrongImage, WrongImages
from engine.analysis.study import StudyRun
from engine.text import slug


def errors_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    slugs: list[str] = []
    parts = []
    for number, (name, found) in enumerate(facts.wrong.items(), start=1):
        slugs.append(unique(slug(name), slugs))
        run = next((each for each in data.get(name, ()) if each.id == found.run_id), None)
        blocks = _blocks(name, found, run, slugs[-1])
        parts.append(section(f"Worst errors on {name}", f"errors-{number}", *blocks))
    return section("Worst errors", "errors", *parts)


def _blocks(data: str, found: WrongImages, run: StudyRun | None, data_slug: str) -> Iterator[Block]:
    if found.unknown:
        yield paragraph(f"The errors of #{found.run_id} are not shown: {found.unknown}.")
        return
    said = f"#{found.run_id} (epoch {found.epoch}) predicts {found.wrong:,} of {found.images:,} test images wrongly."
    shown = f"The {len(found.shown)} most confident errors:" if found.shown else ""
    yield paragraph(" ".join(filter(None, (said, confusions(run) if run else "", shown))))
    title = title_of(run) if run else f"#{found.run_id}"
    yield Pictures(
        f"errors-{data_slug}",
        text(f"Most confident wrong test images of {title}, on {data}"),
        text(_note(found)),
        tuple(_picture(each) for each in found.shown),
    )


def _note(found: WrongImages) -> str:
    note = (
        "Below each: the name, the true and the predicted class, and the probability (or the grade) that the network "
        "gave. An image that many runs predict wrongly may be labelled wrongly: look at these first. "
        "Runs with a finding that is an error, such as a collapse, are not counted."
    )
    if any(each.map for each in found.shown):
        note += (
            " Beside it, where the network looked: a class-activation map for the predicted class by Grad-CAM "
            "(Selvaraju et al. 2017), of the last layer whose map has at least 4×4 positions."
        )
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
