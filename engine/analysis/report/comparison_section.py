"""Comparison of the best recipe with the others, on the same test images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.analysis.markdown import UNDEFINED
from engine.analysis.report.blocks import Block, Bullets, Cell, Section, section, table, text
from engine.analysis.report.facts import Contrast, Facts
from engine.analysis.study import StudyRun

HEADER = (
    "compared", "of", "difference, points", "95 % interval", "p", "p after Holm", "test images", "groups",
    "told apart",
)  # fmt: skip
NOTE = (
    "Difference of the mean accuracies at the best epochs on the same test images, first minus second. These recipes: "
    "three or more runs of each, tested over test images and seeds together. These weights: fewer runs, so it speaks "
    "of these networks and not of their recipes. Where images come in groups, groups are the independent samples. Two "
    "are told apart where p, corrected by Holm for the number of comparisons, is below .05."
)


def comparison_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    parts = [
        section(f"Compared on {name}", f"compared-{number}", *_blocks(facts.contrasts.get(name, ())))
        for number, name in enumerate(data, start=1)
    ]
    return section("Comparison", "comparison", *(part for part in parts if part.blocks))


def _blocks(contrasts: Sequence[Contrast]) -> Iterator[Block]:
    rows = [_row(each) for each in contrasts if each.test is not None]
    yield table(
        "The best recipe against each of the others", HEADER, rows, left=("of", "told apart"), note=NOTE
    )
    reasons: dict[tuple[str, str], list[str]] = {}
    for each in contrasts:
        if each.why_not:
            reasons.setdefault((each.first, each.why_not), []).append(each.second)
    yield Bullets(
        tuple(
            text(f"{first} is not compared with {', '.join(others)}: {why}.")
            for (first, why), others in reasons.items()
        )
    )


def _row(contrast: Contrast) -> list[Cell]:
    test = contrast.test
    assert test is not None
    return [
        f"{contrast.first} − {contrast.second}",
        contrast.of_what,
        f"{100 * test.difference:+.2f}",
        interval_in_points(contrast),
        p_in_words(test.p),
        p_in_words(contrast.adjusted_p),
        f"{test.images:,}",
        f"{test.groups:,}" if test.groups < test.images else UNDEFINED,
        "yes" if contrast.is_told_apart else "no",
    ]


def interval_in_points(contrast: Contrast) -> str:
    test = contrast.test
    if test is None or test.low is None or test.high is None:
        return UNDEFINED
    return f"{100 * test.low:+.1f} to {100 * test.high:+.1f}"


def p_in_words(p: float | None) -> str:
    """Format a p-value, as `.034`."""
    if p is None:
        return UNDEFINED
    return "< .001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 1 else "1"
