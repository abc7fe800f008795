"""Comparison of the best run with the others, on the same test images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.analysis.markdown import UNDEFINED
from engine.analysis.report.blocks import Block, Bullets, Cell, Section, section, table, text
from engine.analysis.report.facts import Contrast, Facts
from engine.analysis.report.values import ids_of
from engine.analysis.study import StudyRun

HEADER = (
    "runs", "difference, points", "95 % interval", "only the first correct", "only the second", "test images",
    "groups", "told apart",
)  # fmt: skip
NOTE = (
    "Difference of the accuracies of the best epochs on the same test images, first minus second; where images come in "
    "groups, groups are the independent samples. It is of these weights: a difference between two runs need not "
    "be one between their recipes, which differ from seed to seed. An interval without 0 tells the two apart; the "
    "intervals are not corrected for the number of comparisons."
)


def comparison_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    parts = []
    for number, name in enumerate(data, start=1):
        parts.append(
            section(f"Compared on {name}", f"compared-{number}", *_blocks(facts.contrasts.get(name, ())))
        )
    return section("Comparison", "comparison", *parts)


def _blocks(contrasts: Sequence[Contrast]) -> Iterator[Block]:
    rows = [_row(each) for each in contrasts if each.paired is not None]
    yield table("Paired comparison with the best run", HEADER, rows, left=("told apart",), note=NOTE)
    reasons: dict[str, list[Contrast]] = {}
    for each in contrasts:
        if each.refused:
            reasons.setdefault(each.refused, []).append(each)
    yield Bullets(
        tuple(
            text(f"#{some[0].first} is not compared with {ids_of(each.second for each in some)}: {why}.")
            for why, some in reasons.items()
        )
    )


def _row(contrast: Contrast) -> list[Cell]:
    paired = contrast.paired
    assert paired is not None
    grouped = paired.groups < paired.images
    return [
        f"#{contrast.first} − #{contrast.second}",
        f"{100 * paired.difference:+.2f}",
        interval_in_points(contrast),
        f"{paired.only_first:,}",
        f"{paired.only_second:,}",
        f"{paired.images:,}",
        f"{paired.groups:,}" if grouped else UNDEFINED,
        "yes" if paired.is_told_apart else "no",
    ]


def interval_in_points(contrast: Contrast) -> str:
    paired = contrast.paired
    if paired is None or paired.low is None or paired.high is None:
        return UNDEFINED
    return f"{100 * paired.low:+.1f} to {100 * paired.high:+.1f}"
